// A real oRPC server for the tests: the fixture procedures over RPC (/rpc), OpenAPI (/api) and
// websockets (/ws; /cut-ws breaks the connection after each event; others are refused).
// Prints {"port": n} once it listens; what clients did to it can be read with `events`.
import { createServer } from 'node:http'
import { OpenAPIHandler } from '@orpc/openapi/node'
import { eventIterator, os, ORPCError, withEventMeta } from '@orpc/server'
import { BatchHandlerPlugin } from '@orpc/server/plugins'
import { RPCHandler } from '@orpc/server/node'
import { RPCHandler as WebSocketHandler } from '@orpc/server/ws'
import { WebSocketServer } from 'ws'
import * as z from 'zod'

const base = os.$context().errors({
  PAYMENT: { status: 402, message: 'pay', data: z.object({ amt: z.number(), due: z.date().optional() }) },
  FORBIDDEN: {},
  UNKNOWN_HERE: { status: 418 },
})

const seen = []
let flaky = 0

const describe = (value) => {
  if (value === null) return 'null'
  if (Number.isNaN(value)) return 'nan'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'date:invalid' : `date:${value.toISOString()}`
  if (value instanceof URL) return `url:${value.href}`
  if (value instanceof RegExp) return `regexp:${value}`
  if (value instanceof File) return `file:${value.name}:${value.type}:${value.size}`
  if (value instanceof Set) return { set: [...value].map(describe) }
  if (value instanceof Map) return { map: [...value].map(([k, v]) => [describe(k), describe(v)]) }
  if (Array.isArray(value)) return value.map(describe)
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, describe(v)]))
  return `${typeof value}:${String(value)}`
}

const values = () => ({
  text: 'ü\u2028x', integer: 1, float: 1.5, yes: true, nul: null,
  big: 2n ** 64n, negative: -5n, date: new Date('2022-01-01T00:00:00.123Z'), invalid: new Date(NaN), nan: NaN,
  list: [undefined, 1n], url: new URL('https://x.y/z?q=1'), re: /a\/b/gi,
  set: new Set([1, new Date(0), undefined]), map: new Map([['k', 1n], [new Date(0), 'v']]),
  nested: { set: new Set([new Map([[1n, 2n]])]) },
})

async function* produce({ kind, from }, { lastEventId, signal, errors }) {
  try {
    switch (kind) {
      case 'plain':
        yield { n: 1 }
        yield { n: 2 }
        return { total: 3n }
      case 'meta':
        yield withEventMeta({ n: 1 }, { id: 'e1', retry: 10, comments: ['hello'] })
        yield withEventMeta({ n: Number(lastEventId?.slice(1) ?? 1) + 1 }, { id: 'e2' })
        return
      case 'typed-error':
        yield { n: 1 }
        throw errors.PAYMENT({ data: { amt: 7 } })
      case 'plain-error':
        yield { n: 1 }
        throw new Error('secret')
      case 'empty':
        return
      case 'forever':
        for (let n = from ?? 0; ; n++) {
          yield { n }
          await new Promise((resolve, reject) => {
            const timer = setTimeout(resolve, 5)
            signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason) }, { once: true })
          })
        }
      case 'drops':
        // The connection is cut after each event (see the request listener); resuming goes on.
        for (let n = Number(lastEventId ?? 0) + 1; n <= 4; n++) {
          yield withEventMeta({ n }, { id: String(n), retry: 1 })
          await new Promise(resolve => setTimeout(resolve, 50))
        }
        return
    }
  }
  finally {
    seen.push(`closed:${kind}`)
  }
}

