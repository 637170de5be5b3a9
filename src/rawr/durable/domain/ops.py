"""How single operations settle or open their step."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from rawr.durable.domain.deferral import deferral
from rawr.durable.domain.draft import RunDraft
from rawr.durable.domain.durations import DurationError, WaitTooLongError, deadline_ms
from rawr.durable.domain.effects import AddPause, Emit, Enqueue, SaveMetadata
from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.lifecycle import invoked_event
from rawr.durable.domain.limits import (
    INVOKE_TIMEOUT_MS,
    MAX_DEFER_BYTES,
    MAX_DEFERS,
)
from rawr.durable.domain.op import Op, Opcode, RunError
from rawr.durable.domain.pause import Pause, PauseKind
from rawr.durable.domain.queue import ItemKind
from rawr.durable.domain.run import Deferral, DeferStatus

_encode = msgspec.json.encode

_INVOKE_TIMED_OUT: Final = _encode(
    {
        "error": {
            "name": "InngestInvokeTimeoutError",
            "message": "Timed out waiting for invoked function to complete",
        }
    }
)


def settle_step(draft: RunDraft, op: Op) -> None:
    """Settle the step of an operation that carries its own result."""
    for update in op.metadata:
        draft.effects.append(SaveMetadata(step_id=op.id, update=update))
    attempts = draft.item.attempt + 1 if draft.item is not None else 1
    if op.op in {Opcode.STEP_ERROR, Opcode.STEP_FAILED}:
        error = op.error or RunError(name="Error", message="the step failed without an error")
        draft.settle(
            op.id,
            memo=_encode({"error": error.as_memo()}),
            op=Opcode.STEP_RUN,
            name=op.label,
            attempts=attempts,
            error=error,
            started_at=op.started_at,
        )
        return
    data = op.data if op.data is not None else b"null"
    largest = draft.rules.limits.max_step_bytes
    if len(data) > largest:
        draft.fail(
            name="InngestErrStepOutputTooLarge",
            message=f"Step {op.label!r} returned {len(data)} bytes; "
            f"the limit is {largest} bytes. Store the data elsewhere, return its key.",
        )
        return
    memo = data if op.op is Opcode.STEP else b'{"data":' + data + b"}"
    draft.settle(
        op.id,
        memo=memo,
        op=Opcode.STEP_RUN,
        name=op.label,
        attempts=attempts,
        started_at=op.started_at,
    )


def open_step(draft: RunDraft, op: Op) -> None:
    """Open a step, unless it is open or settled already, and arrange what will settle it."""
    if op.id in draft.open or op.id in draft.settled:
        return
    race = op.opts.get("parallelMode") == "race"
    draft.add_open(op, race=race)
    if draft.is_over:
        return
    try:
        _ARRANGE[op.op](draft, op)
    except WaitTooLongError as error:
        draft.fail(name="InngestErrTimeoutTooLong", message=f"Step {op.label!r}: {error}")
    except DurationError as error:
        draft.fail(name="InvalidDuration", message=f"Step {op.label!r}: {error}")
    except EngineError as error:
        draft.fail(name="InvalidExpression", message=f"Step {op.label!r}: {error}")


def _plan(draft: RunDraft, op: Op) -> None:
    draft.enqueue_call(op.id)


def _sleep(draft: RunDraft, op: Op) -> None:
    until = deadline_ms(_text(op, "duration") or op.name, now_ms=draft.now)
    _settle_later(draft, op, at=until, payload=b"null")


def _wait_for_event(draft: RunDraft, op: Op) -> None:
    name = _text(op, "event") or op.name
    _wait(draft, op, kind=PauseKind.EVENT, name=name, expression=_text(op, "if"))


def _wait_for_signal(draft: RunDraft, op: Op) -> None:
    _wait(draft, op, kind=PauseKind.SIGNAL, name=_text(op, "signal") or op.name, expression=None)


def add_deferral(draft: RunDraft, op: Op) -> None:
    """Put off a run of another function, unless it is put off or taken back already.

    A deferral never fails its run: one above the limits is refused, and remembered as such so that
    the next call does not ask for it again.
    """
    function_id = _text(op, "fn_slug")
    known = draft.deferrals
    if not function_id or op.id in known or len(known) >= MAX_DEFERS:
        return
    meta = op.opts.get("meta")
    added = deferral(
        op.label,
        function_id=function_id,
        input_=op.opts.get("input"),
        meta=meta if isinstance(meta, dict) else None,
    )
    if len(added.body) + sum(len(one.body) for one in known.values()) > MAX_DEFER_BYTES:
        added = Deferral(status=DeferStatus.REJECTED, name=op.label)
    draft.defer(op.id, added)


def abort_deferral(draft: RunDraft, op: Op) -> None:
    """Take a deferral back; nothing when there is none, or it starts nothing any more."""
    target = _text(op, "target_hashed_id") or ""
    known = draft.deferrals.get(target)
    if known is not None and known.status is DeferStatus.AFTER_RUN:
        draft.defer(target, Deferral(status=DeferStatus.ABORTED, name=known.name))


def fail_signal_conflict(draft: RunDraft) -> None:
    """End the run because another one waits for the same signal."""
    draft.fail(
        name="SignalConflict",
        message="Signal conflict; signal wait already exists for another run",
    )


def _wait(draft: RunDraft, op: Op, *, kind: PauseKind, name: str, expression: str | None) -> None:
    until = deadline_ms(_text(op, "timeout") or "", now_ms=draft.now)
    path = value = ""
    if expression:
        index = draft.rules.index_wait(expression, draft.run.event.as_json())
        path, value = index.path, index.value
    pause = Pause(
        run_id=draft.run.id,
        step_id=op.id,
        kind=kind,
        name=name,
        expression=expression or None,
        match_path=path,
        match_value=value,
        created_at=draft.now,
        expires_at=until,
        replaces=_text(op, "conflict") == "replace",
        looks_back_to=_looks_back_to(draft) if kind is PauseKind.EVENT else None,
    )
    draft.effects.append(AddPause(pause=pause))
    _settle_later(draft, op, at=until, payload=b"null")


def _looks_back_to(draft: RunDraft) -> int | None:
    lookback = draft.rules.wait_lookback_ms
    # Nothing that came before the run is meant for it.
    return max(draft.run.created_at, draft.now - lookback) if lookback else None


def _invoke(draft: RunDraft, op: Op) -> None:
    timeout = _text(op, "timeout")
    expires_at = (
        deadline_ms(timeout, now_ms=draft.now) if timeout else draft.now + INVOKE_TIMEOUT_MS
    )
    payload = op.opts.get("payload")
    event = invoked_event(
        function_id=_text(op, "function_id") or "",
        source_function_id=draft.run.function_id,
        correlation_id=f"{draft.run.id}.{op.id}",
        expires_at=expires_at,
        step_name=op.label,
        payload=payload if isinstance(payload, dict) else {},
    )
    draft.effects.append(Emit(event=event))
    _settle_later(draft, op, at=expires_at, payload=_INVOKE_TIMED_OUT)


def _gateway(draft: RunDraft, op: Op) -> None:
    request = _encode({"op": op.op, "opts": dict(op.opts)})
    draft.effects.append(
        Enqueue(kind=ItemKind.GATEWAY, due_at=draft.now, step_id=op.id, payload=request)
    )


def _settle_later(draft: RunDraft, op: Op, *, at: int, payload: bytes) -> None:
    draft.effects.append(Enqueue(kind=ItemKind.RESUME, due_at=at, step_id=op.id, payload=payload))


def _text(op: Op, key: str) -> str | None:
    value = op.opts.get(key)
    return value if isinstance(value, str) else None


_ARRANGE: Final[Mapping[Opcode, Callable[[RunDraft, Op], None]]] = {
    Opcode.STEP_PLANNED: _plan,
    Opcode.SLEEP: _sleep,
    Opcode.WAIT_FOR_EVENT: _wait_for_event,
    Opcode.WAIT_FOR_SIGNAL: _wait_for_signal,
    Opcode.INVOKE: _invoke,
    Opcode.GATEWAY: _gateway,
    Opcode.AI_GATEWAY: _gateway,
}
