// What the real handlers answer to raw requests: [{protocol, method, target, headers, body}] on
// stdin (a body in base64), [{status, type, body}] or [null] where nothing matched on stdout. The
// router's twin is in tests/wire/test_handlers_oracle.py.
import { Buffer } from 'node:buffer'
import { OpenAPIHandler } from '@orpc/openapi/fetch'
import { os } from '@orpc/server'
import { RPCHandler } from '@orpc/server/fetch'

const isPlain = (value) => {
  const prototype = value !== null && typeof value === 'object' ? Object.getPrototypeOf(value) : undefined
  return prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null)
}
const described = async (value) => {
  if (value instanceof Blob) return { file: value.name ?? 'blob', type: value.type, text: await value.text() }
  if (Array.isArray(value)) return Promise.all(Array.from(value, described))
  if (isPlain(value)) {
    return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([k, v]) => [k, await described(v)])))
  }
  return value
}
const echo = async ({ input }) => ({ given: await described(input) })
const route = (method, path, more = {}) => os.route({ method, path, ...more }).handler(echo)
const router = {
  echo: route('POST', '/echo'),
  read: route('GET', '/read'),
  item: route('GET', '/items/{id}'),
  fixed: route('GET', '/items/fixed'),
  replace: route('PUT', '/items/{id}'),
  tag: route('PATCH', '/items/{id}/tags/{tag}'),
  forget: os.route({ method: 'DELETE', path: '/items/{id}' }).handler(() => undefined),
  create: route('POST', '/items', { successStatus: 201 }),
  rest: route('GET', '/files/{+path}'),
  parts: os.route({ method: 'POST', path: '/parts/{id}', inputStructure: 'detailed' })
    .handler(async ({ input }) => ({ params: input.params, query: input.query, body: await described(input.body) })),
  asked: os.route({ method: 'GET', path: '/asked', inputStructure: 'detailed', outputStructure: 'detailed' })
    .handler(({ input }) => ({ status: 202, headers: { 'x-a': ['1', '2'] }, body: input?.query })),
  nested: { deep: os.handler(echo), 'a b/c': os.handler(echo) },
}
const handlers = { rpc: new RPCHandler(router), openapi: new OpenAPIHandler(router) }

const cases = JSON.parse(await new Response(process.stdin).text())
const answers = []
for (const { protocol, method, target, headers, body } of cases) {
  const request = new Request(`http://hq${target}`, { method, headers, body: body === null ? undefined : Buffer.from(body, 'base64') })
  const { matched, response } = await handlers[protocol].handle(request, { prefix: '/api', context: {} })
  answers.push(matched ? { status: response.status, type: response.headers.get('content-type'), body: await response.text() } : null)
}
process.stdout.write(JSON.stringify(answers))
