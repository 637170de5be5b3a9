// The real handler with one of its own plugins: [{plugin, options, request}] on stdin, the
// responses {status, headers, body} on stdout (a body in base64).
import { Buffer } from 'node:buffer'
import { os } from '@orpc/server'
import { CompressionPlugin, RPCHandler } from '@orpc/server/fetch'
import { BatchHandlerPlugin, CORSPlugin, SimpleCsrfProtectionHandlerPlugin } from '@orpc/server/plugins'

const router = {
  echo: os.handler(({ input }) => input),
  read: os.route({ method: 'GET' }).handler(({ input }) => input),
  text: os.handler(({ input }) => 'a'.repeat(input)),
  stream: os.handler(async function* () { yield 'a'.repeat(5000) }),
}
const plugins = {
  none: () => [],
  cors: (options) => [new CORSPlugin(options)],
  csrf: (options) => [new SimpleCsrfProtectionHandlerPlugin(options), new BatchHandlerPlugin()],
  compression: (options) => [new CompressionPlugin(options)],
}

const cases = JSON.parse(await new Response(process.stdin).text())
const answers = await Promise.all(cases.map(async ({ plugin, options, request }) => {
  const handler = new RPCHandler(router, { plugins: plugins[plugin](options) })
  const { method, target, headers, body } = request
  const asked = new Request(`http://hq.example${target}`, { method, headers, body })
  const { matched, response } = await handler.handle(asked, { prefix: '/rpc' })
  if (!matched) return { status: 404 }
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  }
}))
process.stdout.write(JSON.stringify(answers))
