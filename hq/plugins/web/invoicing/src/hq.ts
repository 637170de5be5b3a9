// Made by `rawr typescript` from the contracts of this HQ. Do not edit: change the contract and
// make it again.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { eventIterator, oc, type, type ContractRouterClient } from '@orpc/contract'
import type { JsonifiedClient } from '@orpc/openapi-client'
import { OpenAPILink } from '@orpc/openapi-client/fetch'

export const RunBadge = ['success', 'danger', 'warning', 'neutral'] as const
export type RunBadge = (typeof RunBadge)[number]

export const RunState = ['queued', 'running', 'reconciling', 'completed', 'failed', 'canceled'] as const
export type RunState = (typeof RunState)[number]

const canCancelTable: Record<RunState, boolean> = {
  queued: true,
  running: true,
  reconciling: false,
  completed: false,
  failed: false,
  canceled: false,
}
/** True while nothing has been reconciled yet. */
export function canCancel(status: RunState): boolean {
  return canCancelTable[status]
}

const isTerminalStatusTable: Record<RunState, boolean> = {
  queued: false,
  running: false,
  reconciling: false,
  completed: true,
  failed: true,
  canceled: true,
}
/** True if the run has ended. */
export function isTerminalStatus(status: RunState): boolean {
  return isTerminalStatusTable[status]
}

const toRunBadgeTable: Record<RunState, RunBadge> = {
  queued: 'neutral',
  running: 'warning',
  reconciling: 'warning',
  completed: 'success',
  failed: 'danger',
  canceled: 'neutral',
}
/** How a console shows the status. */
export function toRunBadge(status: RunState): RunBadge {
  return toRunBadgeTable[status]
}

/** The registered run. */
export type InvoiceProcessingStarted = {
  runId: string
  accepted: boolean
}

/** How far the processing of an invoice is. */
export type InvoiceProcessingStatus = {
  runId: string
  phase: RunState
  isTerminal: boolean
}

/** The reconciliation is queued and will run, whatever happens to the process. */
export type ReconciliationAccepted = {
  accepted: true
  runId: string
  correlationId: string
}

/** The invoices of one account to reconcile; a dry run changes none of them. */
export type ReconciliationScope = {
  accountId: string
  invoiceIds: string[]
  /** @default false */
  dryRun?: boolean
}

/** Where the reconciliation of a run stands. */
export type ReconciliationStatus = {
  runId: string
  tenantId: string
  status: RunState
  isTerminal: boolean
  updatedAt: Date
}

/** Names a trigger request. */
export type RequestRef = {
  requestId: string
}

/** Names a run. */
export type RunRef = {
  runId: string
}

/** Where a run stands. */
export type RunStatus = {
  runId: string
  status: RunState
  isTerminal: boolean
}

/** The life of a run, in sequence order. */
export type RunTimeline = {
  runId: string
  events: TimelineEvent[]
}

/** Registers a run for an invoice; it dispatches nothing. */
export type StartInvoiceProcessing = {
  invoiceId: string
  requestedByUserId?: string | null
  requestSource?: string | null
}

/**
 * One step of a run's life; `sequence` orders them and resumes a stream.
 *
 * `correlation_id` is that of the request it goes back to.
 */
export type TimelineEvent = {
  eventId: string
  sequence: number
  runId: string
  correlationId: string | null
  type: string
  ts: Date
  status: RunState
  detail: string | null
  attempt: number | null
}

/** Exactly one target: a registered run, one invoice, or a scope. */
export type TriggerReconciliation = ({ requestId?: string | null; requestedByUserId?: string | null; runId?: string | null; invoiceId?: string | null; scope?: ReconciliationScope | null }) & ({ runId: unknown } | { invoiceId: unknown } | { scope: unknown })

const unauthorized = { status: 401, message: 'Sign in or send a valid token.' }

const forbidden = { status: 403, message: 'The caller may not do this.' }

const runNotFound = { status: 404, message: 'Run not found.', data: type<RunRef>() }

const conflict = { status: 409, message: 'The request id was already used with another input.', data: type<RequestRef>() }

const preconditionFailed = { status: 412, message: 'The run is not queued or running, or its reconciliation was already requested.', data: type<RunRef>() }

/** Register invoices and read how far they are. */
export const invoicingApi = {
  /** Register a run for an invoice */
  startInvoiceProcessing: oc
    .route({ method: 'POST', path: '/invoicing/processing/start' })
    .errors({ UNAUTHORIZED: unauthorized, FORBIDDEN: forbidden })
    .input(type<StartInvoiceProcessing>())
    .output(type<InvoiceProcessingStarted>()),
  /** How far an invoice is */
  getInvoiceProcessingStatus: oc
    .route({ method: 'GET', path: '/invoicing/processing/{runId}' })
    .errors({ RUN_NOT_FOUND: runNotFound, UNAUTHORIZED: unauthorized, FORBIDDEN: forbidden })
    .input(type<RunRef>())
    .output(type<InvoiceProcessingStatus>()),
  /** Where a reconciliation stands */
  getReconciliationStatus: oc
    .route({ method: 'GET', path: '/invoicing/reconciliation/{runId}' })
    .errors({ RUN_NOT_FOUND: runNotFound, UNAUTHORIZED: unauthorized, FORBIDDEN: forbidden })
    .input(type<RunRef>())
    .output(type<ReconciliationStatus>()),
}

