"""The events the engine emits about runs (Inngest wire, lifecycle events)."""

from collections.abc import Iterator

import msgspec

from rawr.durable.domain.event import (
    FUNCTION_CANCELLED,
    FUNCTION_FAILED,
    FUNCTION_FINISHED,
    FUNCTION_INVOKED,
    Event,
    EventDraft,
    Json,
)
from rawr.durable.domain.op import RunError
from rawr.durable.domain.run import Run, RunStatus

_STATUS_LABEL = {
    RunStatus.COMPLETED: "Completed",
    RunStatus.FAILED: "Failed",
    RunStatus.CANCELLED: "Cancelled",
}
_WITHOUT_LIFECYCLE = frozenset({FUNCTION_FAILED, FUNCTION_FINISHED, FUNCTION_CANCELLED})


def lifecycle_events(
    run: Run, status: RunStatus, *, output: bytes | None, error: RunError | None
) -> Iterator[EventDraft]:
    """Yield what to emit when a run ends; nothing when the run itself handles such an event."""
    if run.event.name in _WITHOUT_LIFECYCLE:
        return
    data = _ended(run, status, output=output, error=error)
    meta = {"sessions": run.event.sessions} if run.event.sessions else None
    if status is RunStatus.FAILED:
        yield EventDraft(name=FUNCTION_FAILED, data=data, id=run.id, meta=meta)
    elif status is RunStatus.CANCELLED:
        yield EventDraft(name=FUNCTION_CANCELLED, data=data, id=run.id, meta=meta)
    yield EventDraft(name=FUNCTION_FINISHED, data=data, meta=meta)


def invoked_event(
    *,
    function_id: str,
    source_function_id: str,
    correlation_id: str,
    expires_at: int,
    step_name: str,
    payload: dict[str, Json],
) -> EventDraft:
    """Return the event that starts an invoked function's run."""
    given = payload.get("data")
    data = dict(given) if isinstance(given, dict) else {}
    data["_inngest"] = {
        "correlation_id": correlation_id,
        "expire": expires_at,
        "fn_id": function_id,
        "name": step_name,
        "source_fn_id": source_function_id,
        "source_fn_v": 1,
    }
    user = payload.get("user")
    version = payload.get("v")
    meta = payload.get("meta")
    return EventDraft(
        name=FUNCTION_INVOKED,
        data=data,
        user=user if isinstance(user, dict) else None,
        v=version if isinstance(version, str) else None,
        meta=meta if isinstance(meta, dict) else None,
    )


def invoker_of(event: Event) -> str | None:
    """Return the correlation id of the step that sent an event to invoke a function."""
    marks = event.data.get("_inngest") if event.name == FUNCTION_INVOKED else None
    correlation_id = marks.get("correlation_id") if isinstance(marks, dict) else None
    return correlation_id if isinstance(correlation_id, str) else None


def invokers_of(run: Run) -> Iterator[str]:
    """Yield the correlation ids of the steps that wait for the end of a run.

    Each event of a batch may have one; a repeated run has none.
    """
    if run.correlation_id is not None:
        yield run.correlation_id
    if len(run.events) > 1 and run.original_run_id is None:
        for event in run.events[1:]:
            correlation_id = invoker_of(event)
            if correlation_id is not None:
                yield correlation_id


def _ended(
    run: Run, status: RunStatus, *, output: bytes | None, error: RunError | None
) -> dict[str, Json]:
    events = [event.as_json() for event in run.events]
    data: dict[str, Json] = {
        "_inngest": {"status": _STATUS_LABEL[status]},
        "event": events[0],
        "events": events,
        "function_id": run.function_id,
        "run_id": run.id,
    }
    if run.correlation_id is not None:
        data["correlation_id"] = run.correlation_id
    if error is not None:
        data["error"] = error.as_json()
        data["result"] = _raw_error(error)
    else:
        data["result"] = None if output is None else msgspec.json.decode(output)
    return data


def _raw_error(error: RunError) -> Json:
    return error.as_memo() if error.raw is None else msgspec.json.decode(error.raw)
