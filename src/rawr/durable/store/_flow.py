"""Flow control of run starts, decided inside the transaction that starts them."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

import msgspec
from msgspec.structs import replace

from rawr.durable.domain.flow import GatherGate, GatherKind, QuotaGate, SingletonGate
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.store import _queries as q
from rawr.durable.store._rows import event_ids_from, item_values
from rawr.durable.store.port import PlannedRun

_NS_PER_MS = 1_000_000


class Verdict(Enum):
    """What becomes of a planned run."""

    START = "start"
    ABSORBED = "absorbed"
    """Its event joined a run that is waiting to start."""
    LIMITED = "limited"
    SKIPPED = "skipped"


def _error(message: str) -> bytes:
    return msgspec.json.encode({"error": {"message": message, "name": "Error"}})


#: What an invoking step gets when the run it asked for is not started.
REFUSALS: Final[Mapping[Verdict, bytes]] = {
    Verdict.LIMITED: _error("invoked function is rate limited"),
    Verdict.SKIPPED: _error("invoked function was skipped"),
}
_DEBOUNCED: Final = _error("invoked function was debounced")

#: A row of GET_GATHERING.
_Gathering = tuple[str, int, int, int, str, str | None]


class FlowControl:
    """Decides run starts. Used from the database's writer thread only."""

    def __init__(self, allocate: Callable[[], int]) -> None:
        self._allocate = allocate
        self.has_keyed_runs = False

    def load(self, connection: sqlite3.Connection) -> None:
        """Learn whether any stored run holds a key or a slot."""
        (found,) = connection.execute(q.HAS_KEYED_RUNS).fetchone()
        self.has_keyed_runs = bool(found)

    def decide(
        self, connection: sqlite3.Connection, planned: PlannedRun, *, now: int
    ) -> tuple[Verdict, PlannedRun, list[QueueItem]]:
        """Say whether a run starts, how it is changed, and which other items that moves."""
        gates = planned.gates
        if gates.paused:
            return Verdict.SKIPPED, planned, []
        if gates.gather is not None:
            return self._gather(connection, planned, gates.gather, now=now)
        if gates.rate is not None and not _admits(connection, gates.rate, now=now * _NS_PER_MS):
            return Verdict.LIMITED, planned, []
        moved: list[QueueItem] = []
        if gates.singleton is not None:
            verdict = self._claim_singleton(connection, planned, gates.singleton, moved, now=now)
            if verdict is not Verdict.START:
                return verdict, planned, moved
        if gates.throttle is not None:
            planned = _throttled(connection, planned, gates.throttle, now=now)
        return Verdict.START, planned, moved

    def begin(
        self, connection: sqlite3.Connection, planned: PlannedRun, *, now: int
    ) -> tuple[Verdict, PlannedRun, list[QueueItem]]:
        """Decide on a run that was kept waiting; no event joins it from here on."""
        connection.execute(q.DROP_GATHERING, (planned.run.id,))
        return self.decide(connection, planned, now=now)

    def refuse(
        self,
        connection: sqlite3.Connection,
        correlation_id: str,
        memo: bytes,
        *,
        item: QueueItem,
        now: int,
    ) -> QueueItem:
        """Settle an invoking step whose run does not start; `item` is that run's own."""
        run_id, _, step_id = correlation_id.partition(".")
        refusal = replace(
            item,
            id=self._allocate(),
            run_id=run_id,
            kind=ItemKind.RESUME,
            step_id=step_id,
            due_at=now,
            payload=memo,
            parked=False,
        )
        connection.execute(q.ADD_ITEM, item_values(refusal))
        return refusal

    def release(self, connection: sqlite3.Connection, run_id: str) -> None:
        """Give up the keys of a run that has ended."""
        connection.execute(q.DROP_SINGLETON, (run_id,))
        connection.execute(q.DROP_GATHERING, (run_id,))
        connection.execute(q.DROP_RUN_SLOTS, (run_id,))

    def hold_run_slots(
        self, connection: sqlite3.Connection, run_id: str, slots: Sequence[tuple[str, int]]
    ) -> None:
        """Let a run count against limits on live runs until it ends."""
        self.has_keyed_runs = True
        connection.executemany(q.HOLD_RUN_SLOT, [(run_id, *slot) for slot in slots])

    def _claim_singleton(
        self,
        connection: sqlite3.Connection,
        planned: PlannedRun,
        gate: SingletonGate,
        moved: list[QueueItem],
        *,
        now: int,
    ) -> Verdict:
        row = connection.execute(q.GET_SINGLETON, (gate.key,)).fetchone()
        if row is not None and gate.mode == "skip":
            return Verdict.SKIPPED
        if row is not None:
            item = self._cancellation(planned, row[0], now=now)
            connection.execute(q.ADD_ITEM, item_values(item))
            moved.append(item)
        self.has_keyed_runs = True
        connection.execute(q.SET_SINGLETON, (gate.key, planned.run.id))
        return Verdict.START

    def _cancellation(self, planned: PlannedRun, run_id: str, *, now: int) -> QueueItem:
        return QueueItem(
            id=self._allocate(),
            run_id=run_id,
            function_id=planned.run.function_id,
            kind=ItemKind.CANCEL,
            due_at=now,
            max_attempts=1,
            payload=b'"singleton"',
        )

    def _gather(
        self, connection: sqlite3.Connection, planned: PlannedRun, gate: GatherGate, *, now: int
    ) -> tuple[Verdict, PlannedRun, list[QueueItem]]:
        row = connection.execute(q.GET_GATHERING, (gate.key, now)).fetchone()
        if row is not None and gate.kind is GatherKind.BATCH:
            return self._join_batch(connection, planned, gate, row, now=now)
        if row is not None:
            return self._debounce(connection, planned, gate, row, now=now)
        is_full = gate.size is not None and gate.size <= 1
        due_at = now if is_full else now + gate.wait_ms
        if gate.longest_ms is not None:
            due_at = min(due_at, now + gate.longest_ms)
        started = replace(planned, item=replace(planned.item, due_at=due_at, parked=True))
        deadline = now + (gate.longest_ms if gate.longest_ms is not None else 1 << 50)
        self.has_keyed_runs = True
        values = (gate.key, planned.run.id, planned.item.id, planned.run.event.ts, deadline)
        connection.execute(q.SET_GATHERING, values)
        return Verdict.START, started, []

    def _join_batch(
        self,
        connection: sqlite3.Connection,
        planned: PlannedRun,
        gate: GatherGate,
        row: _Gathering,
        *,
        now: int,
    ) -> tuple[Verdict, PlannedRun, list[QueueItem]]:
        run_id, item_id, _, _, text, _ = row
        event_id = planned.run.event.internal_id
        ids = (*event_ids_from(text), event_id)
        connection.execute(q.SET_RUN_EVENTS, (_ids_text(ids), run_id))
        connection.execute(q.ADD_RUN_EVENT, (event_id, run_id))
        if gate.size is None or len(ids) < gate.size:
            return Verdict.ABSORBED, planned, []
        return Verdict.ABSORBED, planned, [_moved(connection, planned, item_id, run_id, now)]

    def _debounce(
        self,
        connection: sqlite3.Connection,
        planned: PlannedRun,
        gate: GatherGate,
        row: _Gathering,
        *,
        now: int,
    ) -> tuple[Verdict, PlannedRun, list[QueueItem]]:
        run_id, item_id, newest, deadline, text, invoker = row
        event, own_invoker = planned.run.event, planned.run.correlation_id
        is_older = event.ts < newest
        loser = own_invoker if is_older else invoker
        moved = []
        if loser is not None:
            moved.append(self.refuse(connection, loser, _DEBOUNCED, item=planned.item, now=now))
        if is_older:
            return Verdict.ABSORBED, planned, moved
        for old in event_ids_from(text):
            connection.execute(q.DROP_RUN_EVENT, (old, run_id))
        connection.execute(
            q.REPLACE_RUN_EVENT, (_ids_text((event.internal_id,)), own_invoker, run_id)
        )
        connection.execute(q.ADD_RUN_EVENT, (event.internal_id, run_id))
        connection.execute(q.SET_GATHERING, (gate.key, run_id, item_id, event.ts, deadline))
        due_at = min(now + gate.wait_ms, deadline)
        moved.append(_moved(connection, planned, item_id, run_id, due_at))
        return Verdict.ABSORBED, planned, moved


