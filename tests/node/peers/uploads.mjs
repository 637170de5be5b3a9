// Event iterators as request bodies, written by the real encoder; the server's base URL comes on
// stdin. (The fetch link itself cannot send one: it leaves out `duplex`.)
import assert from 'node:assert/strict'
import { ORPCError } from '@orpc/client'
import { StandardRPCJsonSerializer, StandardRPCSerializer } from '@orpc/client/standard'
import { toFetchBody, toStandardBody } from '@orpc/standard-server-fetch'
import { run } from './run.mjs'

const { baseUrl } = JSON.parse(await new Response(process.stdin).text())
const serializer = new StandardRPCSerializer(new StandardRPCJsonSerializer())

async function send(name, items) {
  const headers = new Headers()
  const body = toFetchBody(serializer.serialize(items), headers)
  const response = await fetch(`${baseUrl}/rpc/${name}`, { method: 'POST', headers, body, duplex: 'half' })
  return [response.status, serializer.deserialize(await toStandardBody(response))]
}

async function* producer() {
  yield new Date(0)
  await new Promise((resolve) => setTimeout(resolve, 10))
  yield { a: new Set([1]) }
  return 2n ** 64n
}

await run({
  'items and result arrive': async () =>
    assert.deepEqual(await send('collect', producer()), [200, { items: [new Date(0), { a: new Set([1]) }], result: 2n ** 64n }]),
  'an error of the producer is raised in the handler': async () => {
    const failing = async function* () {
      yield 1
      throw new ORPCError('CONFLICT', { data: 7 })
    }
    const [status, error] = await send('collect', failing())
    assert.deepEqual([status, error.code, error.data], [409, 'CONFLICT', 7])
  },
  'streams go both ways': async () => {
    const [status, answers] = await send('doubled', (async function* () { yield 1; yield 2 })())
    const items = []
    for await (const item of answers) items.push(item)
    assert.deepEqual([status, items], [200, [2, 4]])
  },
})
