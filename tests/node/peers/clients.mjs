// Real oRPC clients against the server whose base URL comes on stdin: RPCLink on /rpc, OpenAPILink
// on /api. Writes {case: null, or what went wrong} to stdout.
import assert from 'node:assert/strict'
import { createORPCClient, getEventMeta, isDefinedError, ORPCError, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { inferRPCMethodFromContractRouter, oc, eventIterator } from '@orpc/contract'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { z } from 'zod'
import { files, values } from '../peers.mjs'

const { baseUrl } = JSON.parse(await new Response(process.stdin).text())
const cases = {}

// --- RPC ---------------------------------------------------------------------------------------
const rpc = createORPCClient(new RPCLink({ url: `${baseUrl}/rpc` }))
const rpcByGet = createORPCClient(new RPCLink({ url: `${baseUrl}/rpc`, method: 'GET' }))

// A Python int is a bigint only beyond 2^53, and Infinity and -0 are lost in JavaScript itself.
const arrives = (value) => {
  if (value instanceof RegExp) return String(value) // compiled lazily by the client, so no equal to deepEqual
  if (typeof value === 'bigint') return value >= -(2n ** 53n) + 1n && value < 2n ** 53n ? Number(value) : value
  if (value === Number.POSITIVE_INFINITY) return null
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(arrives)
  if (value instanceof Set) return new Set([...value].map(arrives))
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [arrives(k), arrives(v)]))
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => [k, arrives(v)]))
  }
  return value
}

for (const [name, value] of Object.entries(values)) {
  cases[`rpc value ${name}`] = async () => assert.deepEqual(arrives(await rpc.echo(value)), arrives(value))
  cases[`rpc get ${name}`] = async () => assert.deepEqual(arrives(await rpcByGet.read(value)), arrives(value))
}

// Also what the clients make without a prototype of its own.
const isPlain = (value) => {
  const prototype = value !== null && typeof value === 'object' ? Object.getPrototypeOf(value) : undefined
  return prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null)
}
const describe = async (value) => {
  if (value instanceof Blob) return { name: value.name, type: value.type, text: await value.text() }
  if (Array.isArray(value)) return Promise.all(value.map(describe))
  if (isPlain(value)) {
    return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([k, v]) => [k, await describe(v)])))
  }
  return typeof value === 'bigint' ? Number(value) : value
}
// What a form does to a file: a Blob gets a name, and an untyped one a type.
const inForm = async (value) =>
  JSON.parse(JSON.stringify(await describe(value)), (_key, item) =>
    item?.text === undefined ? item : { name: item.name ?? 'blob', type: item.type || 'application/octet-stream', text: item.text })

for (const [name, make] of Object.entries(files)) {
  cases[`rpc file ${name}`] = async () =>
    assert.deepEqual(JSON.parse(JSON.stringify(await describe(await rpc.echo(make())))), await inForm(make()))
}

const failure = async (call) => {
  const [error] = await safe(call)
  assert.ok(error instanceof ORPCError, `not an ORPCError: ${error}`)
  return { ...error.toJSON() }
}

cases['rpc path with odd characters'] = async () => assert.equal(await rpc.nested['a b/c'](1), 1)
cases['rpc nothing'] = async () => assert.equal(await rpc.nothing(), undefined)
cases['rpc defined error'] = async () => {
  const [error, , isDefined] = await safe(rpc.defined())
  assert.ok(isDefined && isDefinedError(error))
  assert.deepEqual({ ...error.toJSON() }, { defined: true, code: 'PAYMENT', status: 402, message: 'pay', data: { amt: 1 } })
}
cases['rpc error with undeclared data'] = async () =>
  assert.deepEqual(await failure(rpc.undeclaredData()), { defined: false, code: 'PAYMENT', status: 402, message: 'PAYMENT', data: { amt: 'x' } })
cases['rpc common error'] = async () =>
  assert.deepEqual(await failure(rpc.conflict()), { defined: false, code: 'CONFLICT', status: 409, message: 'Conflict', data: undefined })
