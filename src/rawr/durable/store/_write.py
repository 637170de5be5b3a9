"""What the SQLite store does inside a write transaction; runs in the writer thread."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from rawr.durable.domain.effects import (
    AddPause,
    DropItem,
    Effect,
    EndRun,
    ReleaseStep,
    ResetAttempt,
    SaveMetadata,
    SaveStep,
    Transition,
)
from rawr.durable.domain.errors import RunNotFound
from rawr.durable.domain.flow import NO_GATES
from rawr.durable.domain.limits import IDEMPOTENCY_MS
from rawr.durable.domain.metadata import fits
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import RunState
from rawr.durable.domain.step import StepRecord
from rawr.durable.store import _queries as q
from rawr.durable.store._flow import REFUSALS, FlowControl, Verdict
from rawr.durable.store._gathered import Gathered
from rawr.durable.store._pauses import PauseIndex
from rawr.durable.store._rows import (
    event_ids_text,
    item_from,
    item_values,
    requeue_values,
    step_values,
)
from rawr.durable.store.port import (
    NO_SLOTS,
    Accepted,
    Begun,
    Claim,
    PlannedEvent,
    PlannedRun,
    RunChange,
)

_NOTHING: Final = Accepted()


class Writer:
    """Applies what the engine decided. Each method is one unit of a write transaction."""

    def __init__(self, pauses: PauseIndex, *, allocate: Callable[[], int]) -> None:
        self._pauses = pauses
        self._flow = FlowControl(allocate)

    def recover(self, connection: sqlite3.Connection, *, now: int) -> int:
        """Void what a previous owner held; return the last queue item id used."""
        self._pauses.load(connection)
        self._flow.load(connection)
        connection.execute(q.RELEASE_HELD)
        connection.execute(q.FORGET_KEYS, (now,))
        (last,) = connection.execute(q.LAST_ITEM).fetchone()
        return last or 0

    def accept(self, gathered: Gathered, events: Sequence[PlannedEvent], *, now: int) -> Accepted:
        """Keep events, start their runs, end the waits they match."""
        started: list[PlannedRun] = []
        resumed: list[QueueItem] = []
        for planned in events:
            if not _add_event(gathered, planned):
                continue
            if self._pauses.has_waits(planned.event.name):
                resumed += self._pauses.end_matching(gathered.connection, planned, now=now)
            for run in planned.runs:
                self._start(gathered, run, started, resumed, now=now)
            for item in planned.items:
                gathered.add(q.ADD_ITEM, item_values(item))
            resumed += planned.items
        return Accepted(started=tuple(started), resumed=tuple(resumed))

    def commit(self, gathered: Gathered, change: RunChange, *, now: int) -> Accepted:
        """Store a decision."""
        transition = change.transition
        run_id = transition.after.run.id
        if transition.after.ended_at is None and _header_changed(transition):
            gathered.add(q.UPDATE_RUN, (*_header(transition.after), run_id))
        resumed: list[QueueItem] = []
        for effect in transition.effects:
            apply = _APPLY.get(type(effect))
            if apply is not None:
                apply(gathered, change, effect)
            elif isinstance(effect, AddPause):
                run = transition.after.run
                item = self._pauses.add(gathered.connection, effect.pause, run)
                resumed += [] if item is None else [item]
        if transition.after.ended_at is not None and self._flow.has_keyed_runs:
            self._flow.release(gathered.connection, run_id)
        if change.requeued is not None:
            gathered.add(q.REQUEUE_ITEM, requeue_values(change.requeued))
        for one in change.enqueued:
            gathered.add(q.ADD_ITEM, item_values(one))
        if not change.emitted:
            return Accepted(resumed=tuple(resumed)) if resumed else _NOTHING
        accepted = self.accept(gathered, change.emitted, now=now)
        return Accepted(started=accepted.started, resumed=(*resumed, *accepted.resumed))

    def begin(self, connection: sqlite3.Connection, planned: PlannedRun, *, now: int) -> Begun:
        """Let a kept run pass the limits on its start, unless it has already."""
        run = planned.run
        if connection.execute(q.BEGIN_ITEM, (planned.item.id,)).rowcount == 0:
            return Begun(planned=replace(planned, pauses=(), timers=()))
        verdict, planned, moved = self._flow.begin(connection, planned, now=now)
        if verdict is not Verdict.START:
            connection.execute(q.SKIP_AT_START, (now, run.id))
            connection.execute(q.DROP_ITEM, (planned.item.id,))
            self._refuse_invoker(connection, planned, verdict, moved, now=now)
            return Begun(planned=None, resumed=tuple(moved))
        gathered = Gathered(connection)
        if planned.item.parked:
            gathered.add(q.REQUEUE_ITEM, requeue_values(planned.item))
        self._add_waits(gathered, planned)
        gathered.flush()
        return Begun(planned=planned, resumed=tuple(moved))

    def rerun(
        self, connection: sqlite3.Connection, planned: PlannedRun, steps: Sequence[StepRecord]
    ) -> None:
        """Create a run whose event is kept already, with steps another run has settled.

        Raises:
            RunNotFound: the repeated run and its events have been deleted meanwhile.
        """
        for event in planned.run.events:
            if connection.execute(q.HAS_EVENT, (event.internal_id,)).fetchone() is None:
                raise RunNotFound(f"The events of run {planned.run.original_run_id} are deleted")
        gathered = Gathered(connection)
        self._add_run(gathered, planned)
        for step in steps:
            gathered.add(q.SAVE_STEP, step_values(planned.run.id, step))
        gathered.flush()

    def hold_run_slots(
        self, connection: sqlite3.Connection, *, run_id: str, slots: Sequence[tuple[str, int]]
    ) -> None:
        """Note which limits on live runs a run counts against until it ends."""
        self._flow.hold_run_slots(connection, run_id, slots)

    def signal(
        self, connection: sqlite3.Connection, *, name: str, payload: bytes, now: int
    ) -> QueueItem | None:
        """End the wait for a signal; `None` when no run waits for it."""
        return self._pauses.signal(connection, name=name, payload=payload, now=now)

    def _start(
        self,
        gathered: Gathered,
        planned: PlannedRun,
        started: list[PlannedRun],
        resumed: list[QueueItem],
        *,
        now: int,
    ) -> None:
        run = planned.run
        if planned.idempotency_key is not None:
            key = (run.function_id, planned.idempotency_key, run.id, now + IDEMPOTENCY_MS, now)
            if gathered.connection.execute(q.CLAIM_KEY, key).rowcount == 0:
                return
        if planned.gates is not NO_GATES:
            connection = gathered.connection
            verdict, planned, moved = self._flow.decide(connection, planned, now=now)
            resumed += moved
            if verdict is Verdict.LIMITED and planned.idempotency_key is not None:
                # What was dropped may be sent again.
                held = (run.function_id, planned.idempotency_key, run.id)
                connection.execute(q.RELEASE_KEY, held)
            if verdict is not Verdict.START:
                self._refuse(connection, planned, verdict, resumed, now=now)
                return
        self._add_run(gathered, planned)
        started.append(planned)

    def _add_run(self, gathered: Gathered, planned: PlannedRun) -> None:
        run = planned.run
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
        gathered.add(q.ADD_RUN, row)
        for event in run.events:
            gathered.add(q.ADD_RUN_EVENT, (event.internal_id, run.id))
        gathered.add(q.ADD_ITEM, item_values(planned.item))
        self._add_waits(gathered, planned)

    def _add_waits(self, gathered: Gathered, planned: PlannedRun) -> None:
        """Store what may cancel a run."""
        for timer in planned.timers:
            gathered.add(q.ADD_ITEM, item_values(timer))
        for pause in planned.pauses:
            self._pauses.add(gathered.connection, pause, planned.run)

    def _refuse(
        self,
        connection: sqlite3.Connection,
        planned: PlannedRun,
        verdict: Verdict,
        resumed: list[QueueItem],
        *,
        now: int,
    ) -> None:
        run = planned.run
        if verdict is Verdict.SKIPPED:
            row = (run.id, run.function_id, now, now, event_ids_text(run), run.max_attempts)
            connection.execute(q.SKIP_RUN, row)
            for event in run.events:
                connection.execute(q.ADD_RUN_EVENT, (event.internal_id, run.id))
        self._refuse_invoker(connection, planned, verdict, resumed, now=now)

    def _refuse_invoker(
        self,
        connection: sqlite3.Connection,
        planned: PlannedRun,
        verdict: Verdict,
        resumed: list[QueueItem],
        *,
        now: int,
    ) -> None:
        correlation_id = planned.run.correlation_id
        memo = REFUSALS.get(verdict)
        if correlation_id is not None and memo is not None:
            item = self._flow.refuse(connection, correlation_id, memo, item=planned.item, now=now)
            resumed.append(item)


def _add_event(gathered: Gathered, planned: PlannedEvent) -> bool:
    """Keep an event; False when it is kept already, as when a sender repeats a request."""
    event = planned.event
    row = (event.internal_id, event.name, event.received_at, planned.body)
    if planned.is_new:
        gathered.add(q.ADD_NEW_EVENT, row)
        return True
    connection = gathered.connection
    if connection.execute(q.ADD_EVENT, row).rowcount == 0:
        connection.execute(q.COUNT_RECEIPT, (event.internal_id,))
        return False
    return True


def _save_step(gathered: Gathered, change: RunChange, effect: SaveStep) -> None:
    gathered.add(q.SAVE_STEP, step_values(change.transition.after.run.id, effect.step))


def _reset_attempt(gathered: Gathered, change: RunChange, _effect: ResetAttempt) -> None:
    if change.item is not None:
        gathered.add(q.RESET_ATTEMPT, (change.item.id,))


def _drop_item(gathered: Gathered, change: RunChange, _effect: DropItem) -> None:
    if change.item is not None:
        gathered.add(q.DROP_ITEM, (change.item.id,))


def _release_step(gathered: Gathered, change: RunChange, effect: ReleaseStep) -> None:
    key = (change.transition.after.run.id, effect.step_id)
    connection = gathered.connection
    connection.execute(q.DROP_STEP_ITEMS, key)
    connection.execute(q.DROP_STEP_PAUSES, key)


def _save_metadata(gathered: Gathered, change: RunChange, effect: SaveMetadata) -> None:
    run_id = change.transition.after.run.id
    update = effect.update
    step_id = effect.step_id or ""
    connection = gathered.connection
    (others,) = connection.execute(
        q.OTHER_METADATA_BYTES, (run_id, step_id, update.kind)
    ).fetchone()
    if fits(update, others=int(others)):
        row = (run_id, step_id, update.kind, update.scope, update.values, change.decided_at)
        connection.execute(q.SAVE_METADATA, row)


def _end_run(gathered: Gathered, change: RunChange, effect: EndRun) -> None:
    state = change.transition.after
    values = (
        str.__str__(state.status),
        state.started_at,
        state.ended_at,
        effect.output,
        state.request_version,
        state.run.id,
    )
    gathered.add(q.END_RUN, values)
    if change.item is not None:
        gathered.add(q.DROP_ITEM, (change.item.id,))
    if not state.is_plain:
        connection = gathered.connection
        connection.execute(q.DROP_RUN_ITEMS, (state.run.id,))
        connection.execute(q.DROP_RUN_PAUSES, (state.run.id,))


def claim(
    connection: sqlite3.Connection, *, now: int, limit: int, full: Mapping[str, str] = NO_SLOTS
) -> Claim:
    """Hold the items that are due, or let them wait for their slots."""
    items = list(map(item_from, connection.execute(q.DUE_ITEMS, (now, limit))))
    waits = [
        (full[item.function_id], item)
        for item in items
        if item.kind is ItemKind.CALL and item.function_id in full
    ]
    if waits:
        wait_for_slots(connection, waits=waits)
        waiting = {item.id for _, item in waits}
        items = [item for item in items if item.id not in waiting]
    connection.executemany(q.HOLD_ITEM, [(item.id,) for item in items])
    (next_due_at,) = connection.execute(q.NEXT_DUE).fetchone()
    return Claim(
        items=tuple(items),
        next_due_at=next_due_at,
        waiting=frozenset(slot for slot, _ in waits),
    )


def wait_for_slots(
    connection: sqlite3.Connection, *, waits: Sequence[tuple[str, QueueItem]]
) -> None:
    """Let held items wait for their slots."""
    connection.executemany(q.LET_WAIT, [(item.id,) for _, item in waits])
    rows = [(slot, item.due_at, item.id) for slot, item in waits]
    connection.executemany(q.ADD_WAITING, rows)


def claim_waiting(connection: sqlite3.Connection, *, slot: str, limit: int) -> list[QueueItem]:
    """Hold the items that wait for a slot; those whose run has ended are gone."""
    held: list[QueueItem] = []
    while len(held) < limit:
        rows = connection.execute(q.WAITING, (slot, limit - len(held))).fetchall()
        if not rows:
            break
        connection.executemany(q.DROP_WAITING, rows)
        for _, _, item_id in rows:
            row = connection.execute(q.WAITING_ITEM, (item_id,)).fetchone()
            if row is not None:
                connection.execute(q.HOLD_ITEM, (item_id,))
                held.append(item_from(row))
    return held


def _header(state: RunState) -> tuple[Any, ...]:
    return (
        str.__str__(state.status),
        state.started_at,
        state.request_version,
        int(state.force_step_plan),
        " ".join(sorted(state.group)),
    )


def _header_changed(transition: Transition) -> bool:
    before, after = transition.before, transition.after
    return (
        before.status is not after.status
        or before.request_version != after.request_version
        or before.force_step_plan is not after.force_step_plan
        # What leaves it by being settled is left out when it is read: else a group of a thousand
        # steps would be written a thousand times.
        or before.group.difference(after.memos) != after.group
    )


_Apply = Callable[[Gathered, RunChange, Any], None]
#: Effects that are stored as they stand; the engine turns the others into items and events.
_APPLY: Mapping[type[Effect], _Apply] = {
    SaveStep: _save_step,
    ResetAttempt: _reset_attempt,
    DropItem: _drop_item,
    ReleaseStep: _release_step,
    SaveMetadata: _save_metadata,
    EndRun: _end_run,
}