/** Trigger a reconciliation and follow it. */
export const invoicingWorkflows = {
  /** Start a reconciliation */
  triggerReconciliation: oc
    .route({ method: 'POST', path: '/invoicing/reconciliation/trigger' })
    .errors({ RUN_NOT_FOUND: runNotFound, CONFLICT: conflict, PRECONDITION_FAILED: preconditionFailed, UNAUTHORIZED: unauthorized, FORBIDDEN: forbidden })
    .input(type<TriggerReconciliation>())
    .output(type<ReconciliationAccepted>()),
  /** Where a run stands */
  getRunStatus: oc
    .route({ method: 'GET', path: '/invoicing/runs/{runId}' })
    .errors({ RUN_NOT_FOUND: runNotFound, UNAUTHORIZED: unauthorized, FORBIDDEN: forbidden })
    .input(type<RunRef>())
    .output(type<RunStatus>()),
  /** The life of a run */
  getRunTimeline: oc
    .route({ method: 'GET', path: '/invoicing/runs/{runId}/timeline' })
    .errors({ RUN_NOT_FOUND: runNotFound, UNAUTHORIZED: unauthorized, FORBIDDEN: forbidden })
    .input(type<RunRef>())
    .output(type<RunTimeline>()),
  /** The life of a run, as it happens */
  watchRun: oc
    .route({ method: 'GET', path: '/invoicing/runs/{runId}/events' })
    .errors({ RUN_NOT_FOUND: runNotFound, UNAUTHORIZED: unauthorized, FORBIDDEN: forbidden })
    .input(type<RunRef>())
    .output(eventIterator(type<TimelineEvent>())),
}

export const rpc = {
  invoicing: {
    api: invoicingApi,
    workflows: invoicingWorkflows,
  },
}

export const workflows = {
  invoicing: invoicingWorkflows,
}

/** What every client needs to know of the HQ. */
export interface ClientOptions {
  /** Scheme, host and port of the HQ, such as https://hq.example.com. */
  readonly origin: string
  /** Sent with every call: a token, or what a web plugin is mounted with. */
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the global fetch. */
  readonly fetch?: (request: Request, init: RequestInit) => Promise<Response>
}

/** First-party calls over RPC, on /rpc: every value keeps its type. */
export function createRpcClient(options: ClientOptions): ContractRouterClient<typeof rpc> {
  const send = options.fetch ?? globalThis.fetch
  return createORPCClient(
    new RPCLink({
      url: `${options.origin}/rpc`,
      headers: () => ({ 'x-csrf-token': 'orpc', ...options.headers }),
      fetch: (request, init) => send(request, { ...init, credentials: 'include' }),
    }),
  )
}

/** First-party calls over OpenAPI, on /api/workflows, with the session's cookie; dates come as text. */
export function createWorkflowsClient(
  options: ClientOptions,
): JsonifiedClient<ContractRouterClient<typeof workflows>> {
  const send = options.fetch ?? globalThis.fetch
  return createORPCClient(
    new OpenAPILink(workflows, {
      url: `${options.origin}/api/workflows`,
      headers: () => ({ 'x-csrf-token': 'orpc', ...options.headers }),
      fetch: (request, init) => send(request, { ...init, credentials: 'include' }),
    }),
  )
}

/** What a web plugin is mounted with: who is signed in, and how to call the HQ for them. */
export interface MountContext {
  /** The capability whose plugin this is. */
  readonly capability: string
  /** Scheme, host and port of the HQ; with `headers`, all that the clients above need. */
  readonly origin: string
  /** For every call: the CSRF token, and the correlation id of this visit. */
  readonly headers: Readonly<Record<string, string>>
  /** Where the route families are, for links of one's own. */
  readonly urls: { readonly rpc: string; readonly workflows: string }
  /** Groups everything this visit causes, in logs, events and timelines. */
  readonly correlationId: string
  readonly tenantId: string
  readonly subject: string
  readonly roles: readonly string[]
  /** Aborted when the plugin is unmounted. */
  readonly signal: AbortSignal
}

/** Removes what was mounted. */
export type Unmount = () => void

/** What the entry of a web plugin exports as `mount`. */
export type Mount = (
  element: HTMLElement,
  context: MountContext,
) => Unmount | undefined | Promise<Unmount | undefined>
