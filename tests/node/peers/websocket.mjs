// The real RPCLink of @orpc/client/websocket (over `ws`) against the server whose URL comes on
// stdin. Writes {case: null, or what went wrong} to stdout.
import assert from 'node:assert/strict'
import { createORPCClient, getEventMeta, ORPCError, safe, withEventMeta } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { WebSocket } from 'ws'
import { files, values } from '../peers.mjs'
import { run } from './run.mjs'

const { url, limitedUrl } = JSON.parse(await new Response(process.stdin).text())
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const open = async (address, options) => {
  const websocket = new WebSocket(address, options)
  await new Promise((resolve, reject) => { websocket.once('open', resolve); websocket.once('error', reject) })
  return websocket
}
const websocket = await open(url, { headers: { 'x-all': 'handshake' } })
const frames = []
websocket.on('message', (data, isBinary) => frames.push(isBinary ? data : JSON.parse(data)))
const rpc = createORPCClient(new RPCLink({ websocket, headers: (_options, path) => ({ 'x-own': path.join('.') }) }))
const byGet = createORPCClient(new RPCLink({ websocket, method: 'GET' }))
const cases = {}

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
    return { items, error: error.toJSON() }
  }
}
const text = async (value) => ({ name: value.name, type: value.type, text: await value.text() })

for (const name of ['text', 'date', 'set', 'url', 'undefined', 'nul', 'undefinedInArray', 'maxSafeInteger', 'bigint']) {
  if (name in values && name !== 'undefinedInArray') {
    cases[`value ${name}`] = async () => assert.deepEqual(await rpc.echo(values[name]), values[name])
  }
}
cases['nothing'] = async () => assert.equal(await rpc.nothing(), undefined)
cases['calls by GET'] = async () => assert.deepEqual(await byGet.read({ d: new Date(0), s: 'a&b ü' }), { d: new Date(0), s: 'a&b ü' })
cases['GET is not strict here'] = async () => assert.equal(await byGet.echo(1), 1)
cases['headers lie over those of the handshake'] = async () =>
  assert.deepEqual(await rpc.nested.headers(), { all: 'handshake', own: 'nested.headers' })
cases['many calls at once'] = async () =>
  assert.deepEqual(await Promise.all(Array.from({ length: 50 }, (_, n) => rpc.echo(n))), Array.from({ length: 50 }, (_, n) => n))
cases['errors'] = async () => {
  const [conflict, missing, defined, custom, invalid, plain] = await Promise.all([
    failure(rpc.conflict()), failure(rpc.missing()), failure(rpc.defined()), failure(rpc.custom()), failure(rpc.validate({ n: 'x' })), failure(rpc.plainError()),
  ])
  assert.deepEqual([conflict.code, conflict.status], ['CONFLICT', 409])
  assert.deepEqual([missing.code, missing.status], ['NOT_FOUND', 404])
  assert.deepEqual([defined.code, defined.defined, defined.data], ['PAYMENT', true, { amt: 1 }])
  assert.deepEqual(custom.data, { d: new Date(0) })
  assert.deepEqual([invalid.code, invalid.data.issues[0].path], ['BAD_REQUEST', ['n']])
  assert.equal(plain.message, 'Internal server error')
}
cases['files both ways'] = async () => {
  assert.deepEqual(await text(await rpc.echo(files.root())), await text(files.root()))
  const nested = await rpc.echo({ at: new Date(0), list: [new File(['abc'], 'n é".png', { type: 'image/png' })] })
  assert.deepEqual([nested.at, await text(nested.list[0])], [new Date(0), { name: 'n é".png', type: 'image/png', text: 'abc' }])
}
cases['stream'] = async () =>
  assert.deepEqual(await collect(await rpc.stream('items')), { items: [{ n: 1 }, new Date('2022-01-01'), undefined], result: undefined })
cases['empty stream'] = async () => assert.deepEqual(await collect(await rpc.stream('none')), { items: [], result: undefined })
cases['stream error'] = async () => {
  const { items, error } = await collect(await rpc.stream('error'))
  assert.deepEqual([items, error.code, error.status, error.data], [[1], 'TEAPOT', 418, 1])
}
cases['event metadata'] = async () => {
  for await (const event of await rpc.stream('meta')) {
    const { id, retry, comments } = getEventMeta(event)
    assert.deepEqual({ id, retry, comments }, { id: 'e2', retry: 1500, comments: ['hello'] })
  }
}
cases['stream resumes'] = async () =>
  assert.deepEqual((await collect(await rpc.resume({ n: 1 }, { lastEventId: '41' }))).items, [{ n: 42 }])
