"""The run state machine: `(state, input, now) -> (state', effects)`, without clock, ids or I/O.

Theory of operation. A run is advanced by *calls*. A call replays the function over the memos of
its settled steps and ends in one of three ways: the function returned, the function failed, or
it reported operations. An operation either settles its step at once (`StepRun`, `StepFailed`) or
leaves it *open* (`StepPlanned`, `Sleep`, `WaitForEvent`, ...) until another queue item settles it.
The first memo written for a step stays. When a step is settled, the function must be called
again to discover what comes next: at once for a single step, and once for a whole parallel group
when its last step is settled (in race mode, after each).

Every queue item is consumed by exactly one of: being dropped, being requeued with the next
attempt, or the end of its run. So a live run always has a queue item or a pause, or it would
never move again; `respond` re-drives the call when an SDK reports nothing and nothing is open.

Which inputs a status accepts, and where they lead:

    queued    --respond/checkpoint--> running --respond--> completed | failed
    queued, running --cancel--> cancelled
    completed, failed, cancelled, skipped: accept nothing; the item is dropped
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from rawr.durable.domain.draft import Rules, RunDraft
from rawr.durable.domain.effects import DropItem, Effect, Requeue, ResetAttempt, Transition
from rawr.durable.domain.limits import ENDPOINT_LEASE_MS
from rawr.durable.domain.op import (
    LAZY,
    RUN_COMPLETE_ID,
    Errored,
    Op,
    Opcode,
    Reported,
    Response,
    Returned,
    RunError,
)
from rawr.durable.domain.ops import (
    abort_deferral,
    add_deferral,
    fail_signal_conflict,
    open_step,
    settle_step,
)
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import RunState, RunStatus

_encode = msgspec.json.encode

_OpHandler = Callable[[RunDraft, Op], None]

_FAILURES: Final = frozenset({Opcode.STEP_ERROR, Opcode.STEP_FAILED})
#: What a request reports of steps it executed itself, before it goes on.
_EXECUTED: Final = frozenset({Opcode.STEP, Opcode.STEP_RUN}) | LAZY


def respond(
    state: RunState,
    item: QueueItem,
    response: Response,
    *,
    now: int,
    rules: Rules,
    called_at: int | None = None,
) -> Transition:
    """Decide what a finished call means.

    `item` is the queue item that made the call, which began at `called_at`; times are in
    milliseconds since the epoch.
    """
    if state.status.is_terminal:
        return _drop(state)
    draft = RunDraft(state, item=item, now=now, rules=rules)
    draft.called_at = called_at
    match response:
        case Returned():
            draft.end(RunStatus.COMPLETED, output=response.output)
        case Errored():
            _fail_attempt(draft, response)
        case Reported():
            _report(draft, response)
    return draft.transition()


def checkpoint(
    state: RunState, item: QueueItem, ops: tuple[Op, ...], *, now: int, rules: Rules
) -> Transition:
    """Decide what steps mean that settled while their call goes on."""
    if state.status.is_terminal:
        return _drop(state)
    draft = RunDraft(state, item=item, now=now, rules=rules)
    _settle_all(draft, ops)
    if item.attempt > 0:
        draft.effects.append(ResetAttempt())
    return draft.transition()


def report(
    state: RunState, item: QueueItem, ops: tuple[Op, ...], *, now: int, rules: Rules
) -> Transition:
    """Decide what operations mean that the request a run began with reports while it goes on.

    The item in hand is the run's lease: a call that is due once the request has been silent for
    too long. What the request cannot do itself, such as a sleep, ends its part in the run.
    """
    if state.status.is_terminal:
        return Transition(before=state, after=state, effects=())
    if any(op.op not in _EXECUTED for op in ops):
        return respond(state, item, Reported(ops=ops, request_version=2), now=now, rules=rules)
    draft = RunDraft(state, item=item, now=now, rules=rules)
    _settle_all(draft, ops)
    if not draft.is_over:
        draft.effects.append(Requeue(due_at=now + ENDPOINT_LEASE_MS, attempt=0))
    return draft.transition()


def resume(state: RunState, item: QueueItem, *, now: int, rules: Rules) -> Transition:
    """Settle the open step a queue item names, and find out what comes next."""
    opened = None if item.step_id is None else state.open.get(item.step_id)
    if state.status.is_terminal or item.step_id is None or opened is None:
        return _drop(state)
    draft = RunDraft(state, item=item, now=now, rules=rules)
    draft.effects.append(DropItem())
    draft.settle(
        item.step_id,
        memo=item.payload or b"null",
        op=opened.op,
        name=opened.name,
        attempts=item.attempt + 1,
    )
    draft.discover(item.step_id)
    return draft.transition()


def gateway_answered(
    state: RunState, item: QueueItem, response: Returned | Errored, *, now: int, rules: Rules
) -> Transition:
    """Decide what the answer to an open step's HTTP request means."""
    opened = None if item.step_id is None else state.open.get(item.step_id)
    if state.status.is_terminal or item.step_id is None or opened is None:
        return _drop(state)
    draft = RunDraft(state, item=item, now=now, rules=rules)
    if isinstance(response, Errored) and draft.retry(
        error=response.error, delay_ms=response.retry_after_ms
    ):
        return draft.transition()
    error = response.error if isinstance(response, Errored) else None
    memo = (
        b'{"data":' + response.output + b"}"
        if isinstance(response, Returned)
        else _encode({"error": response.error.as_memo()})
    )
    draft.effects.append(DropItem())
    draft.settle(
        item.step_id,
        memo=memo,
        op=opened.op,
        name=opened.name,
        attempts=item.attempt + 1,
        error=error,
    )
    draft.discover(item.step_id)
    return draft.transition()


