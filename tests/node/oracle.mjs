// Answers questions about the wire with the real packages: {op, cases} on stdin, answers on stdout.
import { Buffer } from 'node:buffer'
import { StandardRPCJsonSerializer } from '@orpc/client/standard'
import { StandardBracketNotationSerializer, StandardOpenAPIJsonSerializer } from '@orpc/openapi-client/standard'
import {
  EventDecoder,
  encodeEventMessage,
  generateContentDisposition,
  getFilenameFromContentDisposition,
} from '@orpc/standard-server'
import { decodeRequestMessage, decodeResponseMessage } from '@orpc/standard-server-peer'

const rpc = new StandardRPCJsonSerializer()
const brackets = new StandardBracketNotationSerializer()
const openapi = new StandardOpenAPIJsonSerializer()

function readRpc(text) {
  const payload = JSON.parse(text)
  return rpc.deserialize(payload.json, payload.meta ?? [])
}

function writeRpc(value) {
  const [json, meta] = rpc.serialize(value)
  return JSON.stringify({ json, meta: meta.length ? meta : undefined })
}

function attempt(run) {
  try {
    return { value: run() }
  } catch (error) {
    return { error: String(error) }
  }
}

async function fileOrText(value) {
  if (typeof value === 'string') {
    return value
  }
  return { name: value.name, type: value.type, base64: Buffer.from(await value.arrayBuffer()).toString('base64') }
}

async function formEntries(form) {
  return Promise.all([...form.entries()].map(async ([name, value]) => [name, await fileOrText(value)]))
}

const operations = {
  rpcRoundTrip: (text) => attempt(() => writeRpc(readRpc(text))),
  openapi: (text) => attempt(() => JSON.stringify(openapi.serialize(readRpc(text))[0])),
  parsePath: (name) => brackets.parsePath(name),
  stringifyPath: (segments) => brackets.stringifyPath(segments),
  unflatten: (entries) => brackets.deserialize(entries),
  flatten: (tree) => brackets.serialize(tree),
  number: (text) => JSON.stringify(Number(text)),
  string: (text) => JSON.stringify(text),
  encodeURIComponent: (text) => encodeURIComponent(text),
  pathname: (path) => new URL(`http://host${path}`).pathname,
  regexp: ([source, flags]) => String(new RegExp(source, flags)),
  generateDisposition: (name) => generateContentDisposition(name),
  readDisposition: (header) => getFilenameFromContentDisposition(header) ?? null,
  encodeEvent: (message) => attempt(() => encodeEventMessage(message)),
  decodeEvents: (chunks) => attempt(() => {
    const messages = []
    const decoder = new EventDecoder({ onEvent: message => messages.push(message) })
    chunks.forEach(chunk => decoder.feed(chunk))
    let finished = true
    try {
      decoder.end()
    } catch {
      finished = false
    }
    return { messages, finished }
  }),
  parseUrlencoded: (text) => [...new URLSearchParams(text).entries()],
  encodeUrlencoded: (entries) => new URLSearchParams(entries).toString(),
  encodeMultipart: async (entries) => {
    const form = new FormData()
    for (const [name, value] of entries) {
      form.append(name, typeof value === 'string' ? value : new File([Buffer.from(value.base64, 'base64')], value.name, { type: value.type }))
    }
    const response = new Response(form)
    return { type: response.headers.get('content-type'), base64: Buffer.from(await response.arrayBuffer()).toString('base64') }
  },
  parseMultipart: async ({ type, base64 }) => {
    const response = new Response(Buffer.from(base64, 'base64'), { headers: { 'content-type': type } })
    try {
      return { value: await formEntries(await response.formData()) }
    } catch (error) {
      return { error: String(error) }
    }
  },
  peerRequest: async (text) => {
    const [id, type, payload] = await decodeRequestMessage(text)
    return [id, type, type === 1 ? { ...payload, url: payload.url.toString() } : payload]
  },
  peerResponse: async (text) => decodeResponseMessage(text),
}

let question = ''
for await (const chunk of process.stdin) {
  question += chunk
}
const { op, cases } = JSON.parse(question)
process.stdout.write(JSON.stringify(await Promise.all(cases.map(operations[op]))))
