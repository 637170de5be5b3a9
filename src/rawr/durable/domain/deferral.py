"""Deferred runs: other functions that start when a run has ended (Inngest wire, defers)."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from rawr.durable.domain.event import DEFERRED_SCHEDULE, EventDraft, Json
from rawr.durable.domain.limits import MAX_DEFER_BYTES
from rawr.durable.domain.op import Opcode, RunError
from rawr.durable.domain.run import Deferral, DeferStatus, Run
from rawr.durable.domain.step import StepRecord, StepStatus

_encode = msgspec.json.encode

_REFUSALS: Final[Mapping[DeferStatus, RunError]] = {
    DeferStatus.ABORTED: RunError(name="DeferAborted", message="The function took it back"),
    DeferStatus.REJECTED: RunError(
        name="DeferRejected",
        message=f"The deferred inputs of one run may have {MAX_DEFER_BYTES} bytes together",
    ),
}


class _Body(msgspec.Struct):
    fn_slug: str
    input: Json = None
    meta: dict[str, Json] | None = None


_BODY: Final = msgspec.json.Decoder(_Body)


def deferral(name: str, *, function_id: str, input_: Json, meta: Json = None) -> Deferral:
    """Return the deferral of a function's run with an input and the meta of its event."""
    body = _encode({"fn_slug": function_id, "input": input_, "meta": meta})
    return Deferral(status=DeferStatus.AFTER_RUN, name=name, body=body)


def deferral_record(hashed_id: str, one: Deferral, *, now: int, ended: bool = False) -> StepRecord:
    """Return what history keeps of a deferral; `ended` says that its run has been started."""
    refusal = _REFUSALS.get(one.status)
    over = ended or refusal is not None
    status = StepStatus.COMPLETED if ended else StepStatus.OPEN
    return StepRecord(
        id=hashed_id,
        op=Opcode.DEFER_ADD,
        name=one.name,
        status=status if refusal is None else StepStatus.FAILED,
        # As with any step, a memo says that nothing is to come of it any more.
        memo=b"null" if over else None,
        started_at=now,
        ended_at=now if over else None,
        error=None if refusal is None else _encode(refusal.as_json()),
        input=one.body or None,
    )


def recorded_deferral(step: StepRecord) -> Deferral:
    """Return the deferral history keeps."""
    if step.memo is None:
        return Deferral(status=DeferStatus.AFTER_RUN, name=step.name, body=step.input or b"")
    return Deferral(status=DeferStatus.ABORTED, name=step.name)


def deferred_event(run: Run, hashed_id: str, one: Deferral) -> EventDraft:
    """Return the event that starts what a run has put off."""
    body = _BODY.decode(one.body)
    given = body.input if isinstance(body.input, dict) else {}
    marks = {
        "fn_slug": body.fn_slug,
        "hashed_defer_id": hashed_id,
        "parent_fn_slug": run.function_id,
        "parent_run_id": run.id,
    }
    return EventDraft(name=DEFERRED_SCHEDULE, data={**given, "_inngest": marks}, meta=body.meta)


def pending(deferrals: Mapping[str, Deferral]) -> Iterator[tuple[str, Deferral]]:
    """Yield the deferrals that start when their run has ended."""
    for hashed_id, one in deferrals.items():
        if one.status is DeferStatus.AFTER_RUN:
            yield hashed_id, one