cases['rpc error with native data'] = async () => assert.deepEqual((await failure(rpc.custom())).data, { d: new Date(0) })
cases['rpc error with its own status'] = async () => assert.equal((await failure(rpc.teapot())).status, 418)
cases['rpc unexpected error'] = async () =>
  assert.deepEqual(await failure(rpc.plainError()), { defined: false, code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Internal server error', data: undefined })
cases['rpc invalid output'] = async () => assert.equal((await failure(rpc.badOutput())).message, 'Output validation failed')
cases['rpc invalid input'] = async () => {
  const error = await failure(rpc.validate({ n: 'x' }))
  assert.equal(error.code, 'BAD_REQUEST')
  assert.deepEqual(error.data.issues.map((issue) => issue.path), [['n']])
}
cases['rpc not matched'] = async () => assert.equal((await failure(rpc.missing())).code, 'NOT_FOUND')
cases['rpc strict get'] = async () => assert.equal((await failure(rpcByGet.echo(1))).code, 'METHOD_NOT_SUPPORTED')
cases['rpc method from the contract'] = async () => {
  const contract = { read: oc.route({ method: 'GET' }), echo: oc }
  const client = createORPCClient(new RPCLink({ url: `${baseUrl}/rpc`, method: inferRPCMethodFromContractRouter(contract) }))
  assert.deepEqual([await client.read({ a: 1n }), await client.echo({ a: 2 })], [{ a: 1 }, { a: 2 }])
}
cases['rpc get falls back to post when the url is long'] = async () => {
  const text = 'x'.repeat(3000)
  assert.equal(await rpcByGet.read(text), text)
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
    return { items, error: error.toJSON() }
  }
}

cases['rpc stream'] = async () =>
  assert.deepEqual(await collect(await rpc.stream('items')), { items: [{ n: 1 }, new Date('2022-01-01'), undefined], result: undefined })
cases['rpc empty stream'] = async () => assert.deepEqual(await collect(await rpc.stream('none')), { items: [], result: undefined })
cases['rpc stream error'] = async () => {
  const { items, error } = await collect(await rpc.stream('error'))
  assert.deepEqual([items, error.code, error.status, error.data], [[1], 'TEAPOT', 418, 1])
}
cases['rpc stream of unexpected failure'] = async () =>
  assert.equal((await collect(await rpc.stream('plainError'))).error.message, 'Internal server error')
cases['rpc stream of invalid items'] = async () =>
  assert.equal((await collect(await rpc.typedStream())).error.code, 'EVENT_ITERATOR_VALIDATION_FAILED')
cases['rpc event metadata'] = async () => {
  for await (const event of await rpc.stream('meta')) {
    const { id, retry, comments } = getEventMeta(event)
    assert.deepEqual({ id, retry, comments }, { id: 'e2', retry: 1500, comments: ['hello'] })
  }
}
cases['rpc stream resumes'] = async () =>
  assert.deepEqual((await collect(await rpc.resume({ n: 1 }, { lastEventId: '41' }))).items, [{ n: 42 }])
cases['rpc stream left early is closed on the server'] = async () => {
  const before = await rpc.left()
  for await (const item of await rpc.endless()) {
    assert.deepEqual(item, { n: 1 })
    break
  }
  while (await rpc.left() === before) await new Promise((resolve) => setTimeout(resolve, 5))
}
cases['rpc aborted call is cancelled on the server'] = async () => {
  const before = await rpc.left()
  const controller = new AbortController()
  const call = safe(rpc.slow(undefined, { signal: controller.signal }))
  setTimeout(() => controller.abort(), 50)
  const [error] = await call
  assert.equal(error.name, 'AbortError')
  while (await rpc.left() === before) await new Promise((resolve) => setTimeout(resolve, 5))
}

// --- OpenAPI -----------------------------------------------------------------------------------
const any = z.any()
const contract = {
  find: oc.route({ method: 'GET', path: '/planets/{id}' }).input(any).output(any),
  search: oc.route({ method: 'GET', path: '/planets' }).input(any).output(any),
  create: oc.route({ method: 'POST', path: '/planets' }).input(any).output(any),
  value: oc.route({ method: 'POST', path: '/value' }).input(any).output(any),
  file: oc.route({ method: 'POST', path: '/file' }).input(any).output(any),
  nothing: oc.route({ method: 'POST', path: '/nothing' }),
  gone: oc.route({ method: 'POST', path: '/gone' }).errors({ GONE: { status: 410, data: z.object({ a: z.number() }) } }),
  stream: oc.route({ method: 'POST', path: '/stream' }).input(any).output(eventIterator(any)),
  reflect: oc.route({ method: 'POST', path: '/reflect' }).input(any).output(any),
  rest: oc.route({ method: 'GET', path: '/rest/{+path}' }).input(any).output(any),
  detailed: oc
    .route({ method: 'PUT', path: '/detailed/{id}', inputStructure: 'detailed', outputStructure: 'detailed' })
    .input(any)
    .output(any),
  missing: oc.route({ method: 'POST', path: '/missing' }),
}
const openapi = createORPCClient(new OpenAPILink(contract, { url: `${baseUrl}/api` }))

cases['openapi path and query'] = async () =>
  assert.deepEqual(await openapi.find({ id: 'a b/ü', tags: ['x', 'y'] }), { id: 'a b/ü', tags: ['x', 'y'] })
cases['openapi query in brackets'] = async () =>
  assert.deepEqual(await openapi.search({ a: [1, { b: true }], g: '', d: new Date(0) }), { a: ['1', { b: 'true' }], g: '', d: '1970-01-01T00:00:00.000Z' })
cases['openapi body'] = async () =>
  assert.deepEqual(await openapi.create({ at: new Date(0), big: 1n, set: new Set([1]) }), { at: '1970-01-01T00:00:00.000Z', big: '1', set: [1] })
cases['openapi nothing'] = async () => assert.equal(await openapi.nothing(), undefined)
cases['openapi rest of the path'] = async () => assert.deepEqual(await openapi.rest({ path: 'a/b c' }), { path: 'a/b c' })
cases['openapi detailed'] = async () =>
  assert.deepEqual(
    (({ status, headers, body }) => ({ status, seen: headers['x-seen'], body }))(
      await openapi.detailed({ params: { id: 'i' }, query: { q: ['1'] }, headers: { 'x-own': 'h' }, body: { b: 1 } }),
    ),
    { status: 202, seen: 'h', body: { params: { id: 'i' }, query: { q: ['1'] }, body: { b: 1 } } },
  )
const jsonified = {
  text: values.text, bigint: String(values.bigint), date: values.date.toISOString(), url: values.url.href, nan: null,
  set: [1], regexp: String(values.regexp), undefined: undefined, null: null, emptyMap: [],
}
for (const [name, value] of Object.entries(jsonified)) {
  cases[`openapi value ${name}`] = async () => assert.deepEqual(await openapi.value({ name }), value)
}
for (const name of ['root', 'blob', 'empty']) {
  cases[`openapi file ${name}`] = async () => {
    const expected = await describe(files[name]())
    assert.deepEqual(await describe(await openapi.file({ name })), { ...expected, name: expected.name ?? 'blob' })
  }
}
cases['openapi nested files'] = async () => {
  const answer = await describe(await openapi.reflect({ list: [files.root()], more: { x: 'y' } }))
  assert.deepEqual(JSON.parse(JSON.stringify(answer)), { list: [{ name: 'hé"llo.txt', type: 'text/plain', text: 'hello' }], more: { x: 'y' } })
}
cases['openapi root file up'] = async () => {
  const answer = await describe(await openapi.reflect(files.root()))
  assert.deepEqual(JSON.parse(JSON.stringify(answer)), { name: 'hé"llo.txt', type: 'text/plain', text: 'hello' })
}
cases['openapi defined error'] = async () => {
  const [error, , isDefined] = await safe(openapi.gone())
  assert.ok(isDefined)
  assert.deepEqual({ ...error.toJSON() }, { defined: true, code: 'GONE', status: 410, message: 'gone', data: { a: 1 } })
}
cases['openapi not matched'] = async () => assert.equal((await failure(openapi.missing())).code, 'NOT_FOUND')
cases['openapi stream'] = async () =>
  assert.deepEqual(await collect(await openapi.stream({})), { items: [{ d: '2022-01-01T00:00:00.000Z' }, undefined], result: undefined })
cases['openapi stream error'] = async () => {
  const { items, error } = await collect(await openapi.stream({ fails: true }))
  assert.deepEqual([items.length, error.code, error.status, error.data], [2, 'TEAPOT', 418, { at: '2022-01-01T00:00:00.000Z' }])
}

const outcome = {}
for (const [name, run] of Object.entries(cases)) {
  const limit = new Promise((_resolve, reject) => setTimeout(() => reject(new Error('timed out')), 5000).unref())
  outcome[name] = await Promise.race([run(), limit]).then(() => null, (error) => String(error?.message ?? error))
}
process.stdout.write(JSON.stringify(outcome))
process.exit(0)
