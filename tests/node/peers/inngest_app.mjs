// An app on the official TypeScript SDK, as its users write one. It registers with the engine at
// $ENGINE, says where it listens, and serves until its stdin closes. `GET /calls/<run id>` says
// how often the engine called a run; `POST /echo` is what `step.fetch` talks to.
import http from 'node:http'
import { Inngest, NonRetriableError, RetryAfterError } from 'inngest'
import { serve } from 'inngest/node'
import { channel, staticSchema } from 'inngest/realtime'

const client = new Inngest({ id: 'ts', baseUrl: process.env.ENGINE })
const origin = () => `http://127.0.0.1:${server.address().port}`
const seen = new Map()
const calls = new Map()

function once(key) {
  const count = (seen.get(key) ?? 0) + 1
  seen.set(key, count)
  return count
}

const steps = client.createFunction({ id: 'steps', triggers: [{ event: 'ts/steps' }] }, async ({ event, step }) => {
  const a = await step.run('a', () => ({ n: event.data.n + 1 }))
  const b = await step.run('b', () => a.n * 2)
  const c = await step.run('c', () => b * 2)
  return { a, b, c }
})

const uncheckpointed = client.createFunction(
  { id: 'uncheckpointed', triggers: [{ event: 'ts/steps' }], checkpointing: false },
  async ({ event, step }) => {
    const a = await step.run('a', () => event.data.n + 1)
    return step.run('b', () => a + 1)
  },
)

const parallel = client.createFunction({ id: 'parallel', triggers: [{ event: 'ts/parallel' }] }, async ({ step }) => {
  const before = await step.run('before', () => 1)
  const both = await Promise.all([
    step.run('left', () => before + 1),
    (async () => {
      await step.sleep('nap', '20ms')
      return step.run('right', () => before + 2)
    })(),
    step.waitForEvent('never', { event: 'ts/never', timeout: '1s' }),
  ])
  return step.run('after', () => both)
})

const race = client.createFunction({ id: 'race', triggers: [{ event: 'ts/race' }] }, async ({ group, step }) => {
  // The SDK ends a function only when every step it has begun has settled, the loser's too.
  const winner = await group.parallel(() => Promise.race([step.sleep('slow', '1s'), step.run('fast', () => 'fast')]))
  const after = await step.run('after', () => winner)
  return step.run('last', () => after)
})

const waits = client.createFunction({ id: 'waits', triggers: [{ event: 'ts/waits' }] }, async ({ step }) => {
  await step.sendEvent('ready', { name: 'ts/waiting' })
  const go = await step.waitForEvent('go', { event: 'ts/go', timeout: '30s', if: 'async.data.k == event.data.k' })
  const never = await step.waitForEvent('never', { event: 'ts/never', timeout: '1s' })
  return { name: go.name, data: go.data, never }
})

const child = client.createFunction({ id: 'child', retries: 0, triggers: [{ event: 'ts/child' }] }, ({ event }) => {
  if (event.data.fails) throw new NonRetriableError('no such number')
  return { doubled: event.data.n * 2 }
})

const invokes = client.createFunction({ id: 'invokes', triggers: [{ event: 'ts/invokes' }] }, async ({ event, step }) => {
  const result = await step.invoke('ask', { function: child, data: { n: event.data.n } })
  const refused = await step.invoke('ask-in-vain', { function: child, data: { fails: true } }).catch((error) => error)
  return { result, refused: { name: refused.name, message: refused.message } }
})

const flaky = client.createFunction(
  { id: 'flaky', retries: 3, triggers: [{ event: 'ts/flaky' }] },
  async ({ step, runId, attempt }) => {
    const tries = await step.run('tries', () => {
      const count = once(`${runId} step`)
      if (count < 3) throw new Error(`try ${count}`)
      return count
    })
    if (once(`${runId} body`) < 2) throw new RetryAfterError('not yet', 1000)
    return { tries, attempt }
  },
)

const catches = client.createFunction(
  { id: 'catches', retries: 1, triggers: [{ event: 'ts/catches' }] },
  async ({ step }) => {
    const error = await step.run('fails', () => { throw new TypeError('always') }).catch((reason) => reason)
    return step.run('recover', () => ({ name: error.name, message: error.message }))
  },
)

