"""What every `RunStore` does. A new adapter joins by a parameter of the `store` fixture."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import inngest
import pytest

from rawr.coordination import (
    RunError,
    RunQuery,
    RunRecord,
    SqliteOutbox,
    SqliteRunStore,
    TimelineEntry,
    UnknownRun,
    UnsupportedTransaction,
)
from rawr.sqlite import StorageError

NOW = datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=UTC)
RUN = RunRecord(
    run_id="run-1",
    tenant_id="acme",
    capability="billing",
    workflow="settle",
    status="queued",
    revision=1,
    requested_by="ada",
    request_id="req-1",
    correlation_id="cor-1",
    created_at=NOW,
    updated_at=NOW,
)
FULL = replace(
    RUN,
    idempotency_key="key-1",
    input_digest="d" * 64,
    input={"amount": [1, 2.5, None, "ü"]},
    event_id="billing:run-1",
    output=[True],
    error=RunError(code="E", message="why"),
    finished_at=NOW + timedelta(seconds=1),
)
ENTRY = TimelineEntry(event_id="e-1", type="run.started", status="queued", ts=NOW)


@pytest.fixture(params=["sqlite"])
def store(request, database):
    return SqliteRunStore(database)


@pytest.fixture
def outbox(store, database):
    return SqliteOutbox(database)


async def insert(store, *runs):
    def work(transaction):
        for run in runs:
            transaction.insert(run)

    await store.transact(work)


def listing(**changes):
    return RunQuery(**{"tenant_id": "acme", "limit": 10, **changes})


@pytest.mark.parametrize("run", [RUN, FULL], ids=["sparse", "full"])
async def test_a_run_comes_back_as_it_was_stored(store, run):
    await insert(store, run)
    assert await store.get("run-1", tenant_id="acme") == run
    assert await store.transact(lambda transaction: transaction.get("run-1")) == run


async def test_only_the_tenant_gets_a_run(store):
    await insert(store, RUN)
    assert await store.get("run-1", tenant_id="umbrella") is None
    assert await store.get("run-2", tenant_id="acme") is None
    assert await store.timeline("run-1", tenant_id="umbrella", after=0, limit=9) is None


async def test_a_run_id_is_unique_over_all_tenants(store):
    await insert(store, RUN)
    with pytest.raises(StorageError):
        await insert(store, replace(RUN, tenant_id="umbrella"))


async def test_an_idempotency_key_is_unique_per_tenant_and_workflow(store):
    await insert(store, FULL)
    for number, change in enumerate(("tenant_id", "capability", "workflow", "idempotency_key")):
        await insert(store, replace(FULL, run_id=f"other-{number}", **{change: "another"}))
    with pytest.raises(StorageError):
        await insert(store, replace(FULL, run_id="run-2"))


async def test_runs_without_a_key_do_not_collide(store):
    await insert(store, RUN, replace(RUN, run_id="run-2"))
    assert len(await store.list(listing())) == 2


async def test_a_run_is_found_by_its_key(store):
    await insert(store, FULL)

    def find(**changes):
        key = {
            "tenant_id": "acme",
            "capability": "billing",
            "workflow": "settle",
            "idempotency_key": "key-1",
            **changes,
        }
        return store.transact(lambda transaction: transaction.find_by_key(**key))

    assert await find() == FULL
    assert await find(tenant_id="umbrella") is None
    assert await find(idempotency_key="key-2") is None


async def test_work_that_raises_leaves_nothing(store, outbox):
    def work(transaction):
        transaction.insert(RUN)
        transaction.append("run-1", ENTRY)
        transaction.enqueue(inngest.Event(name="e", id="e-1"), run_id="run-1", now=NOW)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await store.transact(work)
    assert await store.get("run-1", tenant_id="acme") is None
    assert await outbox.unsent() == 0


async def test_replace_exchanges_a_run_that_has_not_moved(store):
    await insert(store, RUN)
    moved = replace(FULL, status="running", revision=2, requested_by="bob")
    assert await store.transact(lambda t: t.replace(moved, status="queued", revision=1))
    assert await store.get("run-1", tenant_id="acme") == moved


@pytest.mark.parametrize(("status", "revision"), [("running", 1), ("queued", 2)])
async def test_replace_leaves_a_run_that_has_moved(store, status, revision):
    await insert(store, RUN)
    moved = replace(RUN, status="failed", revision=9)
    assert not await store.transact(lambda t: t.replace(moved, status=status, revision=revision))
    assert await store.get("run-1", tenant_id="acme") == RUN


async def test_replace_never_reverts_what_the_engine_told_or_the_sequence(store):
    await insert(store, RUN)

    def learn(transaction):
        transaction.record_admission("run-1", "admission-1")
        transaction.record_engine_run("run-1", "engine-1")
        transaction.append("run-1", ENTRY)

    await store.transact(learn)
    stale = replace(RUN, status="running", revision=2)
    assert await store.transact(lambda t: t.replace(stale, status="queued", revision=1))
    run = await store.get("run-1", tenant_id="acme")
    assert run == replace(
        stale, admission_id="admission-1", engine_run_id="engine-1", last_sequence=1
    )


async def test_the_engines_run_is_news_only_once(store):
    await insert(store, RUN)
    answers = [
        await store.transact(lambda t, one=one: t.record_engine_run("run-1", one))
        for one in ("engine-1", "engine-1", "engine-2")
    ]
    assert answers == [True, False, True]


async def test_sequence_numbers_count_per_run(store):
    await insert(store, RUN, replace(RUN, run_id="run-2"))
    entries = [replace(ENTRY, event_id=f"e-{number}") for number in range(40)]
    appended = await asyncio.gather(
        *(
            store.transact(lambda t, e=entry, r=f"run-{n % 2 + 1}": t.append(r, e))
            for n, entry in enumerate(entries)
        )
    )
    for run_id in ("run-1", "run-2"):
        mine = [event.sequence for event in appended if event.run_id == run_id]
        assert sorted(mine) == list(range(1, 21))


async def test_a_timeline_event_comes_back_as_it_was_stored(store):
    await insert(store, RUN)
    entry = replace(ENTRY, detail="ü", attempt=3, data={"deskId": "a", "input": None})
    event = await store.transact(lambda t: t.append("run-1", entry))
    timeline = await store.timeline("run-1", tenant_id="acme", after=0, limit=9)
    assert timeline.events == (event,)
    assert timeline.run.last_sequence == event.sequence == 1
    assert (event.detail, event.attempt, event.data) == (entry.detail, entry.attempt, entry.data)
    assert event.ts == NOW


async def test_an_entry_with_a_known_id_is_not_added_again(store):
    await insert(store, RUN)
    first = await store.transact(lambda t: t.append("run-1", ENTRY))
    again = await store.transact(lambda t: t.append("run-1", replace(ENTRY, detail="other")))
    assert again == first


async def test_appending_to_no_run_is_refused(store):
    with pytest.raises(UnknownRun):
        await store.transact(lambda t: t.append("run-1", ENTRY))


async def test_a_timeline_is_ordered_by_sequence_and_never_by_time(store):
    await insert(store, RUN)
    for number in range(3):
        entry = replace(ENTRY, event_id=f"e-{number}", ts=NOW - timedelta(hours=number))
        await store.transact(lambda t, e=entry: t.append("run-1", e))
    timeline = await store.timeline("run-1", tenant_id="acme", after=1, limit=9)
    assert [event.event_id for event in timeline.events] == ["e-1", "e-2"]


async def test_runs_are_listed_newest_first_and_by_id_within_a_millisecond(store):
    await insert(
        store,
        replace(RUN, run_id="a", created_at=NOW),
        replace(RUN, run_id="b", created_at=NOW),
        replace(RUN, run_id="c", created_at=NOW - timedelta(seconds=1)),
        replace(RUN, run_id="d", tenant_id="umbrella"),
    )
    listed = await store.list(listing())
    assert [run.run_id for run in listed] == ["b", "a", "c"]
    before = (int(NOW.timestamp() * 1000), "b")
    rest = await store.list(listing(before=before))
    assert [run.run_id for run in rest] == ["a", "c"]


@pytest.mark.parametrize("column", ["capability", "workflow", "status"])
async def test_runs_are_listed_by_what_they_are(store, column):
    await insert(store, RUN, replace(RUN, run_id="run-2", **{column: "another"}))
    listed = await store.list(listing(**{column: "another"}))
    assert [run.run_id for run in listed] == ["run-2"]


async def test_committed_changes_are_signalled(store):
    with store.signals.subscribe("run-1") as mine, store.signals.subscribe("run-2") as other:
        changed, unchanged = mine.arm(), other.arm()
        await insert(store, RUN)
        assert changed.is_set()
        assert not unchanged.is_set()


async def test_an_enqueued_event_is_signalled_to_the_relay(store):
    wake = store.signals.outbox.arm()
    await insert(store, RUN)
    assert not wake.is_set()
    await store.transact(lambda t: t.enqueue(inngest.Event(name="e", id="1"), run_id=None, now=NOW))
    assert wake.is_set()


async def test_a_transaction_of_another_driver_is_refused(store):
    with pytest.raises(UnsupportedTransaction):
        await store.transact(lambda t: t.native(dict))
