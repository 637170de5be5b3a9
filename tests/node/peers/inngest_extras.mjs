// An app on the official TypeScript SDK with what is newest in it: models, deferred functions,
// metadata, scores, streamed answers, and endpoints that are runs themselves. It registers with the
// engine at $ENGINE, says where it listens, and serves until its stdin closes. `/endpoints/...` are
// durable endpoints; `POST /llm/...` is what `step.ai.infer` talks to; `GET /stream` calls a
// streaming endpoint as its own client would, `GET /watch` waits for the end of a run.
import http from 'node:http'
import { Inngest, NonRetriableError, openai, step } from 'inngest'
import { createDefer, metadataMiddleware, scoreMiddleware } from 'inngest/experimental'
import { stream } from 'inngest/experimental/durable-endpoints'
import { fetchWithStream } from 'inngest/experimental/durable-endpoints/client'
import { endpointAdapter, serve, serveEndpoint } from 'inngest/node'
import { z } from 'zod'

const client = new Inngest({
  id: 'tsx', baseUrl: process.env.ENGINE, middleware: [metadataMiddleware(), scoreMiddleware()],
})
const origin = () => `http://127.0.0.1:${server.address().port}`
const seen = new Map()

function once(key) {
  const count = (seen.get(key) ?? 0) + 1
  seen.set(key, count)
  return count
}

const model = () => openai({ model: 'gpt-test', apiKey: 'sk-test', baseUrl: `${origin()}/llm/` })

const infers = client.createFunction({ id: 'infers', triggers: [{ event: 'tsx/infers' }] }, async ({ event, step }) => {
  const answer = await step.ai.infer('ask', {
    model: model(), body: { messages: [{ role: 'user', content: event.data.question }] },
  })
  const wrapped = await step.ai.wrap('double', async (n) => n * 2, 21)
  return { said: answer.choices[0].message.content, key: answer.key, wrapped }
})

const refused = client.createFunction(
  { id: 'refused', retries: 1, triggers: [{ event: 'tsx/refused' }] },
  async ({ step }) => {
    const error = await step.ai.infer('ask', { model: model(), body: { messages: [] } }).catch((reason) => reason)
    return { name: error.name, message: error.message }
  },
)

const mails = createDefer(client, { id: 'mails', schema: z.object({ to: z.string() }) }, async ({ event, parents, step }) => {
  await step.sendEvent('tell', { name: 'tsx/mailed', data: { to: event.data.to, parent: parents[0].fnSlug } })
  return { to: event.data.to, parent: parents[0] }
})

const defers = client.createFunction({ id: 'defers', triggers: [{ event: 'tsx/defers' }] }, async ({ event, step, defer }) => {
  defer('kept', { function: mails, data: { to: event.data.to } })
  const taken = defer('taken back', { function: mails, data: { to: 'nobody' } })
  await step.run('first', () => 1)
  taken.abort()
  await step.sleep('nap', '50ms')
  defer('late', { function: mails, data: { to: 'late' } })
  return step.run('second', () => 2)
})

const defersAndFails = client.createFunction(
  { id: 'defers-and-fails', retries: 1, triggers: [{ event: 'tsx/defers.fails' }] },
  async ({ attempt, defer }) => {
    defer('kept', { function: mails, data: { to: 'after failure' } })
    throw new Error(`attempt ${attempt}`)
  },
)

const annotates = client.createFunction({ id: 'annotates', triggers: [{ event: 'tsx/annotates' }] }, async ({ step }) => {
  await step.metadata('label').set({ colour: 'green' }, 'label')
  await step.run('measured', async () => {
    await client.metadata.set({ rows: 3 }, 'size')
  })
  await step.score('quality', { name: 'quality', value: 0.5 })
  return 'annotated'
})

const watched = client.createFunction({ id: 'watched', triggers: [{ event: 'tsx/watched' }] }, async ({ step }) => {
  await step.sleep('nap', '2s')
  return { n: await step.run('last', () => 7) }
})

