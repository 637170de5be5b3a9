// The plugins and helpers of real clients against the server whose base URL comes on stdin. Writes
// {case: null, or what went wrong} to stdout; its server is in tests/wire/test_server_links.py.
import assert from 'node:assert/strict'
import { consumeEventIterator, createORPCClient, createSafeClient, DynamicLink, isDefinedError, ORPCError, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { BatchLinkPlugin, ClientRetryPlugin, DedupeRequestsPlugin, RetryAfterPlugin, SimpleCsrfProtectionLinkPlugin } from '@orpc/client/plugins'
import { eventIterator, oc } from '@orpc/contract'
import { RequestValidationPlugin, ResponseValidationPlugin } from '@orpc/contract/plugins'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { z } from 'zod'

const { baseUrl } = JSON.parse(await new Response(process.stdin).text())
const cases = {}

const number = z.object({ n: z.number() })
const contract = {
  echo: oc.route({ method: 'POST', path: '/echo' }).input(z.any()).output(z.any()),
  double: oc.route({ method: 'GET', path: '/double' }).input(number).output(number),
  lying: oc.route({ method: 'POST', path: '/lying' }).output(z.string()),
  watch: oc.route({ method: 'GET', path: '/watch' }).input(z.object({ key: z.string() })).output(eventIterator(number, z.object({ sum: z.number() }))),
  gone: oc.route({ method: 'POST', path: '/gone' }).errors({ GONE: { status: 410, data: number } }),
}
const csrf = () => new SimpleCsrfProtectionLinkPlugin()
const rpc = (options = {}, plugins = []) =>
  createORPCClient(new RPCLink({ url: `${baseUrl}/rpc`, plugins: [csrf(), ...plugins], ...options }))
const openapi = (options = {}, plugins = []) =>
  createORPCClient(new OpenAPILink(contract, { url: `${baseUrl}/api`, plugins: [csrf(), ...plugins], ...options }))
const retry = (options) => new ClientRetryPlugin({ default: { retryDelay: 1, ...options } })
const all = async (iterator) => {
  const items = []
  for (;;) {
    const { done, value } = await iterator.next()
    if (done) return { items: items.map((item) => ({ ...item })), result: value }
    items.push(value)
  }
}

cases['csrf: a call without the token is refused'] = async () => {
  const [error] = await safe(createORPCClient(new RPCLink({ url: `${baseUrl}/rpc` })).echo(1))
  assert.deepEqual([error.code, error.status, error.message, error.defined], ['CSRF_TOKEN_MISMATCH', 403, 'Invalid CSRF token', false])
}
cases['csrf: a batch carries the token'] = async () => {
  const client = rpc({}, [new BatchLinkPlugin({ groups: [{ condition: () => true, context: {} }] })])
  assert.deepEqual(await Promise.all([client.echo(1), client.echo(2)]), [1, 2])
}
for (const [name, make] of [['rpc', rpc], ['openapi', openapi]]) {
  cases[`retry: a busy server is asked again, ${name}`] = async () => {
    const tries = []
    const client = make({}, [retry({ retry: 3, onRetry: ({ attemptIndex, error }) => { tries.push([attemptIndex, error.code]) } })])
    const key = `busy ${name}`
    assert.deepEqual(await all(await client.watch({ key })), { items: [{ n: 1 }, { n: 2 }, { n: 3 }], result: { sum: 6 } })
    assert.deepEqual(tries, [[0, 'SERVICE_UNAVAILABLE'], [1, 'SERVICE_UNAVAILABLE']])
  }
  cases[`retry: a stream whose connection is cut goes on after its last event, ${name}`] = async () => {
    const client = make({}, [retry({ retry: 5 })])
    assert.deepEqual((await all(await client.watch({ key: `cut ${name}` }))).items, [{ n: 1 }, { n: 2 }, { n: 3 }])
  }
  cases[`retry: the server says how long to wait, ${name}`] = async () => {
    const waits = []
    const client = make({}, [retry({ retry: 5, retryDelay: ({ lastEventRetry }) => { waits.push(lastEventRetry); return 1 } })])
    await all(await client.watch({ key: `cut waits ${name}` }))
    assert.deepEqual(waits, [7, 7])
  }
}
cases['retry-after: the server says when to come back'] = async () => {
  const client = rpc({ headers: { 'x-client': 'patient' } }, [new RetryAfterPlugin()])
  assert.deepEqual([await client.limited('a'), await client.limited('a')], ['let in', 'let in'])
}
cases['retry-after: without it, the refusal arrives'] = async () => {
  const client = rpc({ headers: { 'x-client': 'hasty' } })
  await client.limited('b')
  const [error] = await safe(client.limited('b'))
  assert.deepEqual([error.code, error.status], ['TOO_MANY_REQUESTS', 429])
}
cases['dedupe: equal reads are one request'] = async () => {
  const groups = [{ condition: () => true, context: {} }]
  const client = rpc({ method: 'GET' }, [new DedupeRequestsPlugin({ filter: () => true, groups })])
  assert.deepEqual(await Promise.all([client.counted({ key: 'a' }), client.counted({ key: 'a' }), client.counted({ key: 'b' })]), [1, 1, 1])
}
class Money { constructor(amount) { this.amount = amount } }
cases['custom types: an application brings its own'] = async () => {
  const money = { type: 20, condition: (value) => value instanceof Money, serialize: (value) => value.amount, deserialize: (amount) => new Money(amount) }
  const answer = await rpc({ customJsonSerializers: [money] }).echo({ price: new Money('1.50'), at: new Date(0) })
  assert.ok(answer.price instanceof Money)
  assert.deepEqual([answer.price.amount, answer.at], ['1.50', new Date(0)])
}
cases['custom errors: a body of the application\'s own'] = async () => {
  const decode = (body) => new ORPCError(body.problem, { defined: true, status: 410, data: body.detail })
  const [error] = await safe(openapi({ customErrorResponseBodyDecoder: decode }).gone())
  assert.ok(isDefinedError(error))
  assert.deepEqual([error.code, error.data], ['GONE', { n: 4 }])
}
cases['validation: a bad request is not sent'] = async () => {
  const [error] = await safe(rpc({}, [new RequestValidationPlugin(contract)]).double({ n: 'x' }))
  assert.deepEqual([error.code, error.data.issues.length], ['BAD_REQUEST', 1])
}
cases['validation: good answers and defined errors pass'] = async () => {
  const client = rpc({}, [new ResponseValidationPlugin(contract)])
  assert.deepEqual(await client.double({ n: 2 }), { n: 4 })
  const [error, , isDefined] = await safe(client.gone())
  assert.ok(isDefined)
  assert.deepEqual(error.data, { n: 4 })
  await assert.rejects(client.lying(), /does not match expected schema/)
}
cases['dynamic link: each call chooses'] = async () => {
  const links = [new RPCLink({ url: `${baseUrl}/rpc`, plugins: [csrf()] }), new OpenAPILink(contract, { url: `${baseUrl}/api`, plugins: [csrf()] })]
  const client = createORPCClient(new DynamicLink((_options, path) => links[path[0] === 'echo' ? 0 : 1]))
  assert.deepEqual([await client.echo(new Date(0)), await client.double({ n: 1 })], [new Date(0), { n: 2 }])
}
cases['safe client: failures are values'] = async () => {
  const client = createSafeClient(rpc())
  const [error, data, isDefined, isSuccess] = await client.gone()
  assert.deepEqual([error.code, data, isDefined, isSuccess], ['GONE', undefined, true, false])
  assert.deepEqual((await client.double({ n: 3 })).data, { n: 6 })
}
cases['consumed streams: events, result and leaving'] = async () => {
  const seen = []
  await new Promise((resolve) => {
    consumeEventIterator(rpc().watch({ key: 'whole' }), {
      onEvent: ({ n }) => seen.push(n), onSuccess: (result) => seen.push(result), onFinish: () => resolve(),
    })
  })
  assert.deepEqual(seen, [1, 2, 3, { sum: 6 }])
}
cases['response headers: what a handler adds arrives'] = async () => {
  const headers = []
  const fetching = async (...request) => { const response = await fetch(...request); headers.push(response.headers.get('x-added')); return response }
  await rpc({ fetch: fetching }).echo(1)
  assert.deepEqual(headers, ['echo'])
}
cases['compression: fetch unpacks what is packed'] = async () => {
  const packed = []
  const fetching = async (...request) => { const response = await fetch(...request); packed.push(response.headers.get('content-encoding')); return response }
  const text = 'long '.repeat(1000)
  assert.equal(await rpc({ fetch: fetching }).echo(text), text)
  assert.deepEqual(packed, ['gzip'])
}
cases['body limit: a large body is refused'] = async () => {
  const [error] = await safe(rpc().echo('x'.repeat(200_000)))
  assert.deepEqual([error.code, error.status], ['PAYLOAD_TOO_LARGE', 413])
}

const outcome = {}
for (const [name, run] of Object.entries(cases)) {
  const limit = new Promise((_resolve, reject) => setTimeout(() => reject(new Error('timed out')), 5000).unref())
  outcome[name] = await Promise.race([run(), limit]).then(() => null, (error) => String(error?.message ?? error))
}
process.stdout.write(JSON.stringify(outcome), () => process.exit(0))
