// Records what the real client and server say to each other: `npm run record` rewrites
// tests/wire/golden/*.json. Nothing listens: the client's fetch is the server's handler.
import { Buffer } from 'node:buffer'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { BatchLinkPlugin } from '@orpc/client/plugins'
import { RPCLink as WebsocketLink } from '@orpc/client/websocket'
import { OpenAPIHandler } from '@orpc/openapi/fetch'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { RPCHandler } from '@orpc/server/fetch'
import { BatchHandlerPlugin } from '@orpc/server/plugins'
import { RPCHandler as WebsocketHandler } from '@orpc/server/websocket'
import { files, openapiRouter, rpcRouter, values } from './peers.mjs'

const ORIGIN = 'http://127.0.0.1:3000'
const golden = new URL('../wire/golden/', import.meta.url)

const log = console.error
console.error = (error, ...rest) => String(error).includes('secret') || log(error, ...rest)

function asText(bytes, contentType) {
  const buffer = Buffer.from(bytes)
  const boundary = /boundary=(\S+)/.exec(contentType ?? '')?.[1]
  // Every body recorded here is UTF-8; the random boundary is not part of the wire.
  const text = buffer.toString('utf8')
  return boundary ? text.replaceAll(boundary, 'BOUNDARY') : text
}

function headersOf(headers) {
  const kept = {}
  for (const [name, value] of headers) {
    kept[name] = value.replace(/boundary=.*/, 'boundary=BOUNDARY')
  }
  return kept
}

async function exchange(handler, prefix, request) {
  const sent = request.clone()
  const { matched, response } = await handler.handle(request, { prefix, context: {} })
  const answer = matched ? response : new Response('Not found', { status: 404 })
  const bytes = await answer.clone().arrayBuffer()
  const url = new URL(sent.url)
  return [answer, {
    request: {
      method: sent.method,
      target: url.pathname + url.search,
      headers: headersOf(sent.headers),
      body: asText(await sent.arrayBuffer(), sent.headers.get('content-type')),
    },
    response: {
      status: answer.status,
      headers: headersOf(answer.headers),
      body: asText(bytes, answer.headers.get('content-type')),
    },
  }]
}

function recorder(handler, prefix) {
  const cases = []
  let name
  return {
    cases,
    fetch: async (request) => {
      const [answer, transcript] = await exchange(handler, prefix, request)
      cases.push({ name, ...transcript })
      return answer
    },
    raw: async (caseName, path, init) => {
      const [, transcript] = await exchange(handler, prefix, new Request(`${ORIGIN}${path}`, init))
      cases.push({ name: caseName, ...transcript })
    },
    async call(caseName, run) {
      name = caseName
      try {
        const output = await run()
        if (output && typeof output[Symbol.asyncIterator] === 'function') {
          for await (const _ of output);
        }
      } catch {
        // The failure is in the transcript.
      }
    },
  }
}

function save(name, cases) {
  mkdirSync(golden, { recursive: true })
  writeFileSync(new URL(`${name}.json`, golden), `${JSON.stringify(cases, null, 2)}\n`)
}

const rpcHandler = new RPCHandler(rpcRouter, { plugins: [new BatchHandlerPlugin()] })

function rpcClient(record, options = {}) {
  return createORPCClient(new RPCLink({ url: `${ORIGIN}/rpc`, fetch: record.fetch, ...options }))
}

async function recordValues() {
  const posted = recorder(rpcHandler, '/rpc')
  const read = recorder(rpcHandler, '/rpc')
  for (const [name, value] of Object.entries(values)) {
    await posted.call(name, () => rpcClient(posted).echo(value))
    await read.call(name, () => rpcClient(read, { method: 'GET' }).read(value))
  }
  save('rpc-values', posted.cases)
  save('rpc-values-get', read.cases)
}