def cancel(state: RunState, *, now: int, rules: Rules, item: QueueItem | None = None) -> Transition:
    """End a live run as cancelled; an ended run stays as it is."""
    if state.status.is_terminal:
        return Transition(before=state, after=state, effects=())
    draft = RunDraft(state, item=item, now=now, rules=rules)
    draft.end(RunStatus.CANCELLED)
    return draft.transition()


def signal_conflict(
    state: RunState, item: QueueItem | None, *, now: int, rules: Rules
) -> Transition:
    """End a run that waits for a signal another run waits for already."""
    draft = RunDraft(state, item=item, now=now, rules=rules)
    fail_signal_conflict(draft)
    return draft.transition()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disposition:
    """How an operation of a response is treated."""

    apply: _OpHandler
    waits_outside: bool = False
    """True for operations that must be stored before their siblings: their answer may already be
    on its way."""


def _retry_step(draft: RunDraft, op: Op) -> None:
    error = op.error or RunError(name="Error", message="the step failed without an error")
    if not op.no_retry and draft.retry(step_op=op, error=error, delay_ms=draft.retry_after_ms):
        return
    settle_step(draft, op)
    draft.discover(op.id)


def _settle_and_discover(draft: RunDraft, op: Op) -> None:
    settle_step(draft, op)
    draft.discover(op.id)


def _complete(draft: RunDraft, op: Op) -> None:
    draft.end(RunStatus.COMPLETED, output=op.data if op.data is not None else b"null")


def _rediscover(draft: RunDraft, _op: Op) -> None:
    draft.enqueue_call()


def _nothing(_draft: RunDraft, _op: Op) -> None:
    return


_OPS: Final[Mapping[Opcode, _Disposition]] = {
    Opcode.NONE: _Disposition(apply=_nothing),
    Opcode.STEP: _Disposition(apply=_settle_and_discover),
    Opcode.STEP_RUN: _Disposition(apply=_settle_and_discover),
    Opcode.STEP_FAILED: _Disposition(apply=_settle_and_discover),
    Opcode.STEP_ERROR: _Disposition(apply=_retry_step),
    Opcode.STEP_PLANNED: _Disposition(apply=open_step),
    Opcode.SLEEP: _Disposition(apply=open_step),
    Opcode.WAIT_FOR_EVENT: _Disposition(apply=open_step, waits_outside=True),
    Opcode.WAIT_FOR_SIGNAL: _Disposition(apply=open_step, waits_outside=True),
    Opcode.INVOKE: _Disposition(apply=open_step, waits_outside=True),
    Opcode.GATEWAY: _Disposition(apply=open_step),
    Opcode.AI_GATEWAY: _Disposition(apply=open_step),
    Opcode.RUN_COMPLETE: _Disposition(apply=_complete),
    Opcode.SYNC_RUN_COMPLETE: _Disposition(apply=_complete),
    Opcode.DISCOVERY: _Disposition(apply=_rediscover),
    Opcode.DEFER_ADD: _Disposition(apply=add_deferral),
    Opcode.DEFER_ABORT: _Disposition(apply=abort_deferral),
}


