// What people read when a call fails, for every error the contract declares.
import { type InferClientErrorUnion, ORPCError, isDefinedError } from '@orpc/client'
import type { createWorkflowsClient } from './hq.ts'

type Failure = InferClientErrorUnion<ReturnType<typeof createWorkflowsClient>>
type Declared = Extract<Failure, ORPCError<string, unknown>>

/** A failure in words. */
export function explain(error: unknown): string {
  if (error instanceof ORPCError) {
    return isDefinedError(error) ? declared(error as Declared) : undeclared(error)
  }
  if (error instanceof TypeError) return 'The HQ cannot be reached. Check your connection and try again.'
  return error instanceof Error ? error.message : String(error)
}

function declared(error: Declared): string {
  switch (error.code) {
    case 'UNAUTHORIZED':
      return 'Your session has ended. Reload this page to sign in.'
    case 'FORBIDDEN':
      return 'You may not do this here. Ask for the role finance:write to run reconciliations, or finance:read to follow them.'
    case 'RUN_NOT_FOUND':
      return `There is no run ${error.data.runId} in your tenant.`
    case 'CONFLICT':
      return `The request ${error.data.requestId} was made before, with another input.`
    case 'PRECONDITION_FAILED':
      return `The run ${error.data.runId} has ended, or its reconciliation was already requested.`
    default:
      return error satisfies never
  }
}

function undeclared(error: ORPCError<string, unknown>): string {
  switch (error.status) {
    case 400:
      return `The HQ did not understand this input: ${error.message}`
    case 401:
      return 'Your session has ended. Reload this page to sign in.'
    case 429:
    case 503:
      return 'The HQ has much to do. Try again in a moment.'
    default:
      return `${error.message} (${error.code}, ${error.status})`
  }
}