cases['a long stream arrives whole and in order'] = async () => {
  const { items } = await collect(await rpc.many())
  assert.deepEqual([items.length, items[1999]], [2000, { n: 1999 }])
}
cases['a stream left early is closed on the server'] = async () => {
  const before = await rpc.left()
  for await (const item of await rpc.endless()) {
    assert.deepEqual(item, { n: 1 })
    break
  }
  while (await rpc.left() === before) await sleep(5)
}
cases['an aborted call is cancelled on the server'] = async () => {
  const before = await rpc.left()
  const controller = new AbortController()
  const call = safe(rpc.slow(undefined, { signal: controller.signal }))
  setTimeout(() => controller.abort(), 20)
  const [error] = await call
  assert.equal(error.name, 'AbortError')
  while (await rpc.left() === before) await sleep(5)
}
cases['upload: items right behind their request'] = async () => {
  const producer = async function* () {
    yield new Date(0)
    yield { a: new Set([1]) }
    return 2n ** 64n
  }
  assert.deepEqual(await rpc.collect(producer()), { items: [new Date(0), { a: new Set([1]) }], result: 2n ** 64n })
}
cases['upload: many items'] = async () => {
  const producer = async function* () { for (let n = 0; n < 3000; n++) yield n }
  const { items } = await rpc.collect(producer())
  assert.deepEqual([items.length, items[2999]], [3000, 2999])
}
cases['upload: failures of the producer'] = async () => {
  const producer = async function* () {
    yield 1
    throw new ORPCError('CONFLICT', { data: 7 })
  }
  const error = await failure(rpc.collect(producer()))
  assert.deepEqual([error.code, error.data], ['CONFLICT', 7])
}
cases['upload: streams both ways'] = async () => {
  const producer = async function* () {
    for (let n = 1; n <= 3; n++) {
      yield n
      await sleep(2)
    }
  }
  assert.deepEqual(await collect(await rpc.doubled(producer())), { items: [2, 4, 6], result: undefined })
}
cases['upload: a handler that has enough stops the producer'] = async () => {
  let returned = false
  const producer = async function* () {
    try {
      for (let n = 7; ; n++) {
        yield n
        await sleep(1)
      }
    } finally {
      returned = true
    }
  }
  frames.length = 0
  assert.equal(await rpc.firstOf(producer()), 7)
  while (!returned) await sleep(2)
  assert.deepEqual(frames.map((frame) => frame.t ?? 2), [4, 2])
}
cases['what is no frame is ignored'] = async () => {
  for (const junk of ['{', '[]', 'null', '{"i":"zz"}', '{"i":"zz","p":{"u":1}}', Buffer.from([255]), '{"i":"gone","t":4}', '{"i":"gone","t":3,"p":{"e":"message"}}']) {
    websocket.send(junk)
  }
  assert.equal(await rpc.echo('still here'), 'still here')
}
cases['ids come back as they are, and live ones once'] = async () => {
  frames.length = 0
  websocket.send('{"i":7,"p":{"u":"/echo","b":{"json":1}}}')
  websocket.send('{"i":"x y","p":{"u":"/slow","b":{}}}')
  websocket.send('{"i":"x y","p":{"u":"/echo","b":{"json":2}}}')
  websocket.send('{"i":"x y","t":4}')
  websocket.send('{"i":"x y","p":{"u":"http://orpc/echo","b":{"json":3}}}')
  while (frames.length < 2) await sleep(2)
  assert.deepEqual(frames, [{ i: 7, p: { b: { json: 1 } } }, { i: 'x y', p: { b: { json: 3 } } }])
}
cases['the socket going cancels its calls'] = async () => {
  const before = await rpc.left()
  const other = await open(url)
  const otherRpc = createORPCClient(new RPCLink({ websocket: other }))
  void safe(otherRpc.slow())
  const stream = await otherRpc.endless()
  await stream.next()
  other.terminate()
  while (await rpc.left() < before + 2) await sleep(5)
}
cases['too many calls are refused one by one'] = async () => {
  const limited = await open(limitedUrl)
  const client = createORPCClient(new RPCLink({ websocket: limited }))
  const controller = new AbortController()
  const slow = safe(client.slow(undefined, { signal: controller.signal }))
  const error = await failure(client.echo(1))
  assert.deepEqual([error.code, error.status], ['TOO_MANY_REQUESTS', 429])
  controller.abort()
  await slow
  assert.equal(await client.echo(1), 1)
  limited.close()
}
cases['a frame that is too long closes the socket'] = async () => {
  const limited = await open(limitedUrl)
  const closed = new Promise((resolve) => limited.once('close', (code, reason) => resolve([code, String(reason)])))
  limited.send(`{"i":"1","p":{"u":"/echo","b":{"json":"${'ü'.repeat(600)}"}}}`)
  assert.deepEqual(await closed, [1009, 'A frame exceeds 1000 bytes'])
}
cases['pages of other origins are refused'] = async () => {
  await assert.rejects(open(url, { origin: 'https://evil.example' }), /403/)
  ;(await open(url, { origin: url.replace('ws:', 'http:').replace(/\/ws$/, '') })).close()
}
await run(cases)
