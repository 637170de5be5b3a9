// The real RPCLink with the real BatchLinkPlugin against the server whose base URL comes on stdin.
// Writes {case: null, or what went wrong} to stdout.
import assert from 'node:assert/strict'
import { createORPCClient, ORPCError, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { BatchLinkPlugin } from '@orpc/client/plugins'
import { run } from './run.mjs'

const { baseUrl } = JSON.parse(await new Response(process.stdin).text())
const cases = {}

for (const mode of ['streaming', 'buffered']) {
  let sent = []
  const client = (options = {}) => createORPCClient(new RPCLink({
    url: `${baseUrl}/rpc`,
    method: options.method ?? 'POST',
    headers: (_options, path) => ({ 'x-all': 'same', 'x-own': path.join('.') }),
    fetch: (request, init) => {
      sent.push([request.method, request.headers.get('x-orpc-batch'), new URL(request.url).pathname])
      return fetch(request, init)
    },
    plugins: [new BatchLinkPlugin({ mode, groups: [{ condition: () => true, context: {} }] })],
  }))
  const rpc = client()
  const failure = async (call) => {
    const [error] = await safe(call)
    assert.ok(error instanceof ORPCError, `not an ORPCError: ${error}`)
    return { ...error.toJSON() }
  }

  cases[`${mode}: calls of one moment go together`] = async () => {
    sent = []
    const answers = await Promise.all([rpc.echo(new Date(0)), rpc.echo({ a: [undefined, 2n ** 64n] }), rpc.nothing()])
    assert.deepEqual(answers, [new Date(0), { a: [undefined, 2n ** 64n] }, undefined])
    assert.deepEqual(sent, [['POST', mode, '/rpc/echo/__batch__']])
  }
  cases[`${mode}: each item fails on its own`] = async () => {
    const [ok, conflict, missing, defined, custom, invalid] = await Promise.all([
      rpc.echo(1), failure(rpc.conflict()), failure(rpc.missing()), failure(rpc.defined()), failure(rpc.custom()), failure(rpc.validate({ n: 'x' })),
    ])
    assert.equal(ok, 1)
    assert.deepEqual([conflict.code, conflict.status], ['CONFLICT', 409])
    assert.deepEqual([missing.code, missing.status], ['NOT_FOUND', 404])
    assert.deepEqual([defined.code, defined.defined, defined.data], ['PAYMENT', true, { amt: 1 }])
    assert.deepEqual(custom.data, { d: new Date(0) })
    assert.deepEqual([invalid.code, invalid.data.issues[0].path], ['BAD_REQUEST', ['n']])
  }
  cases[`${mode}: files and streams are refused`] = async () => {
    const [file, stream, ok] = await Promise.all([failure(rpc.file('root')), failure(rpc.stream('items')), rpc.echo(1)])
    assert.deepEqual([file.status, file.code, stream.status, ok], [500, 'INTERNAL_SERVER_ERROR', 500, 1])
  }
  cases[`${mode}: reads by GET`] = async () => {
    sent = []
    const byGet = client({ method: 'GET' })
    assert.deepEqual(await Promise.all([byGet.read(new Set([1])), byGet.read(2)]), [new Set([1]), 2])
    assert.deepEqual(sent, [['GET', mode, '/rpc/read/__batch__']])
  }
  cases[`${mode}: GET brings in no other procedure`] = async () => {
    const byGet = client({ method: 'GET' })
    const [refused, ok] = await Promise.all([failure(byGet.echo(1)), byGet.read(2)])
    assert.deepEqual([refused.code, refused.status, ok], ['METHOD_NOT_SUPPORTED', 405, 2])
  }
  cases[`${mode}: headers of items lie over those of the batch`] = async () =>
    assert.deepEqual(
      await Promise.all([rpc.headers(), rpc.nested.headers()]),
      [{ all: 'same', own: 'headers' }, { all: 'same', own: 'nested.headers' }],
    )
  cases[`${mode}: giving up the batch cancels its items`] = async () => {
    const before = await rpc.left()
    const controller = new AbortController()
    const calls = [1, 2].map(() => safe(rpc.slow(undefined, { signal: controller.signal })))
    setTimeout(() => controller.abort(), 50)
    for (const [error] of await Promise.all(calls)) assert.equal(error.name, 'AbortError')
    while (await rpc.left() < before + 2) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

cases['streaming: a quick answer does not wait for a slow one'] = async () => {
  const rpc = createORPCClient(new RPCLink({ url: `${baseUrl}/rpc`, plugins: [new BatchLinkPlugin({ groups: [{ condition: () => true, context: {} }] })] }))
  void safe(rpc.slow()) // for ever
  assert.equal(await rpc.echo('quick'), 'quick')
}

await run(cases)
