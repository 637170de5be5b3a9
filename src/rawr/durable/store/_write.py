"""What the SQLite store does inside a write transaction; runs in the writer thread."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rawr.durable.domain.effects import (
    AddPause,
    DropItem,
    Effect,
    EndRun,
    ReleaseStep,
    ResetAttempt,
    SaveStep,
    Transition,
)
from rawr.durable.domain.limits import IDEMPOTENCY_MS
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState
from rawr.durable.store import _queries as q
from rawr.durable.store._pauses import PauseIndex
from rawr.durable.store._rows import (
    event_ids_text,
    item_from,
    item_values,
    requeue_values,
    step_values,
)
from rawr.durable.store.port import Accepted, Claim, PlannedEvent, PlannedRun, RunChange


class Writer:
    """Applies what the engine decided. Each method is one unit of a write transaction."""

    def __init__(self, pauses: PauseIndex) -> None:
        self._pauses = pauses

    def accept(
        self, connection: sqlite3.Connection, events: Sequence[PlannedEvent], *, now: int
    ) -> Accepted:
        """Keep events, start their runs, end the waits they match."""
        started: list[PlannedRun] = []
        resumed: list[QueueItem] = []
        for planned in events:
            event = planned.event
            row = (event.internal_id, event.name, event.received_at, planned.body)
            if connection.execute(q.ADD_EVENT, row).rowcount == 0:
                continue
            resumed += self._pauses.end_matching(connection, planned, now=now)
            started += [run for run in planned.runs if self._start(connection, run, now=now)]
            connection.executemany(q.ADD_ITEM, map(item_values, planned.items))
            resumed += planned.items
        return Accepted(started=tuple(started), resumed=tuple(resumed))

    def commit(self, connection: sqlite3.Connection, change: RunChange, *, now: int) -> Accepted:
        """Store a decision."""
        transition = change.transition
        run_id = transition.after.run.id
        if transition.after.ended_at is None and _header_changed(transition):
            connection.execute(q.UPDATE_RUN, (*_header(transition.after), run_id))
        for effect in transition.effects:
            apply = _APPLY.get(type(effect))
            if apply is not None:
                apply(connection, change, effect, self._pauses)
        if change.requeued is not None:
            connection.execute(q.REQUEUE_ITEM, requeue_values(change.requeued))
        if change.enqueued:
            connection.executemany(q.ADD_ITEM, map(item_values, change.enqueued))
        if not change.emitted:
            return Accepted()
        return self.accept(connection, change.emitted, now=now)

    def _start(self, connection: sqlite3.Connection, planned: PlannedRun, *, now: int) -> bool:
        run = planned.run
        if planned.idempotency_key is not None:
            key = (run.function_id, planned.idempotency_key, run.id, now + IDEMPOTENCY_MS, now)
            if connection.execute(q.CLAIM_KEY, key).rowcount == 0:
                return False
        row = (
            run.id,
            run.function_id,
            "queued",
            run.created_at,
            event_ids_text(run),
            run.max_attempts,
            run.correlation_id,
            run.original_run_id,
        )
        connection.execute(q.ADD_RUN, row)
        for event in run.events:
            connection.execute(q.ADD_RUN_EVENT, (event.internal_id, run.id))
        connection.execute(q.ADD_ITEM, item_values(planned.item))
        for timer in planned.timers:
            connection.execute(q.ADD_ITEM, item_values(timer))
        for pause in planned.pauses:
            self._pauses.add(connection, pause, run)
        return True


def _save_step(
    connection: sqlite3.Connection, change: RunChange, effect: SaveStep, _pauses: PauseIndex
) -> None:
    connection.execute(q.SAVE_STEP, step_values(change.transition.after.run.id, effect.step))


def _reset_attempt(
    connection: sqlite3.Connection, change: RunChange, _effect: ResetAttempt, _pauses: PauseIndex
) -> None:
    if change.item is not None:
        connection.execute(q.RESET_ATTEMPT, (change.item.id,))


def _drop_item(
    connection: sqlite3.Connection, change: RunChange, _effect: DropItem, _pauses: PauseIndex
) -> None:
    if change.item is not None:
        connection.execute(q.DROP_ITEM, (change.item.id,))


def _release_step(
    connection: sqlite3.Connection, change: RunChange, effect: ReleaseStep, _pauses: PauseIndex
) -> None:
    key = (change.transition.after.run.id, effect.step_id)
    connection.execute(q.DROP_STEP_ITEMS, key)
    connection.execute(q.DROP_STEP_PAUSES, key)


def _add_pause(
    connection: sqlite3.Connection, change: RunChange, effect: AddPause, pauses: PauseIndex
) -> None:
    pauses.add(connection, effect.pause, change.transition.after.run)


def _end_run(
    connection: sqlite3.Connection, change: RunChange, effect: EndRun, _pauses: PauseIndex
) -> None:
    state = change.transition.after
    values = (
        state.status,
        state.started_at,
        state.ended_at,
        effect.output,
        state.request_version,
        state.run.id,
    )
    connection.execute(q.END_RUN, values)
    if change.item is not None:
        connection.execute(q.DROP_ITEM, (change.item.id,))
    connection.execute(q.DROP_RUN_ITEMS, (state.run.id,))
    connection.execute(q.DROP_RUN_PAUSES, (state.run.id,))


def claim(connection: sqlite3.Connection, *, now: int, limit: int) -> Claim:
    """Hold the items that are due."""
    rows = connection.execute(q.DUE_ITEMS, (now, limit)).fetchall()
    connection.executemany(q.HOLD_ITEM, [(row[0],) for row in rows])
    (next_due_at,) = connection.execute(q.NEXT_DUE).fetchone()
    return Claim(items=tuple(map(item_from, rows)), next_due_at=next_due_at)


def recover(connection: sqlite3.Connection, *, now: int) -> int:
    """Void what a previous owner held, forget old keys; return the last queue item id used."""
    connection.execute(q.RELEASE_HELD)
    connection.execute(q.FORGET_KEYS, (now,))
    (last,) = connection.execute(q.LAST_ITEM).fetchone()
    return last or 0


def _header(state: RunState) -> tuple[Any, ...]:
    return (
        state.status,
        state.started_at,
        state.request_version,
        state.force_step_plan,
        " ".join(sorted(state.group)),
    )


def _header_changed(transition: Transition) -> bool:
    before, after = transition.before, transition.after
    return (
        before.status is not after.status
        or before.request_version != after.request_version
        or before.force_step_plan is not after.force_step_plan
        or before.group != after.group
    )


_Apply = Callable[[sqlite3.Connection, RunChange, Any, PauseIndex], None]
#: Effects that are stored as they stand; the engine turns the others into items and events.
_APPLY: Mapping[type[Effect], _Apply] = {
    SaveStep: _save_step,
    ResetAttempt: _reset_attempt,
    DropItem: _drop_item,
    ReleaseStep: _release_step,
    AddPause: _add_pause,
    EndRun: _end_run,
}