def _report(draft: RunDraft, response: Reported) -> None:
    draft.version(response.request_version)
    draft.retry_after_ms = response.retry_after_ms
    _defer(draft, response.ops)
    ops = [op for op in response.ops if op.op is not Opcode.NONE and op.op not in LAZY]
    if not ops:
        _report_nothing(draft)
        return
    if len(ops) > 1:
        draft.plan_group(ops)
    for op in sorted(ops, key=_stored_last):
        if draft.is_over:
            return
        if op.id == RUN_COMPLETE_ID and op.op in _FAILURES:
            _fail_attempt(draft, _as_errored(op, response))
        else:
            _OPS[op.op].apply(draft, op)
    if not draft.is_over and not draft.item_requeued:
        _finish_item(draft)


#: All that was reported is settled already: whoever settled it goes on, unless the SDK does not
#: heed what it is told. So the call is made again, late enough to be needless as a rule.
_REPEATED: Final = RunError(name="NoProgress", message="The function reported settled steps only")


def _finish_item(draft: RunDraft) -> None:
    """Drop the item in hand, unless it was for one step and that one is as open as before."""
    step_id = None if draft.item is None else draft.item.step_id
    opened = draft.open.get(step_id or "")
    if opened is None or opened.op is not Opcode.STEP_PLANNED:
        if draft.is_driven or not draft.retry(error=_REPEATED, counts=False):
            draft.effects.append(DropItem())
        return
    error = RunError(
        name="NoProgress",
        message=f"The call for the step {opened.name!r} reported nothing of it; "
        "report every step the function has planned.",
    )
    if not draft.retry(error=error):
        draft.end(RunStatus.FAILED, error=error)


def _as_errored(op: Op, response: Reported) -> Errored:
    """Return what an operation says that tells of the function's own failure."""
    return Errored(
        error=op.error or RunError(name="Error", message="the function failed without an error"),
        no_retry=op.no_retry or op.op is Opcode.STEP_FAILED,
        retry_after_ms=response.retry_after_ms,
    )


def _settle_all(draft: RunDraft, ops: Iterable[Op]) -> None:
    """Settle steps of a call that goes on."""
    _defer(draft, ops)
    for op in ops:
        if op.op not in LAZY:
            settle_step(draft, op)
        if op.id in draft.group:
            draft.discover(op.id)


def _defer(draft: RunDraft, ops: Iterable[Op]) -> None:
    for op in ops:
        if op.op in LAZY:
            _OPS[op.op].apply(draft, op)


def _stored_last(op: Op) -> bool:
    return not _OPS[op.op].waits_outside


def _report_nothing(draft: RunDraft) -> None:
    """A branch ended. When nothing else can move the run, call again, but not for ever."""
    if draft.open or draft.group:
        _finish_item(draft)
        return
    error = RunError(
        name="NoProgress",
        message="The function reported no operation and waits for none; "
        "await every step before the function returns.",
    )
    if not draft.retry(error=error, delay_ms=0):
        draft.end(RunStatus.FAILED, error=error)


def _fail_attempt(draft: RunDraft, response: Errored) -> None:
    if not response.no_retry and draft.retry(
        error=response.error,
        delay_ms=response.retry_after_ms,
        counts=response.counts,
    ):
        return
    # Also when one step was asked for: only `StepFailed` is the step's own, to be caught.
    draft.end(RunStatus.FAILED, error=response.error)


def _drop(state: RunState) -> Transition:
    effects: tuple[Effect, ...] = (DropItem(),)
    return Transition(before=state, after=state, effects=effects)


def call_item_is_stale(state: RunState, item: QueueItem) -> bool:
    """True when a call would be for nothing: the run ended, or its target is settled."""
    if state.status.is_terminal:
        return True
    targeted = item.kind is ItemKind.CALL and item.step_id is not None
    return targeted and item.step_id not in state.open
