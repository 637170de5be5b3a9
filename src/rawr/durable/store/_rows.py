"""Rows of the SQLite store, both ways."""

from typing import Any

import msgspec

from rawr.durable.domain.deferral import recorded_deferral
from rawr.durable.domain.errors import StoreCorrupt
from rawr.durable.domain.event import Event
from rawr.durable.domain.op import Opcode
from rawr.durable.domain.pause import Pause
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import OpenStep, Run, RunState, RunStatus
from rawr.durable.domain.step import StepRecord, StepStatus
from rawr.durable.store.port import RunGlance, RunView

#: A row as sqlite3 returns it; each function here knows its columns from the query beside it.
Row = tuple[Any, ...]


class _Meta(msgspec.Struct):
    sessions: dict[str, str] = {}


class _Body(msgspec.Struct):
    id: str
    name: str
    ts: int
    data: dict[str, Any]
    user: dict[str, Any]
    v: str | None = None
    meta: _Meta | None = None


_BODY = msgspec.json.Decoder(_Body)
#: Steps the function's own call executes.
_OF_THE_BODY = frozenset({Opcode.STEP_RUN, Opcode.NONE})

_IDS = msgspec.json.Decoder(tuple[str, ...])

#: Makes a plain string of a member of an enum. The driver asks for adapters of whatever is not
#: exactly one of its own types, which takes as long as storing it; `bool` is none of them.
_text = str.__str__


def event_from(row: Row) -> Event:
    """Read a row of GET_EVENT."""
    internal_id, received_at, body = row
    try:
        shape = _BODY.decode(body)
    except msgspec.MsgspecError as error:
        raise StoreCorrupt(f"event {internal_id} cannot be read: {error}") from error
    return Event(
        internal_id=internal_id,
        id=shape.id,
        name=shape.name,
        data=shape.data,
        ts=shape.ts,
        received_at=received_at,
        user=shape.user,
        v=shape.v,
        sessions={} if shape.meta is None else shape.meta.sessions,
    )


def event_ids_text(run: Run) -> str:
    """Return a run's event ids as its row keeps them."""
    return msgspec.json.encode([event.internal_id for event in run.events]).decode()


def event_ids_from(text: str) -> tuple[str, ...]:
    """Read a run's event ids."""
    return _IDS.decode(text)


def state_from(run: Run, row: Row, steps: list[StepRecord]) -> RunState:
    """Build a run's state from a row of LOAD_RUN and its steps."""
    deferrals = {step.id: recorded_deferral(step) for step in steps if step.op is Opcode.DEFER_ADD}
    if deferrals:
        steps = [step for step in steps if step.id not in deferrals]
    settled = [step for step in steps if step.memo is not None]
    memos = {step.id: step.memo for step in settled if step.memo is not None}
    # A step the function body ran itself is not open after a failed attempt: the body's call is
    # requeued and reports it again.
    waiting = [step for step in steps if step.memo is None]
    pending = [step for step in waiting if step.op not in _OF_THE_BODY]
    return RunState(
        run=run,
        status=RunStatus(row[1]),
        started_at=row[3],
        ended_at=row[4],
        memos=memos,
        stack=tuple(memos),
        inputs={step.id: step.input for step in waiting if step.input is not None},
        deferrals=deferrals,
        open={step.id: OpenStep(op=step.op, name=step.name, race=step.race) for step in pending},
        group=frozenset(row[11].split()).difference(memos),
        force_step_plan=bool(row[10]),
        request_version=row[9],
        state_bytes=sum(map(len, memos.values())),
    )


def view_from(row: Row) -> RunView:
    """Read a row of GET_RUN."""
    return RunView(
        id=row[0],
        function_id=row[1],
        status=RunStatus(row[2]),
        created_at=row[3],
        started_at=row[4],
        ended_at=row[5],
        event_ids=event_ids_from(row[6]),
        output=row[7],
        correlation_id=row[8],
        original_run_id=row[9],
    )


def glance_from(row: Row, event: Event | None) -> RunGlance:
    """Read a row of SCAN_RUNS."""
    return RunGlance(
        id=row[0],
        function_id=row[1],
        status=RunStatus(row[2]),
        created_at=row[3],
        event=event,
    )


def step_values(run_id: str, step: StepRecord) -> Row:
    """Return the values of SAVE_STEP."""
    return (
        run_id,
        step.id,
        _text(step.op),
        step.name,
        _text(step.status),
        step.memo,
        step.position,
        step.attempts,
        int(step.race),
        step.started_at,
        step.ended_at,
        step.error,
        step.input,
    )


def step_from(row: Row) -> StepRecord:
    """Read a row of LOAD_STEPS."""
    return StepRecord(
        id=row[0],
        op=Opcode(row[1]),
        name=row[2],
        status=StepStatus(row[3]),
        memo=row[4],
        position=row[5],
        attempts=row[6],
        race=bool(row[7]),
        started_at=row[8],
        ended_at=row[9],
        error=row[10],
        input=row[11],
    )


def item_values(item: QueueItem) -> Row:
    """Return the values of ADD_ITEM."""
    return (
        item.id,
        item.run_id,
        item.function_id,
        _text(item.kind),
        item.step_id,
        item.due_at,
        item.attempt,
        item.max_attempts,
        item.generation,
        item.payload,
        int(item.parked),
    )


def requeue_values(item: QueueItem) -> Row:
    """Return the values of REQUEUE_ITEM."""
    return (item.due_at, item.attempt, item.generation, int(item.parked), item.id)


def item_from(row: Row) -> QueueItem:
    """Read a row of DUE_ITEMS, now held."""
    return QueueItem(
        id=row[0],
        run_id=row[1],
        function_id=row[2],
        kind=ItemKind(row[3]),
        step_id=row[4],
        due_at=row[5],
        attempt=row[6],
        max_attempts=row[7],
        generation=row[8],
        payload=row[9],
    )


def pause_values(pause: Pause, run: Run) -> Row:
    """Return the values of ADD_PAUSE."""
    return (
        pause.run_id,
        pause.step_id,
        run.function_id,
        run.event.internal_id,
        _text(pause.kind),
        pause.name,
        pause.expression,
        pause.match_path,
        pause.match_value,
        pause.created_at,
        pause.expires_at,
    )
