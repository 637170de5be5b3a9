"""The SQLite store against a model in memory: any order of writes, crashes in between."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rawr.durable.domain.effects import AddPause, DropItem, EndRun, ReleaseStep, Transition
from rawr.durable.domain.pause import Pause, PauseKind
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import RunState, RunStatus
from rawr.durable.store.port import PlannedRun, RunChange
from rawr.durable.store.sqlite import SQLiteStore

from .test_sqlite import NOW, an_event, numbers, open_store, planned, planned_run, step

RUNS = st.integers(0, 5)
STEPS = st.sampled_from("abc")
DELAYS = st.sampled_from([-10, 0, 5, 50, 500])


@dataclass
class ModelRun:
    """What the store must know of a run."""

    planned: PlannedRun
    status: RunStatus = RunStatus.QUEUED
    memos: dict[str, bytes] = field(default_factory=dict)
    waits: dict[str, str] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.status.is_terminal


class Books(RuleBasedStateMachine):
    """Everything written, as the store must show it."""

    @initialize()
    def begin(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.now = NOW
        self.store: SQLiteStore = self.do(open_store(Path(self.directory.name)))
        self.runs: list[ModelRun] = []
        self.items: dict[int, QueueItem] = {}
        self.keys: dict[str, str] = {}
        self.events: set[str] = set()

    def do(self, work: Any) -> Any:
        return self.runner.run(work)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.do(self.store.close())
            self.runner.close()
            self.directory.cleanup()

    @rule(delay=DELAYS, key=st.sampled_from([None, "k1", "k2"]))
    def an_event_starts_a_run(self, delay: int, key: str | None) -> None:
        number = len(self.runs)
        event = an_event(f"E{number:03}", name="app/go", received_at=self.now)
        due_at = self.now + delay
        run = planned_run(
            event,
            f"R{number:03}",
            item={"due_at": due_at, "parked": due_at > self.now},
            idempotency_key=key,
        )
        accepted = self.do(self.store.accept([planned(event, run)], now=self.now))
        self.events.add(event.internal_id)
        is_first = key is None or key not in self.keys
        assert [one.run.id for one in accepted.started] == ([run.run.id] if is_first else [])
        model = ModelRun(planned=run)
        if key is not None:
            self.keys.setdefault(key, run.run.id)
        if is_first:
            self.items[run.item.id] = run.item
        else:
            model.status = RunStatus.SKIPPED  # never stored
        self.runs.append(model)

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def an_event_is_sent_again(self, data: st.DataObject) -> None:
        internal_id = data.draw(st.sampled_from(sorted(self.events)))
        event = an_event(internal_id, name="app/go")
        run = planned_run(event, "RX")
        accepted = self.do(self.store.accept([planned(event, run)], now=self.now))
        assert accepted.started == ()

    @rule(number=RUNS, step_id=STEPS, value=st.integers(0, 9))
    def a_step_is_settled(self, number: int, step_id: str, value: int) -> None:
        run = self.live(number)
        if run is not None:
            memo = b'{"data":%d}' % value
            self.commit(run, step(step_id, memo, len(run.memos)), ReleaseStep(step_id=step_id))
            run.memos.setdefault(step_id, memo)
            run.waits.pop(step_id, None)
            self.forget(run, step_id=step_id, parked=True)

    @rule(number=RUNS, delay=DELAYS)
    def work_is_added(self, number: int, delay: int) -> None:
        run = self.live(number)
        if run is not None:
            due_at = self.now + delay
            item = self.new_item(run, due_at=due_at, parked=due_at > self.now)
            self.commit(run, enqueued=(item,))
            self.items[item.id] = item

    @rule(number=RUNS, delay=DELAYS)
    def work_is_put_back(self, number: int, delay: int) -> None:
        item = self.held(number)
        if item is not None:
            due_at = self.now + delay
            back = msgspec.structs.replace(
                item,
                due_at=due_at,
                parked=due_at > self.now,
                attempt=item.attempt + 1,
                generation=item.generation + 1,
            )
            self.commit(self.run_of(item), item=item, requeued=back)
            self.items[item.id] = back

    @rule(number=RUNS)
    def work_is_done(self, number: int) -> None:
        item = self.held(number)
        if item is not None:
            self.commit(self.run_of(item), DropItem(), item=item)
            del self.items[item.id]

    @rule(number=RUNS, step_id=STEPS, name=st.sampled_from(["app/a", "app/b"]), timeout=DELAYS)
    def a_step_waits(self, number: int, step_id: str, name: str, timeout: int) -> None:
        run = self.live(number)
        if run is None or step_id in run.memos or step_id in run.waits:
            return
        expires_at = self.now + timeout
        pause = Pause(
            run_id=run.planned.run.id,
            step_id=step_id,
            kind=PauseKind.EVENT,
            name=name,
            created_at=self.now,
            expires_at=expires_at,
        )
        self.commit(run, step(step_id, None), AddPause(pause=pause))
        if expires_at > self.now:
            run.waits[step_id] = name

    @rule(name=st.sampled_from(["app/a", "app/b"]))
    def an_event_ends_waits(self, name: str) -> None:
        event = an_event(f"W{len(self.events):03}", name=name, received_at=self.now)
        accepted = self.do(self.store.accept([planned(event)], now=self.now))
        self.events.add(event.internal_id)
        waiting = {
            (run.planned.run.id, step_id)
            for run in self.runs
            for step_id, awaited in run.waits.items()
            if awaited == name
        }
        assert {(item.run_id, item.step_id) for item in accepted.resumed} == waiting
        for run in self.runs:
            run.waits = {key: awaited for key, awaited in run.waits.items() if awaited != name}
        for item in accepted.resumed:
            self.items[item.id] = item

    @rule(number=RUNS, status=st.sampled_from([RunStatus.COMPLETED, RunStatus.CANCELLED]))
    def a_run_ends(self, number: int, status: RunStatus) -> None:
        run = self.live(number)
        if run is not None:
            before = RunState(run=run.planned.run)
            after = msgspec.structs.replace(before, status=status, ended_at=self.now)
            self.commit(run, EndRun(output=b"1"), after=after)
            run.status = status
            run.waits = {}
            # What is held is dropped by whoever works on it.
            self.forget(run, parked=True)

    @rule(limit=st.integers(1, 4))
    def due_work_is_claimed(self, limit: int) -> None:
        claim = self.do(self.store.claim(now=self.now, limit=limit))
        due = sorted(
            one.due_at for one in self.items.values() if one.parked and one.due_at <= self.now
        )
        assert [one.due_at for one in claim.items] == due[:limit]
        for item in claim.items:
            known = self.items[item.id]
            assert item == msgspec.structs.replace(known, parked=False)
            self.items[item.id] = item
        parked = [one.due_at for one in self.items.values() if one.parked]
        assert claim.next_due_at == min(parked, default=None)

    @rule(milliseconds=st.sampled_from([1, 10, 100]))
    def time_passes(self, milliseconds: int) -> None:
        self.now += milliseconds
        # The waits that expire match nothing any more; their time-outs are items of their own.
        for run in self.runs:
            run.waits = {
                key: name for key, name in run.waits.items() if self.expires(run, key) > self.now
            }

    @rule()
    def the_process_dies(self) -> None:
        self.do(self.store.close())
        self.store = self.do(open_store(Path(self.directory.name)))
        self.items = {
            number: msgspec.structs.replace(item, parked=True)
            for number, item in self.items.items()
        }

    @invariant()
    def runs_are_as_written(self) -> None:
        for run in self.runs:
            state = self.do(self.store.load_state(run.planned.run.id))
            if run.status is RunStatus.SKIPPED:
                assert state is None
                continue
            assert state.memos == run.memos
            assert sorted(state.stack) == sorted(run.memos)
            assert state.status is run.status
            assert set(state.open).isdisjoint(run.memos)

    @invariant()
    def work_is_as_written(self) -> None:
        for run in self.runs:
            stored = self.do(self.store.items_of_run(run.planned.run.id))
            mine = [one for one in self.items.values() if one.run_id == run.planned.run.id]
            assert {one.id: one for one in stored} == {one.id: one for one in mine}
        assert self.do(self.store.count_items()) == len(self.items)

    def live(self, number: int) -> ModelRun | None:
        alive = [run for run in self.runs if not run.is_over]
        return alive[number % len(alive)] if alive else None

    def held(self, number: int) -> QueueItem | None:
        """An item in memory, of a run that lives."""
        alive = {run.planned.run.id for run in self.runs if not run.is_over}
        held = [one for one in self.items.values() if not one.parked and one.run_id in alive]
        return held[number % len(held)] if held else None

    def run_of(self, item: QueueItem) -> ModelRun:
        return next(run for run in self.runs if run.planned.run.id == item.run_id)

    def new_item(self, run: ModelRun, **changes: Any) -> QueueItem:
        return QueueItem(
            id=next(numbers),
            run_id=run.planned.run.id,
            function_id="app-fn",
            kind=ItemKind.CALL,
            max_attempts=5,
            **changes,
        )

    def commit(self, run: ModelRun, *effects: Any, **more: Any) -> None:
        before = RunState(run=run.planned.run)
        running = msgspec.structs.replace(before, status=RunStatus.RUNNING)
        after = more.pop("after", running)
        transition = Transition(before=before, after=after, effects=effects)
        for effect in effects:
            if isinstance(effect, AddPause):
                self.__dict__.setdefault("expiries", {})[
                    effect.pause.run_id, effect.pause.step_id
                ] = effect.pause.expires_at
        change = RunChange(transition=transition, item=more.pop("item", None), **more)

        async def store() -> None:
            await self.store.commit(change, now=self.now)

        self.do(store())
        if not run.is_over:
            run.status = after.status

    def expires(self, run: ModelRun, step_id: str) -> int:
        expiry: int = self.__dict__["expiries"][run.planned.run.id, step_id]
        return expiry

    def forget(self, run: ModelRun, *, parked: bool, step_id: str | None = None) -> None:
        gone = [
            one.id
            for one in self.items.values()
            if one.run_id == run.planned.run.id
            and one.parked is parked
            and (step_id is None or one.step_id == step_id)
        ]
        for number in gone:
            del self.items[number]


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
