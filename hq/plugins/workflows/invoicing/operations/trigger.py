"""The only path that starts a reconciliation."""

from packages.invoicing.domain.run import ReconciliationScope, RunTarget
from packages.invoicing.errors import (
    Forbidden,
    NotFound,
    ReconciliationNotPossible,
    RequestConflict,
    RequestRef,
    RunNotFound,
    RunRef,
)
from packages.invoicing.procedures.contract import PreflightReconciliation, QueueReconciliation
from packages.invoicing.service.workflow import RECONCILIATION
from packages.invoicing.workflows.contract import ReconciliationAccepted, TriggerReconciliation
from plugins.workflows.invoicing.context import InvoicingWorkflowContext
from plugins.workflows.invoicing.functions.event import (
    ReconciliationRequested,
    ReconciliationRequestedData,
)
from plugins.workflows.invoicing.operations.access import require_trigger_permission
from rawr.coordination import (
    Dispatched,
    IdempotencyConflict,
    RunNotDispatchable,
    RunRequest,
    UnknownRun,
)


async def trigger(
    context: InvoicingWorkflowContext, input: TriggerReconciliation
) -> ReconciliationAccepted:
    """Accept a reconciliation: the run, its timeline entry and its event, or none of them.

    Repeating a request id with the same input leads to the same run and sends nothing again.
    """
    require_trigger_permission(context)
    if input.requested_by_user_id not in (None, context.principal.subject):
        raise Forbidden(message="requestedByUserId is not the caller")
    request_id = input.request_id or context.request.request_id
    if input.run_id is not None:
        dispatched = await _registered(context, request_id, input.run_id)
    else:
        dispatched = await _new(context, request_id, _scope(context, input))
    return ReconciliationAccepted(
        run_id=dispatched.run.run_id, correlation_id=dispatched.run.correlation_id
    )


async def _registered(
    context: InvoicingWorkflowContext, request_id: str, run_id: str
) -> Dispatched:
    try:
        queued = await context.invoicing.queue_reconciliation(
            QueueReconciliation(run_id=run_id, requested_by=context.principal.subject)
        )
    except NotFound as error:
        raise RunNotFound(RunRef(run_id=run_id)) from error
    if queued.scope is None:
        raise ReconciliationNotPossible(RunRef(run_id=run_id))
    # Not accepted is not the last word: this very request may have been accepted before, and
    # only the dispatch, in its transaction, can tell.
    target = RunTarget(invoice_id=queued.scope.invoice_ids[0])
    return await _dispatch(context, request_id, run_id, queued.scope, target, registered=True)


async def _new(
    context: InvoicingWorkflowContext, request_id: str, scope: ReconciliationScope
) -> Dispatched:
    preflight = await context.invoicing.preflight_reconciliation(
        PreflightReconciliation(request_id=request_id, scope=scope)
    )
    target = RunTarget(scope=scope)
    return await _dispatch(context, request_id, preflight.run_id, scope, target, registered=False)


async def _dispatch(
    context: InvoicingWorkflowContext,
    request_id: str,
    run_id: str,
    scope: ReconciliationScope,
    target: RunTarget,
    *,
    registered: bool,
) -> Dispatched:
    principal, request = context.principal, context.request
    event = ReconciliationRequested.event(
        ReconciliationRequestedData(
            tenant_id=principal.tenant_id,
            run_id=run_id,
            request_id=request_id,
            correlation_id=request.correlation_id,
            requested_by=principal.subject,
            scope=scope,
        )
    )
    run = RunRequest(
        workflow=RECONCILIATION,
        tenant_id=principal.tenant_id,
        requested_by=principal.subject,
        request_id=request_id,
        correlation_id=request.correlation_id,
        run_id=run_id,
        idempotency_key=request_id,
        input=target,
        registered=registered,
    )
    try:
        return await context.dispatch.send(event, run=run)
    except IdempotencyConflict as error:
        raise RequestConflict(RequestRef(request_id=request_id)) from error
    except RunNotDispatchable as error:
        raise ReconciliationNotPossible(RunRef(run_id=run_id)) from error
    except UnknownRun as error:
        raise RunNotFound(RunRef(run_id=run_id)) from error


def _scope(context: InvoicingWorkflowContext, input: TriggerReconciliation) -> ReconciliationScope:
    if input.scope is not None:
        return input.scope
    assert input.invoice_id is not None  # the contract admits exactly one target
    return ReconciliationScope(
        account_id=context.principal.tenant_id, invoice_ids=[input.invoice_id]
    )