const streamed = new Inngest({ id: 'streamed', baseUrl: process.env.ENGINE })
const slow = streamed.createFunction({ id: 'slow', triggers: [{ event: 'streamed/slow' }] }, async ({ step }) => {
  const a = await step.run('a', () => new Promise((resolve) => setTimeout(() => resolve('a'), 30)))
  return step.run('b', () => `${a}b`)
})

const endpoints = new Inngest({ id: 'endpoints', baseUrl: process.env.ENGINE, endpointAdapter })

const quick = endpoints.endpoint(async (request) => {
  const { searchParams } = new URL(request.url)
  const a = await step.run('a', () => Number(searchParams.get('n')))
  const b = await step.run('b', () => a + 1)
  return Response.json({ b })
})

const long = endpoints.endpoint(async (request) => {
  // The SDK has read the body; the handler has only the URL and the headers left.
  const n = Number(new URL(request.url).searchParams.get('n'))
  const a = await step.run('a', () => once(`long ${n}`))
  await step.sleep('nap', '50ms')
  const [b, c] = await Promise.all([step.run('b', () => n + 1), step.run('c', () => n + 2)])
  return new Response(JSON.stringify({ a, b, c }), { status: 201, headers: { 'x-mark': 'here' } })
})

const flaky = endpoints.endpoint(async () => {
  const tries = await step.run('tries', () => {
    const count = once('flaky')
    if (count < 2) throw new Error(`try ${count}`)
    return count
  })
  return Response.json({ tries })
})

const doomed = endpoints.endpoint(async () => {
  await step.run('a', () => 1)
  await step.sleep('nap', '50ms')
  await step.run('fails', () => { throw new NonRetriableError('give up') })
})

const streams = endpoints.endpoint(async () => {
  await step.run('first', () => { stream.push('one'); return 1 })
  await step.sleep('nap', '200ms')
  await step.run('second', () => { stream.push('two'); return 2 })
  return Response.json({ done: true })
})

/** Call the streaming endpoint and return what arrived. */
async function consume() {
  const pieces = []
  const response = await fetchWithStream(`${origin()}/endpoints/streams`, { onData: ({ data }) => pieces.push(data) })
  return { pieces, body: await response.text() }
}

/** Subscribe to what a run comes to and return it. */
async function watch(runId) {
  const subscription = await client.realtime.subscribe({ channel: runId, topics: ['$run'] })
  for await (const { kind, topic, data } of subscription) {
    subscription.close()
    return { kind, topic, data }
  }
}

const routes = {
  '/api/inngest': serve({
    client, functions: [infers, refused, mails, defers, defersAndFails, annotates, watched],
  }),
  '/api/streamed': serve({ client: streamed, functions: [slow], streaming: true }),
  '/endpoints/quick': serveEndpoint(quick),
  '/endpoints/long': serveEndpoint(long),
  '/endpoints/flaky': serveEndpoint(flaky),
  '/endpoints/doomed': serveEndpoint(doomed),
  '/endpoints/streams': serveEndpoint(streams),
}

async function text(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function infer(request, response) {
  const { messages } = JSON.parse(await text(request))
  response.setHeader('content-type', 'application/json')
  if (messages.length === 0) {
    response.statusCode = 400
    return response.end(JSON.stringify({ error: 'no messages' }))
  }
  const content = `You said: ${messages[0].content}`
  response.end(JSON.stringify({ choices: [{ message: { content } }], key: request.headers.authorization }))
}

const server = http.createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, origin())
  if (routes[pathname]) return routes[pathname](request, response)
  if (pathname.startsWith('/llm/')) return infer(request, response)
  response.setHeader('content-type', 'application/json')
  const watching = pathname === '/watch' ? watch(searchParams.get('run')) : consume()
  response.end(JSON.stringify(await watching))
})

server.listen(0, '127.0.0.1', async () => {
  for (const path of ['/api/inngest', '/api/streamed']) {
    const registered = await fetch(`${origin()}${path}`, { method: 'PUT' })
    if (!registered.ok) throw new Error(`cannot register: ${registered.status} ${await registered.text()}`)
  }
  console.log(`ready ${origin()}`)
})

process.stdin.on('end', () => process.exit(0)).resume()
