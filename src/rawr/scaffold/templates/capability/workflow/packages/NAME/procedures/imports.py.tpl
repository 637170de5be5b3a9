"""Planning and running imports, and telling how far they are."""

from collections.abc import AsyncIterator

from rawr import coordination
from rawr.coordination import IllegalTransition, RunRecord, UnknownRun

from packages.$name.context import ${Name}Context
from packages.$name.domain.item import clean_title
from packages.$name.domain.status import RunState, is_terminal_status, to_run_state
from packages.$name.errors import RunNotFound, RunRef
from packages.$name.procedures.contract import FailImport, ImportItems, ImportPlan, PlanImport, WatchRun
from packages.$name.workflows.contract import RunStatus, RunTimeline, TimelineEvent


async def plan_import(
    context: ${Name}Context,
    input: PlanImport,
) -> ImportPlan:
    """What an import of these titles adds."""
    return ImportPlan(titles=list(dict.fromkeys(map(clean_title, input.titles))))


async def import_items(context: ${Name}Context, input: ImportItems) -> RunStatus:
    """Move the run to `running` and add its items.

    A retry finds the run `running` already and goes on, and no item is added twice. A run that
    ended meanwhile is left alone.
    """
    run = await _advance(context, input.run_id, "running", attempt=input.attempt)
    if run.status == "running":
        await context.deps.items.add(run.tenant_id, input.titles)
    return _status(run)


async def complete_import(context: ${Name}Context, input: RunRef) -> RunStatus:
    """End the import as `completed`."""
    return _status(await _advance(context, input.run_id, "completed"))


async def fail_import(context: ${Name}Context, input: FailImport) -> RunStatus:
    """End an import whose retries are exhausted; one that ended otherwise stays as it is."""
    return _status(await _advance(context, input.run_id, "failed", detail=input.reason))


async def get_run_status(context: ${Name}Context, input: RunRef) -> RunStatus:
    """Where one of the tenant's runs stands."""
    return _status(await _find(context, input.run_id))


async def get_run_timeline(context: ${Name}Context, input: RunRef) -> RunTimeline:
    """The life of one of the tenant's runs."""
    run = await _find(context, input.run_id)
    timeline = await context.deps.runs.timeline(run.run_id, tenant_id=run.tenant_id)
    return RunTimeline(run_id=run.run_id, events=[_event(event) for event in timeline.events])


async def watch_run(context: ${Name}Context, input: WatchRun) -> AsyncIterator[TimelineEvent]:
    """The life of one of the tenant's runs, as it happens, until it ends."""
    run = await _find(context, input.run_id)
    events = context.deps.runs.watch(run.run_id, tenant_id=run.tenant_id, after=input.after)
    async for event in events:
        yield _event(event)


async def _find(context: ${Name}Context, run_id: str) -> RunRecord:
    """The tenant's run; a run of another tenant is as missing as one that never was."""
    try:
        return await context.deps.runs.get(run_id, tenant_id=context.principal.tenant_id)
    except UnknownRun as error:
        raise RunNotFound(RunRef(run_id=run_id)) from error


async def _advance(
    context: ${Name}Context,
    run_id: str,
    status: RunState,
    *,
    detail: str | None = None,
    attempt: int | None = None,
) -> RunRecord:
    """The run after the move; one that may not make it stays where it is."""
    run = await _find(context, run_id)
    try:
        moved = await context.deps.runs.transition(
            run_id, status, tenant_id=run.tenant_id, detail=detail, attempt=attempt
        )
    except IllegalTransition as error:
        return error.run
    return moved.run


def _status(run: RunRecord) -> RunStatus:
    status = to_run_state(run.status)
    return RunStatus(run_id=run.run_id, status=status, is_terminal=is_terminal_status(status))


def _event(event: coordination.TimelineEvent) -> TimelineEvent:
    return TimelineEvent(
        sequence=event.sequence,
        type=event.type,
        ts=event.ts,
        status=to_run_state(event.status),
        detail=event.detail,
        attempt=event.attempt,
    )
