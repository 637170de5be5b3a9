// Drives a running HQ as a TypeScript application would: over /rpc with an RPCLink and over
// /api/workflows with an OpenAPILink. Reads {baseUrl, token} from stdin, writes what it saw.
import { createORPCClient, isDefinedError, ORPCError, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { oc } from '@orpc/contract'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { z } from 'zod'

const { baseUrl, token } = JSON.parse(await new Response(process.stdin).text())
const headers = { authorization: `Bearer ${token}` }

const runRef = z.object({ runId: z.string() })
const runStatus = z.object({ runId: z.string(), status: z.string(), isTerminal: z.boolean() })
const errors = { RUN_NOT_FOUND: { status: 404, data: runRef } }

const workflows = {
  triggerReconciliation: oc
    .route({ method: 'POST', path: '/invoicing/reconciliation/trigger' })
    .input(z.object({ invoiceId: z.string(), requestId: z.string().optional() }))
    .output(z.object({ accepted: z.literal(true), runId: z.string(), correlationId: z.string() }))
    .errors(errors),
  getRunStatus: oc.route({ method: 'GET', path: '/invoicing/runs/{runId}' }).input(runRef).output(runStatus).errors(errors),
  getRunTimeline: oc
    .route({ method: 'GET', path: '/invoicing/runs/{runId}/timeline' })
    .input(runRef)
    .output(z.object({ runId: z.string(), events: z.array(z.any()) }))
    .errors(errors),
}

const rpc = createORPCClient(new RPCLink({ url: `${baseUrl}/rpc`, headers }))
const openapi = createORPCClient(new OpenAPILink(workflows, { url: `${baseUrl}/api/workflows`, headers }))

async function drive(client, invoiceId) {
  const accepted = await client.triggerReconciliation({ invoiceId })
  const first = await client.getRunStatus({ runId: accepted.runId })
  const deadline = Date.now() + 20_000
  let status = first
  while (!status.isTerminal) {
    if (Date.now() > deadline) throw new Error(`run ${accepted.runId} is still ${status.status}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
    status = await client.getRunStatus({ runId: accepted.runId })
  }
  const timeline = await client.getRunTimeline({ runId: accepted.runId })
  return { accepted, first, status, timeline: timeline.events.map((event) => [event.sequence, event.status]) }
}

async function failure(client) {
  const [error] = await safe(client.getRunStatus({ runId: 'run-that-never-was' }))
  return {
    isORPCError: error instanceof ORPCError,
    isDefined: isDefinedError(error),
    code: error.code,
    status: error.status,
    data: error.data,
  }
}

const invoicing = rpc.invoicing.workflows
console.log(
  JSON.stringify({
    rpc: { ...(await drive(invoicing, 'inv-rpc')), failure: await failure(invoicing) },
    openapi: { ...(await drive(openapi, 'inv-openapi')), failure: await failure(openapi) },
    watched: await watch(),
  }),
)

async function watch() {
  const { runId } = await invoicing.triggerReconciliation({ invoiceId: 'inv-watched' })
  const seen = []
  for await (const event of await invoicing.watchRun({ runId })) {
    seen.push([event.sequence, event.status, event.ts instanceof Date])
  }
  return seen
}
