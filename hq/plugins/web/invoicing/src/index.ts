// The micro-frontend of invoicing: run a reconciliation and follow it live.
import './style.css'
import { createRpcClient, createWorkflowsClient, type Mount } from './hq.ts'
import { explain } from './errors.ts'
import { follow } from './follow.ts'
import { remembered } from './memory.ts'
import { page, type RunRow } from './view.ts'

export const mount: Mount = (element, context) => {
  const stopped = new AbortController()
  const signal = AbortSignal.any([context.signal, stopped.signal])
  const workflows = createWorkflowsClient(context).invoicing
  const api = createRpcClient(context).invoicing.api
  const memory = remembered(sessionStorage, `rawr.invoicing.${context.tenantId}.${context.subject}`)
  const view = page({ reconcile, register, open })
  const rows = new Map<string, RunRow>()
  let following = new AbortController()

  element.replaceChildren(view.root)
  for (const runId of memory.list().reverse()) void refresh(row(runId))

  /** Start a reconciliation of an invoice: a workflow call. */
  async function reconcile(invoiceId: string): Promise<void> {
    const { runId } = await workflows.triggerReconciliation({ invoiceId }, { signal })
    void watch(row(runId))
  }

  /** Register a run that nothing executes yet: an API call. */
  async function register(invoiceId: string): Promise<void> {
    const { runId } = await api.startInvoiceProcessing({ invoiceId, requestSource: 'web' }, { signal })
    await refresh(row(runId))
  }

  /** Show a run that was started elsewhere. */
  async function open(runId: string): Promise<void> {
    await workflows.getRunStatus({ runId }, { signal })
    void watch(row(runId))
  }

  /** Start the reconciliation of a run that is registered. */
  async function execute(run: RunRow): Promise<void> {
    await workflows.triggerReconciliation({ runId: run.runId }, { signal })
    void watch(run)
  }

  function row(runId: string): RunRow {
    const known = rows.get(runId)
    if (known) return known
    const added = view.add(runId, { execute: () => execute(added), watch: () => void watch(added) })
    rows.set(runId, added)
    memory.add(runId)
    return added
  }

  /** Ask once where a run stands: an API call, whose dates are dates. */
  async function refresh(run: RunRow): Promise<void> {
    try {
      const { status, updatedAt } = await api.getReconciliationStatus({ runId: run.runId }, { signal })
      run.show({ status, at: updatedAt, detail: null, sequence: 0 })
    } catch (error) {
      if (!signal.aborted) run.fail(explain(error))
    }
  }

  /** Follow a run until it ends; one at a time, as browsers open few streams to a host. */
  async function watch(run: RunRow): Promise<void> {
    following.abort()
    const current = (following = new AbortController())
    run.live(true)
    try {
      for await (const moment of follow(workflows, run.runId, AbortSignal.any([signal, current.signal]))) {
        run.show(moment)
      }
    } catch (error) {
      if (!signal.aborted && !current.signal.aborted) run.fail(explain(error))
    } finally {
      run.live(false)
    }
  }

  return () => {
    stopped.abort()
    following.abort()
    view.root.remove()
  }
}
