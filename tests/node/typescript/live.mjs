// Calls a live host with the clients that `rawr typescript` made; {module, origin} on stdin.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { isDefinedError, safe } from '@orpc/client'

const { module, origin } = JSON.parse(readFileSync(0, 'utf8'))
const { createRestClient, createRpcClient } = await import(pathToFileURL(module))
const rpc = createRpcClient({ origin }).kinds
const rest = createRestClient({ origin }).kinds

const everything = {
  text: 't', nullable: null, when: new Date('2026-01-02T03:04:05Z'), day: '2026-01-02', pause: 'PT1M', amount: '1.50',
  id: '00000000-0000-0000-0000-000000000001', big: 2n ** 70n, tags: new Set(['x']), dates: [new Date(0)],
  byNumber: { 1: 'one' }, byName: { tom: { kind: 'cat' } }, byColour: { red: 1 }, pair: [1, 'b'], many: [1, 2],
  pet: { kind: 'dog' }, colour: 'blue', level: 2, mixed: true, url: new URL('https://example.com/'),
  site: new URL('https://example.org/'), pattern: /a+/i, anything: { free: [1, null] },
  tree: { label: 'root', children: [{ label: 'leaf' }] }, entry: { name: 'n' },
}

const { pattern, ...back } = await rpc.echo(everything)
assert.equal(String(pattern), '/a+/i')
const { pattern: _sent, ...sent } = everything
assert.deepEqual(back, {
  ...sent, defaulted: 3, byNumber: new Map([[1, 'one']]), byName: { tom: { kind: 'cat', lives: 9 } },
  pet: { kind: 'dog', name: null }, tree: { label: 'root', children: [{ label: 'leaf', children: [] }] },
})
assert.ok(!('absent' in back) && !('absentOrNull' in back))

assert.deepEqual((await rest.find({ id: 'a/b' })).label, 'a/b')
assert.equal(await rpc.ping(), undefined)
assert.deepEqual(await rpc.upload({ title: 't', files: [new File(['abc'], 'a.txt')] }), ['a.txt:3'])

const dates = []
for await (const tick of await rpc.ticks({ id: '1' })) dates.push(tick.at)
assert.deepEqual(dates, [new Date('2026-01-01'), new Date('2026-01-02')])
const texts = []
for await (const tick of await rest.ticks({ id: '1' })) texts.push(tick.at)
assert.equal(typeof texts[1], 'string')

for (const [client, last] of [[rpc, new Date('2026-01-02')], [rest, '2026-01-02T00:00:00.000Z']]) {
  const tally = await client.tally()
  assert.equal((await tally.next()).value.n, 1)
  assert.deepEqual(await tally.next(), { done: true, value: { at: last } })
}

for (const client of [rpc, rest]) {
  const [gone] = await safe(client.find({ id: 'gone' }))
  assert.ok(isDefinedError(gone) && gone.code === 'GONE' && gone.status === 410 && gone.data.id === 'gone')
  const [pot] = await safe(client.find({ id: 'pot' }))
  assert.ok(isDefinedError(pot) && pot.code === 'TEAPOT' && pot.data === undefined)
}
console.log(JSON.stringify({ ok: true }))
