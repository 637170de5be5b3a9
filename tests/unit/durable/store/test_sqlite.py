"""What the SQLite store promises the engine."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rawr.durable.domain.effects import (
    AddPause,
    DropItem,
    EndRun,
    SaveMetadata,
    SaveStep,
    Transition,
)
from rawr.durable.domain.event import Event
from rawr.durable.domain.limits import MAX_METADATA_BYTES
from rawr.durable.domain.op import MetadataUpdate, Opcode
from rawr.durable.domain.pause import Pause, PauseKind
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import Run, RunState, RunStatus
from rawr.durable.domain.step import StepRecord, StepStatus
from rawr.durable.engine._waits import match_value, wait_matches
from rawr.durable.store.port import PlannedEvent, PlannedRun, RunChange, StoredApp
from rawr.durable.store.sqlite import SQLiteStore

NOW = 1_767_225_600_000

numbers = itertools.count(1)


async def open_store(path: Path) -> SQLiteStore:
    store = await SQLiteStore.open(
        path,
        now_ms=lambda: NOW,
        allocate=lambda: next(numbers),
        matches=wait_matches,
        match_value=match_value,
    )
    await store.recover()
    return store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    store = await open_store(tmp_path)
    yield store
    await store.close()


def an_event(internal_id: str = "E1", **changes: Any) -> Event:
    values: dict[str, Any] = {
        "internal_id": internal_id,
        "id": internal_id,
        "name": "app/go",
        "data": {},
        "ts": NOW,
        "received_at": NOW,
        "user": {},
        **changes,
    }
    return Event(**values)


def planned_run(event: Event, run_id: str = "R1", **changes: Any) -> PlannedRun:
    item: dict[str, Any] = {"due_at": NOW, "parked": False, **changes.pop("item", {})}
    run = Run(id=run_id, function_id="app-fn", events=(event,), created_at=NOW, max_attempts=5)
    return PlannedRun(
        run=run,
        item=QueueItem(
            id=next(numbers),
            run_id=run_id,
            function_id="app-fn",
            **{"kind": ItemKind.CALL, "max_attempts": 5, **item},
        ),
        **changes,
    )


def planned(event: Event, *runs: PlannedRun) -> PlannedEvent:
    return PlannedEvent(event=event, body=msgspec.json.encode(event.as_json()), runs=runs)


async def start_run(store: SQLiteStore, run_id: str = "R1", **changes: Any) -> PlannedRun:
    event = an_event(f"E-{run_id}", data=changes.pop("data", {}))
    run = planned_run(event, run_id, **changes)
    await store.accept([planned(event, run)], now=NOW)
    return run


def step(step_id: str, memo: bytes | None, position: int | None = 0) -> SaveStep:
    return SaveStep(
        step=StepRecord(
            id=step_id,
            op=Opcode.STEP_RUN,
            name=step_id,
            status=StepStatus.OPEN if memo is None else StepStatus.COMPLETED,
            memo=memo,
            position=None if memo is None else position,
            started_at=NOW,
        )
    )


def change(run: PlannedRun, *effects: Any, **more: Any) -> RunChange:
    before = RunState(run=run.run)
    after = msgspec.structs.replace(before, status=RunStatus.RUNNING, started_at=NOW)
    transition = Transition(before=before, after=more.pop("after", after), effects=effects)
    return RunChange(transition=transition, item=run.item, **more)


async def test_an_accepted_event_starts_its_runs(store: SQLiteStore) -> None:
    event = an_event(data={"n": 1}, v="1")
    run = planned_run(event)
    accepted = await store.accept([planned(event, run)], now=NOW)

    assert accepted.started == (run,)
    assert await store.get_event("E1") == event
    assert await store.load_state("R1") == RunState(run=run.run)
    assert [one.id for one in await store.runs_of_event("E1")] == ["R1"]


async def test_an_event_sent_again_is_listed_again_and_starts_nothing(store: SQLiteStore) -> None:
    event = an_event()
    await store.accept([planned(event, planned_run(event))], now=NOW)
    again = await store.accept([planned(event, planned_run(event, "R2"))], now=NOW)

    assert again.started == ()
    assert await store.load_state("R2") is None
    listed = await store.list_events(
        limit=9, before=None, name=None, received_after=None, received_before=None
    )
    assert listed == [event, event]


async def test_an_idempotency_key_starts_one_run_in_24_hours(store: SQLiteStore) -> None:
    async def send(event_id: str, now: int) -> int:
        event = an_event(event_id)
        run = planned_run(event, f"R-{event_id}", idempotency_key="k")
        return len((await store.accept([planned(event, run)], now=now)).started)

    day = 24 * 60 * 60 * 1000
    assert [await send("A", NOW), await send("B", NOW + day - 1), await send("C", NOW + day)] == [
        1,
        0,
        1,
    ]


async def test_the_first_memo_of_a_step_stays(store: SQLiteStore) -> None:
    run = await start_run(store)
    await store.commit(change(run, step("s", b'{"data":1}')), now=NOW)
    await store.commit(change(run, step("s", b'{"data":2}')), now=NOW)

    state = await store.load_state("R1")
    assert state is not None
    assert state.memos == {"s": b'{"data":1}'}


async def test_steps_come_in_stack_order(store: SQLiteStore) -> None:
    run = await start_run(store)
    await store.commit(
        change(run, step("z", b"1", 0), step("a", b"2", 1), step("m", None)), now=NOW
    )

    state = await store.load_state("R1")
    assert state is not None
    assert state.stack == ("z", "a")
    assert [one.id for one in await store.run_steps("R1")] == ["z", "a", "m"]


async def test_a_commit_is_all_or_nothing(store: SQLiteStore) -> None:
    run = await start_run(store)
    duplicate = msgspec.structs.replace(run.item, kind=ItemKind.RESUME)
    with pytest.raises(Exception, match="UNIQUE"):
        await store.commit(change(run, step("s", b"1"), enqueued=(duplicate,)), now=NOW)

    state = await store.load_state("R1")
    assert state == RunState(run=run.run)


async def test_parked_items_are_claimed_when_due_in_order(store: SQLiteStore) -> None:
    for name, due in (("late", 30), ("early", 10), ("middle", 20)):
        await start_run(store, name, item={"due_at": NOW + due, "parked": True})

    first = await store.claim(now=NOW + 20, limit=10)
    assert [item.run_id for item in first.items] == ["early", "middle"]
    assert first.next_due_at == NOW + 30
    again = await store.claim(now=NOW + 20, limit=10)
    assert again.items == ()


async def test_a_claim_takes_no_more_than_asked(store: SQLiteStore) -> None:
    for number in range(3):
        await start_run(store, f"R{number}", item={"due_at": NOW + number, "parked": True})
    claim = await store.claim(now=NOW + 5, limit=2)
    assert len(claim.items) == 2
    assert claim.next_due_at == NOW + 2


async def test_a_claim_lets_calls_wait_whose_slot_is_full(store: SQLiteStore) -> None:
    for number in range(4):
        await start_run(store, f"R{number}", item={"due_at": NOW + number, "parked": True})
    function = (await start_run(store, "R9", item={"due_at": NOW + 9, "parked": True})).item
    claim = await store.claim(now=NOW + 5, limit=3, full={function.function_id: "slot"})
    assert (claim.items, claim.next_due_at, claim.waiting) == ((), NOW + 3, {"slot"})
    assert await store.waiting_slots() == ["slot"]
    fetched = await store.claim_waiting("slot", limit=9)
    assert [item.run_id for item in fetched] == ["R0", "R1", "R2"]


async def test_a_claim_lets_only_calls_wait_and_only_of_full_slots(store: SQLiteStore) -> None:
    await start_run(store, "R1", item={"due_at": NOW, "parked": True, "kind": ItemKind.RESUME})
    item = (await start_run(store, "R2", item={"due_at": NOW, "parked": True})).item
    claim = await store.claim(now=NOW, limit=3, full={"another": "slot"})
    assert [one.run_id for one in claim.items] == ["R1", "R2"]
    await store.wait_for_slots([("slot", item)])
    full = {item.function_id: "slot"}
    await start_run(store, "R3", item={"due_at": NOW, "parked": True, "kind": ItemKind.RESUME})
    claim = await store.claim(now=NOW, limit=3, full=full)
    assert [one.run_id for one in claim.items] == ["R3"]
    assert claim.waiting == frozenset()


async def test_what_a_previous_owner_held_is_available_again(tmp_path: Path) -> None:
    first = await open_store(tmp_path)
    run = await start_run(first)
    await first.close()

    second = await open_store(tmp_path)
    claim = await second.claim(now=NOW, limit=10)
    assert claim.items == (run.item,)
    assert (await second.recover()).last_item_id >= run.item.id
    await second.close()


async def test_the_end_of_a_run_removes_its_items_and_waits(store: SQLiteStore) -> None:
    run = await start_run(store)
    later = msgspec.structs.replace(run.item, id=next(numbers), due_at=NOW + 9, parked=True)
    await store.commit(change(run, pause("s"), enqueued=(later,)), now=NOW)
    ended = RunState(run=run.run, status=RunStatus.COMPLETED, started_at=NOW, ended_at=NOW)
    await store.commit(change(run, EndRun(output=b"1"), after=ended), now=NOW)

    view = await store.get_run("R1")
    assert view is not None
    assert (view.status, view.output, view.ended_at) == (RunStatus.COMPLETED, b"1", NOW)
    assert (await store.claim(now=NOW + 100, limit=10)).items == ()
    reply = an_event("E2", name="app/reply")
    assert (await store.accept([planned(reply)], now=NOW)).resumed == ()


def pause(step_id: str, **changes: Any) -> AddPause:
    values: dict[str, Any] = {
        "run_id": "R1",
        "step_id": step_id,
        "kind": PauseKind.EVENT,
        "name": "app/reply",
        "created_at": NOW,
        "expires_at": NOW + 1000,
        **changes,
    }
    return AddPause(pause=Pause(**values))


async def test_a_matching_event_consumes_a_wait_and_queues_its_run(store: SQLiteStore) -> None:
    run = await start_run(store)
    await store.commit(change(run, pause("s"), DropItem()), now=NOW)
    reply = planned(an_event("E2", name="app/reply", data={"n": 1}))

    (item,) = (await store.accept([reply], now=NOW)).resumed
    assert (item.kind, item.run_id, item.step_id) == (ItemKind.RESUME, "R1", "s")
    assert item.payload == reply.body
    other = planned(an_event("E3", name="app/reply"))
    assert (await store.accept([other], now=NOW)).resumed == ()


@pytest.mark.parametrize(
    ("received_at", "ends"), [(NOW - 1, False), (NOW, True), (NOW + 999, True), (NOW + 1000, False)]
)
async def test_only_events_between_start_and_timeout_end_a_wait(
    store: SQLiteStore, received_at: int, ends: bool
) -> None:
    run = await start_run(store)
    await store.commit(change(run, pause("s")), now=NOW)
    reply = an_event("E2", name="app/reply", received_at=received_at)
    accepted = await store.accept([planned(reply)], now=received_at)
    assert bool(accepted.resumed) is ends


async def test_waits_are_found_by_their_equality_also_after_a_restart(tmp_path: Path) -> None:
    first = await open_store(tmp_path)
    run = await start_run(first, data={"id": 2})
    indexed = pause(
        "s",
        expression="async.data.id == event.data.id",
        match_path='["async","data","id"]',
        match_value="n:2",
    )
    await first.commit(change(run, indexed, pause("t", name="app/other")), now=NOW)
    await first.close()

    second = await open_store(tmp_path)
    miss = an_event("E2", name="app/reply", data={"id": 1})
    hit = an_event("E3", name="app/reply", data={"id": 2})
    other = an_event("E4", name="app/other")
    found = [await second.accept([planned(event)], now=NOW) for event in (miss, hit, other)]
    assert [[item.step_id for item in one.resumed] for one in found] == [[], ["s"], ["t"]]
    await second.close()


async def test_registrations_are_kept_by_app(store: SQLiteStore) -> None:
    for checksum in ("1", "2"):
        await store.save_app(
            StoredApp(id="app", checksum=checksum, registration=b"{}", registered_at=NOW)
        )
    (app,) = await store.load_apps()
    assert app.checksum == "2"


async def test_runs_and_events_are_listed_newest_first(store: SQLiteStore) -> None:
    for name in ("R1", "R2", "R3"):
        await start_run(store, name)
    query: dict[str, Any] = {"function_id": None, "status": None}
    newest = await store.list_runs(limit=2, before=None, **query)
    older = await store.list_runs(limit=2, before="R2", **query)
    events = await store.list_events(
        limit=2, before=None, name="app/go", received_after=None, received_before=None
    )

    assert [run.id for run in newest] == ["R3", "R2"]
    assert [run.id for run in older] == ["R1"]
    assert [event.internal_id for event in events] == ["E-R3", "E-R2"]
    assert await store.list_runs(limit=9, before=None, function_id="x", status=None) == []
    assert (
        await store.list_runs(limit=9, before=None, function_id=None, status=RunStatus.FAILED) == []
    )


async def test_metadata_is_kept_by_kind_and_goes_with_its_run(store: SQLiteStore) -> None:
    def attach(kind: str, values: bytes, step_id: str | None = None) -> SaveMetadata:
        update = MetadataUpdate(kind=kind, scope="run", values=values)
        return SaveMetadata(update=update, step_id=step_id)

    run = await start_run(store)
    large = b'"' + b"x" * MAX_METADATA_BYTES + b'"'
    effects = [attach("a", b"1"), attach("a", b"2"), attach("a", b"3", "s"), attach("b", large)]
    await store.commit(change(run, *effects, decided_at=NOW), now=NOW)
    kept = await store.run_metadata("R1")
    assert [(one.step_id, one.kind, one.values) for one in kept] == [
        (None, "a", b"2"),
        ("s", "a", b"3"),
    ]
    assert kept[0].updated_at == NOW
    ended = msgspec.structs.replace(RunState(run=run.run), status=RunStatus.COMPLETED, ended_at=NOW)
    await store.commit(change(run, EndRun(output=b"1"), after=ended), now=NOW)
    await store.delete_runs(["R1"])
    assert await store.run_metadata("R1") == []


async def test_a_parallel_group_is_written_once_and_read_as_it_is(store: SQLiteStore) -> None:
    run = await start_run(store)
    state = RunState(run=run.run, status=RunStatus.RUNNING, group=frozenset({"a", "b", "c"}))
    written: list[str] = []

    async def commit(before: RunState, after: RunState, *effects: Any) -> None:
        transition = Transition(before=before, after=after, effects=effects)
        await store.commit(RunChange(transition=transition, item=run.item), now=NOW)

    await store._database.write(lambda c: c.set_trace_callback(written.append))
    await commit(RunState(run=run.run), state, step("z", None))
    for settled in "abc":
        after = msgspec.structs.replace(
            state,
            group=state.group - {settled},
            memos={**state.memos, settled: b"1"},
            stack=(*state.stack, settled),
        )
        await commit(state, after, step(settled, b"1", position=len(state.stack)))
        state = after
        loaded = await store.load_state("R1")
        assert loaded is not None
        assert loaded.group == state.group
    await store._database.write(lambda c: c.set_trace_callback(None))
    assert sum("step_group" in statement for statement in written) == 1