async function recordErrors() {
  const record = recorder(rpcHandler, '/rpc')
  const client = rpcClient(record)
  await record.call('path', () => client.nested['a b/c'](1))
  await record.call('nothing', () => client.nothing())
  await record.call('inputValidation', () => client.validate({ n: 'x' }))
  for (const name of ['badOutput', 'plainError', 'conflict', 'custom', 'teapot', 'defined', 'undeclaredData']) {
    await record.call(name, () => client[name]())
  }
  await record.call('notMatched', () => client.missing())
  await record.raw('malformed', '/rpc/echo', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
  await record.raw('getToPost', '/rpc/echo?data=%7B%7D', { method: 'GET' })
  save('rpc-errors', record.cases)
}

async function recordStreams() {
  const record = recorder(rpcHandler, '/rpc')
  for (const name of ['items', 'meta', 'result', 'error', 'plainError', 'empty']) {
    await record.call(name, () => rpcClient(record).stream(name))
  }
  await record.call('invalidItem', () => rpcClient(record).typedStream())
  save('rpc-streams', record.cases)
}

async function recordFiles() {
  const record = recorder(rpcHandler, '/rpc')
  for (const [name, file] of Object.entries(files)) {
    await record.call(name, () => rpcClient(record).echo(file()))
  }
  save('rpc-files', record.cases)
}

async function recordBatches() {
  const record = recorder(rpcHandler, '/rpc')
  for (const mode of ['streaming', 'buffered']) {
    const plugin = () => new BatchLinkPlugin({ mode, groups: [{ condition: () => true, context: {} }] })
    const client = rpcClient(record, { plugins: [plugin()] })
    await record.call(mode, () => Promise.allSettled([
      client.echo(values.date), client.conflict(), client.missing(), client.file('root'), client.echo(undefined),
    ]))
    const getter = rpcClient(record, { plugins: [plugin()], method: 'GET' })
    await record.call(`${mode}Get`, () => Promise.allSettled([getter.read(1), getter.read(values.bigint)]))
    const own = rpcClient(record, { plugins: [plugin()], headers: (_, path) => ({ 'x-all': '1', 'x-own': path.join('.') }) })
    await record.call(`${mode}Headers`, () => Promise.allSettled([own.echo(1), own.nothing()]))
  }
  const json = { method: 'POST', headers: { 'content-type': 'application/json', 'x-orpc-batch': 'buffered' } }
  await record.raw('notAnArray', '/rpc/__batch__', { ...json, body: '{}' })
  await record.raw('relativeUrl', '/rpc/__batch__', { ...json, body: '[{"url":"/rpc/echo"}]' })
  const many = Array.from({ length: 11 }, () => ({ url: `${ORIGIN}/rpc/echo` }))
  await record.raw('tooLarge', '/rpc/__batch__', { ...json, body: JSON.stringify(many) })
  save('rpc-batch', record.cases)
}

// A binary frame is JSON, the byte 0xFF and a body; all recorded bodies are UTF-8.
function frameOf(data) {
  if (typeof data === 'string') {
    return { text: data }
  }
  const buffer = Buffer.from(data)
  const mark = buffer.indexOf(0xFF)
  const text = buffer.subarray(0, mark).toString()
  const boundary = /boundary=([^"]+)/.exec(text)[1]
  return {
    text: text.replaceAll(boundary, 'BOUNDARY'),
    binary: buffer.subarray(mark + 1).toString().replaceAll(boundary, 'BOUNDARY'),
  }
}

class Socket extends EventTarget {
  readyState = 1

  constructor(frames, side) {
    super()
    this.frames = frames
    this.side = side
  }

  send(data) {
    this.frames.push({ from: this.side, ...frameOf(data) })
    // One frame per turn: the real server drops stream items that come with their request.
    setTimeout(() => this.other.dispatchEvent(new MessageEvent('message', { data })), 1)
  }
}

async function recordPeers() {
  const scenarios = []
  const run = async (name, use, options = {}) => {
    const frames = []
    const client = new Socket(frames, 'client')
    const server = new Socket(frames, 'server')
    client.other = server
    server.other = client
    new WebsocketHandler(rpcRouter).upgrade(server, { context: {} })
    try {
      const output = await use(createORPCClient(new WebsocketLink({ websocket: client, ...options })))
      if (output && typeof output[Symbol.asyncIterator] === 'function') {
        for await (const _ of output);
      }
    } catch {
      // The failure is in the frames.
    }
    await new Promise(resolve => setTimeout(resolve, 20))
    scenarios.push({ name, frames })
  }
  await run('date', client => client.echo(values.date))
  await run('undefined', client => client.echo(undefined))
  await run('get', client => client.read(1), { method: 'GET' })
  await run('headers', client => client.nested['a b/c'](1), { headers: { 'x-a': '1' } })
  await run('conflict', client => client.conflict())
  await run('notMatched', client => client.missing())
  await run('stream', client => client.stream('items'))
  await run('streamMeta', client => client.stream('meta'))
  await run('streamResult', client => client.stream('result'))
  await run('streamError', client => client.stream('error'))
  await run('file', client => client.file('blob'))
  await run('upload', client => client.upload((async function* () {
    yield 1
    yield values.date
  })()))
  await run('abort', async (client) => {
    const stream = await client.stream('items')
    await stream.next()
    await stream.return()
  })
  await run('ids', async (client) => {
    for (let n = 1; n <= 11; n++) {
      await client.echo(n)
    }
  })
  save('rpc-peer', scenarios)
}

async function recordOpenAPI() {
  const record = recorder(new OpenAPIHandler(openapiRouter), '/api')
  const link = new OpenAPILink(openapiRouter, { url: `${ORIGIN}/api`, fetch: record.fetch })
  const client = createORPCClient(link)
  await record.call('params', () => client.find({ id: 'a b/c', tags: ['x', 'y'] }))
  await record.call('query', () => client.search({ a: [1, { b: true }], 'k[]': 'é', g: '', n: null, d: values.date }))
  await record.call('body', () => client.create({ at: values.date, big: 1n, set: values.set }))
  await record.call('upload', () => client.upload({ name: 'x', list: [1, true, null], file: files.root() }))
  await record.call('rootUpload', () => client.upload(files.root()))
  await record.call('nothing', () => client.nothing())
  await record.call('gone', () => client.gone())
  for (const name of Object.keys(values)) {
    await record.call(`value:${name}`, () => client.value({ name }))
  }
  for (const name of Object.keys(files)) {
    await record.call(`file:${name}`, () => client.file({ name }))
  }
  await record.call('stream', () => client.stream({}))
  await record.call('streamResult', () => client.stream({ result: values.bigint }))
  await record.call('streamError', () => client.stream({ fails: true }))
  save('openapi', record.cases)
}

await recordValues()
await recordErrors()
await recordStreams()
await recordFiles()
await recordBatches()
await recordPeers()
await recordOpenAPI()
