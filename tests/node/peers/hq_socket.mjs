// Drives a running HQ over one websocket at /rpc with the real RPCLink, then watches a run until
// the socket closes. The first line of stdin is {baseUrl, headers}; each line of stdout is a fact.
import { createInterface } from 'node:readline'
import { createORPCClient, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { WebSocket } from 'ws'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const { baseUrl, headers } = JSON.parse((await lines.next()).value)
const tell = (fact) => console.log(JSON.stringify(fact))

const websocket = new WebSocket(`${baseUrl.replace('http', 'ws')}/rpc`, { headers })
const outcome = await new Promise((resolve) => {
  websocket.once('open', () => resolve(null))
  websocket.once('unexpected-response', async (_request, response) => {
    const chunks = []
    for await (const chunk of response) chunks.push(chunk)
    resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] ?? null, body: JSON.parse(Buffer.concat(chunks)) })
  })
})
if (outcome !== null) {
  tell({ refused: outcome })
  process.exit(0)
}
const closed = new Promise((resolve) => websocket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })))
const { workflows, api } = createORPCClient(new RPCLink({ websocket })).invoicing

const { runId } = await workflows.triggerReconciliation({ invoiceId: 'inv-socket' })
const seen = []
for await (const event of await workflows.watchRun({ runId })) seen.push(event.status)
const [missing] = await safe(workflows.getRunStatus({ runId: 'run-that-never-was' }))
const at_once = await Promise.all(Array.from({ length: 20 }, () => workflows.getRunStatus({ runId })))
tell({ seen, missing: missing.code, at_once: at_once.map((run) => run.status) })

const waiting = await api.startInvoiceProcessing({ invoiceId: 'inv-waiting' })
const stream = await workflows.watchRun({ runId: waiting.runId })
await stream.next()
tell({ watching: true })
const [cut] = await safe(stream.next())
tell({ closed: await closed, cut: cut !== null })