def _moved(
    connection: sqlite3.Connection, planned: PlannedRun, item_id: int, run_id: str, due_at: int
) -> QueueItem:
    connection.execute(q.MOVE_ITEM, (due_at, item_id))
    return replace(planned.item, id=item_id, run_id=run_id, due_at=due_at, parked=True)


def _ids_text(ids: tuple[str, ...]) -> str:
    return msgspec.json.encode(ids).decode()


def _admits(connection: sqlite3.Connection, gate: QuotaGate, *, now: int) -> bool:
    row = connection.execute(q.GET_QUOTA, (gate.key,)).fetchone()
    admission = gate.quota.admit(None if row is None else row[0], now=now)
    if admission.allowed:
        connection.execute(q.SET_QUOTA, (gate.key, admission.tat))
    return admission.allowed


def _throttled(
    connection: sqlite3.Connection, planned: PlannedRun, gate: QuotaGate, *, now: int
) -> PlannedRun:
    """Reserve the next free place in the quota and let the run start there."""
    item = planned.item
    wanted = max(now, item.due_at)
    row = connection.execute(q.GET_QUOTA, (gate.key,)).fetchone()
    tat = None if row is None else row[0]
    admission = gate.quota.admit(tat, now=wanted)
    start_at = wanted
    if not admission.allowed:
        start_at = admission.retry_at
        admission = gate.quota.admit(tat, now=start_at)
    connection.execute(q.SET_QUOTA, (gate.key, admission.tat))
    if start_at <= now:
        return planned
    return replace(planned, item=replace(item, due_at=start_at, parked=True))