const router = {
  echo: base.handler(({ input }) => input),
  describe: base.handler(({ input }) => describe(input)),
  values: base.handler(values),
  nothing: base.handler(() => undefined),
  validate: base.input(z.object({ n: z.number() })).handler(({ input }) => input.n + 1),
  badOutput: base.output(z.string()).handler(() => 5),
  plainError: base.handler(() => { throw new Error('secret') }),
  orpcError: base.input(z.string()).handler(({ input, errors }) => {
    switch (input) {
      case 'defined': throw errors.PAYMENT({ data: { amt: 1, due: new Date(0) } })
      case 'no-data': throw errors.FORBIDDEN({ message: 'not you' })
      case 'baddata': throw new ORPCError('PAYMENT', { status: 402, data: { amt: 'x' } })
      case 'elsewhere': throw errors.UNKNOWN_HERE()
      default: throw new ORPCError('CUSTOM', { data: { d: new Date(0) } })
    }
  }),
  stream: base.input(z.object({ kind: z.string(), from: z.number().optional() }))
    .output(eventIterator(z.any(), z.any()))
    .handler(({ input, ...options }) => produce(input, options)),
  file: base.input(z.instanceof(File)).handler(async ({ input }) =>
    new File([(await input.text()).toUpperCase()], `re-${input.name}`, { type: input.type })),
  nestedFile: base.handler(({ input }) => ({ files: [new File(['abc'], 'n é".txt', { type: 'text/plain' })], got: describe(input), at: new Date(0) })),
  slow: base.handler(async ({ signal }) => {
    seen.push('started:slow')
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 30_000)
      signal?.addEventListener('abort', () => { clearTimeout(timer); seen.push('aborted'); resolve() }, { once: true })
    })
    return 'late'
  }),
  getme: base.route({ method: 'GET' }).handler(({ input, context }) => ({ input: describe(input), method: context.method })),
  nested: { 'a b/c': base.handler(() => 'deep') },
  inspect: base.handler(({ context }) => ({ method: context.method, url: context.url, headers: context.headers })),
  events: base.handler(() => [...seen]),
  collect: base.handler(async ({ input }) => {
    const items = []
    for await (const item of input) {
      if (item === 'enough') return items
      items.push(describe(item))
    }
    return items
  }),
  flaky: base.input(z.object({ failures: z.number() })).handler(({ input }) => {
    flaky += 1
    if (flaky <= input.failures) throw new ORPCError('SERVICE_UNAVAILABLE')
    const calls = flaky
    flaky = 0
    return calls
  }),
  planet: {
    find: base.route({ method: 'GET', path: '/planets/{id}' })
      .input(z.object({ id: z.string(), tags: z.array(z.string()).optional(), deep: z.object({ a: z.string() }).optional(), 'a~b c': z.string().optional() }))
      .handler(({ input }) => ({ ...input, seen: new Date(0), big: 2n ** 64n, set: new Set([1]) })),
    create: base.route({ method: 'POST', path: '/planets', successStatus: 201 })
      .handler(({ input, context }) => ({ input: describe(input), type: context.headers['content-type'] })),
    update: base.route({ method: 'PUT', path: '/planets/{id}' })
      .handler(({ input }) => ({ input: describe(input) })),
    rest: base.route({ method: 'GET', path: '/files/{+path}' }).handler(({ input }) => input),
    detailed: base.route({ method: 'POST', path: '/detailed/{id}', inputStructure: 'detailed', outputStructure: 'detailed' })
      .handler(({ input }) => ({
        status: 202,
        headers: { 'x-answer': 'yes' },
        body: { params: input.params, query: input.query, token: input.headers['x-token'], body: input.body },
      })),
    moved: base.route({ method: 'GET', path: '/moved', outputStructure: 'detailed' })
      .handler(() => ({ status: 307, headers: { location: '/elsewhere' } })),
    file: base.route({ method: 'GET', path: '/file' }).handler(() => new File(['abc'], 'a b.txt', { type: 'text/plain' })),
    empty: base.route({ method: 'DELETE', path: '/planets/{id}', successStatus: 204 }).handler(() => undefined),
  },
}

const rpc = new RPCHandler(router, { plugins: [new BatchHandlerPlugin()] })
const openapi = new OpenAPIHandler(router)

const raw = {
  '/raw/html': [200, { 'content-type': 'text/html' }, '<html></html>'],
  '/raw/bad-gateway': [502, { 'content-type': 'text/html' }, '<html>bad</html>'],
  '/raw/teapot': [418, { 'content-type': 'application/json' }, '{"error":"x"}'],
  '/raw/not-json': [200, { 'content-type': 'application/json' }, '{'],
  '/raw/redirect': [302, { location: 'https://elsewhere.example/' }, ''],
  '/raw/bad-meta': [200, { 'content-type': 'application/json' }, '{"json":{},"meta":[[1,"x"]]}'],
  '/raw/large': [200, { 'content-type': 'application/json' }, `{"json":"${'x'.repeat(100_000)}"}`],
  '/raw/half-event': [200, { 'content-type': 'text/event-stream' }, 'event: message\ndata: {"json":{"n":1}}\n\nevent: mess'],
}

const server = createServer(async (request, response) => {
  const context = { method: request.method, url: request.url, headers: request.headers }
  const fixed = raw[request.url.split('?')[0].replace(/\/[^/]*$/, '')]
  if (fixed) return response.writeHead(fixed[0], fixed[1]).end(fixed[2])
  if (request.url.startsWith('/cut/')) {
    request.url = request.url.replace('/cut/', '/rpc/')
    const write = response.write.bind(response)
    response.write = (chunk, ...rest) => {
      const sent = write(chunk, ...rest)
      if (String(chunk).includes('data:') || Buffer.from(chunk).includes('data:')) setTimeout(() => response.destroy(), 2)
      return sent
    }
  }
  for (const [handler, prefix] of [[rpc, '/rpc'], [openapi, '/api']]) {
    const { matched } = await handler.handle(request, response, { prefix, context })
    if (matched) return
  }
  response.writeHead(404).end()
})

const websockets = new WebSocketHandler(router)
const upgrades = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  if (request.url === '/moved-ws') return socket.end('HTTP/1.1 307 Moved\r\nlocation: /ws\r\nconnection: close\r\n\r\n')
  if (!['/ws', '/cut-ws'].includes(request.url)) return socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n')
  upgrades.handleUpgrade(request, socket, head, (peer) => {
    if (request.url === '/cut-ws') {
      const send = peer.send.bind(peer)
      peer.send = (frame) => {
        send(frame)
        if (String(frame).includes('"e":"message"')) setTimeout(() => socket.destroy(), 2)
      }
    }
    websockets.upgrade(peer, { context: { headers: request.headers } })
  })
})

server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.stdin.resume().on('end', () => process.exit(0))
