"""Asking for a reconciliation, doing it, and recording how it ended."""

from packages.invoicing.context import TenantContext
from packages.invoicing.domain.run import ReconciliationScope, Run
from packages.invoicing.domain.status import RunState, can_queue_reconciliation
from packages.invoicing.errors import NotFound, RunRef
from packages.invoicing.procedures.contract import (
    CurrentStatus,
    MarkResult,
    PreflightOutcome,
    PreflightReconciliation,
    QueueOutcome,
    QueueReconciliation,
    Reconcile,
    ReconcileOutcome,
    RecordFailure,
)
from packages.invoicing.procedures.runs import find_run


async def queue_reconciliation(context: TenantContext, input: QueueReconciliation) -> QueueOutcome:
    """Whether a registered run may be reconciled, and over which scope."""
    run = await find_run(context, input.run_id)
    scope = run.scope
    if run.invoice_id is not None:
        scope = ReconciliationScope(account_id=run.tenant_id, invoice_ids=[run.invoice_id])
    if not can_queue_reconciliation(run.status):
        return QueueOutcome(accepted=False, reason="invalid-state", scope=scope)
    return QueueOutcome(accepted=True, run_id=run.run_id, scope=scope)


async def preflight_reconciliation(
    context: TenantContext,
    input: PreflightReconciliation,  # noqa: ARG001 - its schema is the check of the scope
) -> PreflightOutcome:
    """Reserve a run for a scope.

    The row itself is written by the dispatch, in the transaction that queues the event, so
    that no run can wait for an event that was never sent.
    """
    return PreflightOutcome(
        run_id=context.deps.new_run_id(), correlation_id=context.request.correlation_id
    )


async def reconcile(context: TenantContext, input: Reconcile) -> ReconcileOutcome:
    """Move the run to `reconciling` and reconcile its invoices.

    A run that ended meanwhile (canceled, say) is left alone; a retry finds it `reconciling`
    already and goes on.
    """
    run = await _advance(context, input.run_id, "reconciling", attempt=input.attempt)
    if run.status != "reconciling":
        return ReconcileOutcome(ok=False, status=run.status)
    foreign = await context.deps.reconcile(run.run_id, input.scope)
    return ReconcileOutcome(ok=not foreign, status=run.status)


async def mark_reconciliation_result(context: TenantContext, input: MarkResult) -> CurrentStatus:
    """End the reconciliation as `completed` or `failed`; a run not under way stays as it is."""
    run = await find_run(context, input.run_id)
    if run.status == "reconciling":
        run = await _advance(context, input.run_id, "completed" if input.ok else "failed")
    return CurrentStatus(run_id=run.run_id, status=run.status)


async def record_failure(context: TenantContext, input: RecordFailure) -> CurrentStatus:
    """End a run whose retries are exhausted; one that ended otherwise stays as it is."""
    run = await _advance(context, input.run_id, "failed", detail=input.reason)
    return CurrentStatus(run_id=run.run_id, status=run.status)


async def _advance(
    context: TenantContext,
    run_id: str,
    status: RunState,
    *,
    detail: str | None = None,
    attempt: int | None = None,
) -> Run:
    run = await context.deps.advance(run_id, status, detail=detail, attempt=attempt)
    if run is None:
        raise NotFound(RunRef(run_id=run_id))
    return run
