"""What every `Outbox` does. A new adapter joins by a parameter of the `stores` fixture."""

from datetime import UTC, datetime, timedelta

import inngest
import pytest

from rawr.coordination import Postponed, Sent, SqliteOutbox, SqliteRunStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


@pytest.fixture(params=["sqlite"])
def stores(request, database):
    return SqliteRunStore(database), SqliteOutbox(database)


@pytest.fixture
def outbox(stores):
    return stores[1]


@pytest.fixture
async def rows(stores):
    """Three rows, in the order they were committed."""
    store, outbox = stores
    for number in range(3):
        event = inngest.Event(name="e", id=f"e-{number}", data={"n": number}, ts=7)
        await store.transact(lambda t, e=event: t.enqueue(e, run_id=None, now=NOW))
    return list(await outbox.due(NOW, limit=10))


async def test_unsent_rows_come_in_commit_order(outbox, rows):
    assert [row.event.id for row in rows] == ["e-0", "e-1", "e-2"]
    assert rows[1].event.data == {"n": 1}
    assert rows[1].event.ts == 7
    assert {row.attempts for row in rows} == {0}
    assert await outbox.due(NOW, limit=2) == rows[:2]
    assert await outbox.unsent() == 3


async def test_an_event_id_is_kept_once(stores, rows):
    store, outbox = stores
    event = inngest.Event(name="e", id="e-1", data={"n": 99})
    await store.transact(lambda t: t.enqueue(event, run_id=None, now=NOW))
    assert list(await outbox.due(NOW, limit=10)) == rows


async def test_sent_rows_are_gone(outbox, rows):
    await outbox.settle([Sent(row=rows[0], admission_id="a-0")], now=NOW)
    assert await outbox.due(LATER, limit=10) == rows[1:]
    assert await outbox.unsent() == 2


async def test_a_postponed_row_waits_while_the_others_go_on(outbox, rows):
    await outbox.settle([Postponed(row=rows[0], next_attempt_at=LATER, error="why")], now=NOW)
    assert await outbox.due(NOW, limit=10) == rows[1:]
    (again, *_) = await outbox.due(LATER, limit=10)
    assert (again.event.id, again.attempts) == ("e-0", 1)


async def test_a_row_sent_by_one_relay_is_not_postponed_by_another(outbox, rows):
    await outbox.settle([Sent(row=rows[0], admission_id="a-0")], now=NOW)
    await outbox.settle([Postponed(row=rows[0], next_attempt_at=LATER, error="why")], now=NOW)
    assert await outbox.unsent() == 2


async def test_the_next_attempt_is_the_earliest_of_the_unsent(outbox, rows):
    assert await outbox.next_attempt_at() == NOW
    await outbox.settle([Sent(row=row, admission_id="a") for row in rows[1:]], now=NOW)
    await outbox.settle([Postponed(row=rows[0], next_attempt_at=LATER, error="why")], now=NOW)
    assert await outbox.next_attempt_at() == LATER
    await outbox.settle([Sent(row=rows[0], admission_id="a")], now=LATER)
    assert await outbox.next_attempt_at() is None