const doomed = client.createFunction(
  {
    id: 'doomed',
    retries: 5,
    triggers: [{ event: 'ts/doomed' }],
    onFailure: async ({ event, error, step }) => {
      await step.sendEvent('mourn', { name: 'ts/mourned', data: { runId: event.data.run_id, said: error.message } })
    },
  },
  async ({ step }) => {
    await step.run('fails', () => { throw new NonRetriableError('give up') })
  },
)

const fetches = client.createFunction({ id: 'fetches', triggers: [{ event: 'ts/fetches' }] }, async ({ step }) => {
  const response = await step.fetch(`${origin()}/echo?q=1`, {
    method: 'POST', headers: { 'x-mark': 'here', 'content-type': 'text/plain' }, body: 'hello',
  })
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
})

const listens = client.createFunction({ id: 'listens', triggers: [{ event: 'ts/signals' }] }, async ({ event, step }) => {
  await step.sendEvent('ready', { name: 'ts/listening' })
  return step.waitForSignal('w', { signal: event.data.signal, timeout: '30s', onConflict: 'fail' })
})

const signals = client.createFunction({ id: 'signals', triggers: [{ event: 'ts/listening' }] }, async ({ step }) =>
  step.sendSignal('s', { signal: 'go/1', data: { n: 7 } }))

const cancellable = client.createFunction(
  {
    id: 'cancellable',
    triggers: [{ event: 'ts/cancellable' }],
    cancelOn: [{ event: 'ts/cancel', if: 'async.data.k == event.data.k' }],
  },
  async ({ step }) => {
    await step.sendEvent('ready', { name: 'ts/cancellable.ready' })
    await step.sleep('long', '1h')
  },
)

const batched = client.createFunction(
  { id: 'batched', triggers: [{ event: 'ts/batched' }], batchEvents: { maxSize: 3, timeout: '30s' } },
  ({ events }) => events.map((event) => event.data.n),
)

const naps = client.createFunction({ id: 'naps', triggers: [{ event: 'ts/naps' }] }, async ({ step }) => {
  const before = await step.run('before', () => once('naps'))
  await step.sleep('nap', '2s')
  return { before, after: await step.run('after', () => once('naps')) }
})

const news = channel({ name: 'news', topics: { posted: { schema: staticSchema() } } })

const publishes = client.createFunction({ id: 'publishes', triggers: [{ event: 'ts/publishes' }] }, async ({ event, step }) => {
  await step.realtime.publish('durable', news.posted, { n: event.data.n })
  await client.realtime.publish(news.posted, { n: event.data.n + 1 })
  return 'published'
})

const functions = [
  steps, uncheckpointed, parallel, race, waits, child, invokes, flaky, catches, doomed, fetches, listens,
  signals, cancellable, batched, naps, publishes,
]
const inngest = serve({ client, functions })

/** Subscribe, publish through a run, and return what arrived. */
async function listenToNews() {
  const messages = []
  const stream = await client.realtime.subscribe({ channel: news, topics: ['posted'] })
  await client.send({ name: 'ts/publishes', data: { n: 1 } })
  for await (const message of stream) {
    messages.push({ channel: message.channel, topic: message.topic, kind: message.kind, data: message.data, runId: message.runId })
    if (messages.length === 2) break
  }
  stream.close()
  return messages
}

async function text(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const server = http.createServer(async (request, response) => {
  const { pathname } = new URL(request.url, origin())
  if (pathname === '/api/inngest') {
    const runId = request.headers['x-run-id']
    calls.set(runId, (calls.get(runId) ?? 0) + 1)
    return inngest(request, response)
  }
  response.setHeader('content-type', 'application/json')
  if (pathname.startsWith('/calls/')) return response.end(JSON.stringify(calls.get(pathname.slice('/calls/'.length)) ?? 0))
  if (pathname === '/news') return response.end(JSON.stringify(await listenToNews()))
  const { method, url, headers } = request
  response.end(JSON.stringify({ method, url, mark: headers['x-mark'], body: await text(request) }))
})

server.listen(0, '127.0.0.1', async () => {
  const registered = await fetch(`${origin()}/api/inngest`, { method: 'PUT' })
  if (!registered.ok) throw new Error(`cannot register: ${registered.status} ${await registered.text()}`)
  console.log(`ready ${origin()}`)
})

process.stdin.on('end', () => process.exit(0)).resume()
