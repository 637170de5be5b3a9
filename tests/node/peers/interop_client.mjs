// Real oRPC clients on every transport of the server whose base URL comes on stdin. Writes
// {"transport: row": null, or what went wrong} to stdout; tests/wire/test_interop.py says which
// cells there must be.
import assert from 'node:assert/strict'
import { createORPCClient, getEventMeta, ORPCError, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { BatchLinkPlugin } from '@orpc/client/plugins'
import { RPCLink as WebSocketRPCLink } from '@orpc/client/websocket'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { oc } from '@orpc/contract'
import { WebSocket } from 'ws'
import { files, router, values } from './interop_cases.mjs'

const { baseUrl } = JSON.parse(await new Response(process.stdin).text())
const day = new Date('2022-01-01T00:00:00.000Z')

const batch = (mode) => [new BatchLinkPlugin({ mode, groups: [{ condition: () => true, context: {} }] })]
const websocket = new WebSocket(`${baseUrl.replace('http', 'ws')}/ws`)
websocket.on('error', () => {}) // its cells say so, one by one
const contract = { ...router, missing: oc.route({ method: 'POST', path: '/missing' }) }
const url = `${baseUrl}/rpc`
const transports = {
  'rpc post': new RPCLink({ url }),
  'rpc get': new RPCLink({ url, method: 'GET' }),
  openapi: new OpenAPILink(contract, { url: `${baseUrl}/api` }),
  websocket: new WebSocketRPCLink({ websocket }),
  'batch streaming': new RPCLink({ url, plugins: batch('streaming') }),
  'batch buffered': new RPCLink({ url, plugins: batch('buffered') }),
  'batch get': new RPCLink({ url, method: 'GET', plugins: batch('streaming') }),
}

// --- What values become ------------------------------------------------------------------------
const isPlain = (value) => {
  const prototype = value !== null && typeof value === 'object' ? Object.getPrototypeOf(value) : undefined
  return prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null)
}
const mapPlain = (value, change) =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => [k, change(v)]))

// A Python int is a bigint only beyond 2^53; Infinity and -0 are lost in JavaScript itself.
const arrives = (value) => {
  if (value instanceof RegExp) return String(value) // compiled lazily by the client, so no equal to deepEqual
  if (typeof value === 'bigint') return value >= -(2n ** 53n) + 1n && value < 2n ** 53n ? Number(value) : value
  if (value === Number.POSITIVE_INFINITY) return null
  if (Object.is(value, -0)) return 0
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'invalid' // equal to none, on some versions
  if (Array.isArray(value)) return value.map(arrives)
  if (value instanceof Set) return new Set([...value].map(arrives))
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [arrives(k), arrives(v)]))
  return isPlain(value) ? mapPlain(value, arrives) : value
}
// JavaScript's small bigints are text in JSON, Python's integers are not.
const digits = (value) => JSON.parse(JSON.stringify(value ?? null), (_key, v) => (/^\d+$/.test(v) ? Number(v) : v))
const asJson = (value) => {
  if (typeof value === 'bigint' || value instanceof RegExp) return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return value.href
  if (Number.isNaN(value) || value === Number.POSITIVE_INFINITY) return null
  if (Object.is(value, -0)) return 0
  if (value instanceof Set || value instanceof Map || Array.isArray(value)) return [...value].map((v) => (v === undefined ? null : asJson(v)))
  return isPlain(value) ? mapPlain(value, asJson) : value
}
const described = async (value, isJson) => {
  if (value instanceof Blob) return { name: value.name ?? 'blob', type: value.type, text: await value.text() }
  if (Array.isArray(value)) return Promise.all(value.map((v) => described(v, isJson)))
  if (isPlain(value)) {
    return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([k, v]) => [k, await described(v, isJson)])))
  }
  if (value instanceof Date) return isJson ? value.toISOString() : value
  return typeof value === 'bigint' || typeof value === 'number' || /^\d+$/.test(value) ? Number(value) : value
}
// What a form does to files without a type.
const inForm = (value) =>
  Array.isArray(value) ? value.map(inForm)
  : value?.text !== undefined ? { ...value, type: value.type || 'application/octet-stream' }
  : isPlain(value) ? mapPlain(value, inForm)
  : value

