// Following a run: its event stream, and questions in between where the stream breaks.
import { getEventMeta, ORPCError } from '@orpc/client'
import { isTerminalStatus, type createWorkflowsClient, type RunState } from './hq.ts'

type Workflows = ReturnType<typeof createWorkflowsClient>['invoicing']

/** One step of a run's life, as it is shown. */
export interface Moment {
  readonly status: RunState
  readonly at: Date
  readonly detail: string | null
  /** Orders the steps of a run; 0 where only its status is known. */
  readonly sequence: number
}

const POLL_MILLISECONDS = 1500

/** Yields what happens to a run until it ends; what the contract declares as an error is thrown. */
export async function* follow(
  workflows: Workflows,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<Moment, void> {
  let lastEventId: string | undefined
  let isOver = false
  while (!signal.aborted) {
    try {
      for await (const event of await workflows.watchRun({ runId }, { signal, lastEventId })) {
        lastEventId = getEventMeta(event)?.id ?? lastEventId
        isOver = isTerminalStatus(event.status)
        yield { status: event.status, at: new Date(event.ts), detail: event.detail, sequence: event.sequence }
      }
    } catch (error) {
      if (signal.aborted || isFinal(error)) throw error
    }
    if (isOver) return
    const { status } = await workflows.getRunStatus({ runId }, { signal })
    if (isTerminalStatus(status)) {
      yield { status, at: new Date(), detail: null, sequence: 0 }
      return
    }
    await pause(POLL_MILLISECONDS, signal)
  }
}

/** Errors that asking again does not mend: declared ones, and those that blame the request. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof ORPCError)) return false
  const { defined, status } = error
  return defined || (status >= 400 && status < 500 && status !== 429)
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
