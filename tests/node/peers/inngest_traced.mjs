// An app on the official TypeScript SDK with extended traces: its functions make OpenTelemetry spans
// of their own inside a step. It registers with the engine at $ENGINE, says where it listens, and
// serves until its stdin closes.
import http from 'node:http'
import { createRequire } from 'node:module'
import { Inngest } from 'inngest'
import { extendedTracesMiddleware } from 'inngest/experimental'
import { serve } from 'inngest/node'

// The SDK's own copy: versions of the API beside each other do not share their provider.
const { SpanStatusCode, trace } = createRequire(import.meta.resolve('inngest'))('@opentelemetry/api')

const client = new Inngest({
  id: 'traced', baseUrl: process.env.ENGINE, middleware: [extendedTracesMiddleware({ instrumentations: [] })],
})
const tracer = trace.getTracer('shop', '1.2.3')

const pays = client.createFunction({ id: 'pays', triggers: [{ event: 'traced/pays' }] }, ({ step }) =>
  step.run('pay', () => tracer.startActiveSpan('charge card', { attributes: { amount: 12, tags: ['a', 'b'] } }, (span) => {
    tracer.startActiveSpan('ask bank', (inner) => {
      inner.setStatus({ code: SpanStatusCode.ERROR, message: 'slow' })
      inner.end()
    })
    span.end()
    return 'paid'
  })))

const server = http.createServer(serve({ client, functions: [pays] }))

server.listen(0, '127.0.0.1', async () => {
  const origin = `http://127.0.0.1:${server.address().port}`
  const registered = await fetch(`${origin}/api/inngest`, { method: 'PUT' })
  if (!registered.ok) throw new Error(`cannot register: ${registered.status} ${await registered.text()}`)
  console.log(`ready ${origin}`)
})

process.stdin.on('end', () => process.exit(0)).resume()