// --- Rows --------------------------------------------------------------------------------------
const errors = {
  defined: { defined: true, code: 'PAYMENT', status: 402, message: 'pay', data: { amt: 1 } },
  undeclaredData: { defined: false, code: 'PAYMENT', status: 402, message: 'PAYMENT', data: { amt: 'x' } },
  common: { defined: false, code: 'CONFLICT', status: 409, message: 'Conflict', data: undefined },
  custom: { defined: false, code: 'CUSTOM', status: 500, message: 'CUSTOM', data: { d: day } },
  ownStatus: { defined: false, code: 'TEAPOT', status: 418, message: 'short and stout', data: undefined },
  unexpected: { defined: false, code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Internal server error', data: undefined },
  badOutput: { defined: false, code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Output validation failed', data: undefined },
}
const streams = {
  items: { items: [{ n: 1 }, { at: day }, undefined], result: undefined },
  result: { items: [{ n: 1 }], result: { total: 3 } },
  meta: { items: [{ n: 1 }], result: undefined },
  resume: { items: [{ n: 42 }], result: undefined },
  declaredError: { items: [{ n: 1 }], error: 'PAYMENT' },
  unexpectedError: { items: [{ n: 1 }], error: 'INTERNAL_SERVER_ERROR' },
  empty: { items: [], result: undefined },
  tally: { items: [{ n: 1 }], result: { total: 3 } },
  tallyWrong: { items: [{ n: 1 }], error: 'EVENT_ITERATOR_VALIDATION_FAILED' },
  tallyNothing: { items: [{ n: 1 }], error: 'EVENT_ITERATOR_VALIDATION_FAILED' },
}

const failure = async (call) => {
  const [error] = await safe(call)
  assert.ok(error instanceof ORPCError, `not an ORPCError: ${error}`)
  return { ...error.toJSON() }
}
const collect = async (iterator) => {
  const items = []
  try {
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) return { items, result: value }
      items.push(value)
    }
  } catch (error) {
    return { items, error: error.code }
  }
}

const cells = {}
for (const [transport, link] of Object.entries(transports)) {
  const client = createORPCClient(link)
  const isJson = transport === 'openapi'
  const isBatch = transport.startsWith('batch')
  const isGet = transport.endsWith('get')
  const echo = isGet ? client.read : client.echo
  const through = isJson ? asJson : arrives
  // A batch of one would go alone.
  const cell = (row, run) => {
    cells[`${transport}: ${row}`] = () => (isBatch ? Promise.all([run(), client.read('company')]) : run())
  }

  for (const [name, value] of Object.entries(values)) {
    cell(`value ${name}`, async () => assert.deepEqual(arrives(await echo(value)), through(value)))
    cell(`stored value ${name}`, async () => {
      const stored = arrives(await client.stored({ name }))
      return isJson ? assert.deepEqual(digits(stored), digits(asJson(value))) : assert.deepEqual(stored, arrives(value))
    })
  }
  for (const [name, make] of Object.entries(files)) {
    const form = isJson && name !== 'nested' ? (value) => value : inForm
    cell(`file ${name}`, async () => assert.deepEqual(await described(await echo(make()), isJson), form(await described(make(), isJson))))
    if (isBatch) continue
    cell(`stored file ${name}`, async () =>
      assert.deepEqual(form(await described(await client.file({ name }), isJson)), form(await described(make(), isJson))))
  }
  for (const [kind, error] of Object.entries(errors)) {
    cell(`error ${kind}`, async () => assert.deepEqual(await failure(client.fail({ kind })), { ...error, data: through(error.data) }))
  }
  cell('error invalidInput', async () => {
    const error = await failure(client.validate({ n: 'x' }))
    assert.equal(error.code, 'BAD_REQUEST')
    assert.deepEqual(error.data.issues.map((issue) => issue.path), [['n']])
  })
  cell('error notFound', async () => assert.equal((await failure(client.missing())).code, 'NOT_FOUND'))
  if (isGet) cell('error strictGet', async () => assert.equal((await failure(client.echo(1))).code, 'METHOD_NOT_SUPPORTED'))
  if (isBatch) continue
  for (const [kind, { items, ...end }] of Object.entries(streams)) {
    cell(`stream ${kind}`, async () => {
      const procedure = kind.startsWith('tally') ? client.tally : client.stream
      const iterator = await procedure({ kind }, { lastEventId: '41' })
      const seen = await collect(iterator)
      assert.deepEqual(seen, { items: items.map((item) => through(item)), ...end })
      if (kind === 'meta') {
        const { id, retry, comments } = getEventMeta(seen.items[0])
        assert.deepEqual({ id, retry, comments }, { id: 'e1', retry: 1500, comments: ['hello'] })
      }
    })
  }
}

const outcome = {}
for (const [name, run] of Object.entries(cells)) {
  let timer
  const limit = new Promise((_resolve, reject) => { timer = setTimeout(() => reject(new Error('timed out')), 2000) })
  outcome[name] = await Promise.race([run(), limit]).then(() => null, (error) => String(error?.message ?? error))
  clearTimeout(timer)
}
process.stdout.write(JSON.stringify(outcome), () => process.exit(0))
