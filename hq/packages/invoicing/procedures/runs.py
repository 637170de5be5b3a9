"""Registering, reading and canceling runs."""

from collections.abc import AsyncIterator

from packages.invoicing.context import TenantContext
from packages.invoicing.domain.run import Run
from packages.invoicing.domain.status import can_cancel, is_terminal_status
from packages.invoicing.errors import NotFound, RunRef
from packages.invoicing.procedures.contract import (
    CancelOutcome,
    CurrentStatus,
    ReconciliationStatus,
    RunStarted,
    StartRun,
    WatchTimeline,
)
from packages.invoicing.workflows.contract import RunTimeline, TimelineEvent
from rawr.contract import ORPCError


async def start(context: TenantContext, input: StartRun) -> RunStarted:
    """Register a run for one invoice; nothing is dispatched."""
    try:
        run = await context.deps.register(
            invoice_id=input.invoice_id,
            requested_by=input.requested_by,
            request=context.request,
        )
    except Exception as error:
        raise ORPCError("INTERNAL_SERVER_ERROR", message="Failed to start invoice") from error
    return RunStarted(run_id=run.run_id, accepted=True)


async def get_status(context: TenantContext, input: RunRef) -> CurrentStatus:
    """The status of one of the tenant's runs."""
    run = await find_run(context, input.run_id)
    return CurrentStatus(run_id=run.run_id, status=run.status)


async def get_reconciliation_status(context: TenantContext, input: RunRef) -> ReconciliationStatus:
    """Where the reconciliation of one of the tenant's runs stands."""
    run = await find_run(context, input.run_id)
    return ReconciliationStatus(
        run_id=run.run_id,
        tenant_id=run.tenant_id,
        status=run.status,
        is_terminal=is_terminal_status(run.status),
        updated_at=run.updated_at,
    )


async def get_timeline(context: TenantContext, input: RunRef) -> RunTimeline:
    """The life of one of the tenant's runs."""
    events = await context.deps.timeline(input.run_id)
    if events is None:
        raise NotFound(input)
    return RunTimeline(run_id=input.run_id, events=events)


async def watch_timeline(
    context: TenantContext, input: WatchTimeline
) -> AsyncIterator[TimelineEvent]:
    """The life of one of the tenant's runs, as it happens, until it ends."""
    run = await find_run(context, input.run_id)
    async for event in context.deps.watch(run.run_id, input.after):
        yield event


async def cancel(context: TenantContext, input: RunRef) -> CancelOutcome:
    """Cancel a run that has not been reconciled yet."""
    run = await find_run(context, input.run_id)
    if not can_cancel(run.status):
        return CancelOutcome(accepted=False)
    after = await context.deps.advance(run.run_id, "canceled")
    return CancelOutcome(accepted=after is not None and after.status == "canceled")


async def find_run(context: TenantContext, run_id: str) -> Run:
    """The tenant's run; a run of another tenant is as missing as one that never was."""
    run = await context.deps.get(run_id)
    if run is None:
        raise NotFound(RunRef(run_id=run_id))
    return run
