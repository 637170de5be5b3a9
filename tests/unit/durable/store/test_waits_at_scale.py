"""Crowds of waiting runs: what an event looks at is counted, so that no clock is needed."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rawr.durable.domain.pause import Pause, PauseKind
from rawr.durable.domain.run import Run
from rawr.durable.engine._waits import index_wait, match_value, wait_matches
from rawr.durable.store import _queries as q
from rawr.durable.store._pauses import PauseIndex
from rawr.durable.store.sqlite import SQLiteStore

from .test_sqlite import NOW, an_event, numbers, planned

CROWD = 100_000
TOGETHER = 10_000


class Looks:
    """Decides waits as the engine does, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, text: str, event: Mapping[str, Any], arriving: Mapping[str, Any]) -> bool:
        self.count += 1
        return wait_matches(text, event, arriving)


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
async def store(tmp_path: Path, looks: Looks) -> AsyncIterator[SQLiteStore]:
    """A store where 100,000 runs wait for their own order, and 10,000 for the same shop."""
    store = await open_counting(tmp_path, looks)
    await store._write(lambda connection: crowd(connection, store._writer._pauses))
    yield store
    await store.close()


async def open_counting(path: Path, looks: Looks) -> SQLiteStore:
    store = await SQLiteStore.open(
        path,
        now_ms=lambda: NOW,
        allocate=lambda: next(numbers),
        matches=looks,
        match_value=match_value,
    )
    await store.recover()
    return store


def crowd(connection: sqlite3.Connection, index: PauseIndex) -> None:
    own = "async.data.order == event.data.order && async.data.total > 10"
    shared = "async.data.shop == event.data.shop"
    for number in range(CROWD):
        event = an_event(f"E{number}", data={"order": number, "shop": "here"})
        run = Run(
            id=f"R{number}", function_id="app-fn", events=(event,), created_at=NOW, max_attempts=1
        )
        body = msgspec.json.encode(event.as_json())
        connection.execute(q.ADD_EVENT, (event.internal_id, event.name, NOW, body))
        add_wait(connection, index, run, "app/paid", own)
        if number < TOGETHER:
            add_wait(connection, index, run, "app/closing", shared)


def add_wait(
    connection: sqlite3.Connection, index: PauseIndex, run: Run, name: str, expression: str
) -> None:
    found = index_wait(expression, run.event.as_json())
    pause = Pause(
        run_id=run.id,
        step_id=name,
        kind=PauseKind.EVENT,
        name=name,
        expression=expression,
        match_path=found.path,
        match_value=found.value,
        created_at=NOW,
        expires_at=NOW + 1,
    )
    index.add(connection, pause, run)


async def test_an_event_looks_at_the_waits_it_may_end_and_no_others(
    store: SQLiteStore, looks: Looks, tmp_path: Path
) -> None:
    paid = an_event("P1", name="app/paid", data={"order": 77_777, "total": 20})
    accepted = await store.accept([planned(paid)], now=NOW)
    assert [item.run_id for item in accepted.resumed] == ["R77777"]
    assert looks.count == 1

    too_little = an_event("P2", name="app/paid", data={"order": 5, "total": 1})
    unknown = an_event("P3", name="app/paid", data={"order": CROWD, "total": 20})
    elsewhere = an_event("P4", name="app/closing", data={"shop": "there"})
    for event in (too_little, unknown, elsewhere):
        assert (await store.accept([planned(event)], now=NOW)).resumed == ()
    assert looks.count == 2

    await store.close()
    again = await open_counting(tmp_path, looks)
    paid = an_event("P5", name="app/paid", data={"order": 99_999, "total": 20})
    accepted = await again.accept([planned(paid)], now=NOW)
    assert [item.run_id for item in accepted.resumed] == ["R99999"]
    assert looks.count == 3
    await again.close()


async def test_one_event_ends_the_waits_of_ten_thousand_runs(
    store: SQLiteStore, looks: Looks
) -> None:
    closing = an_event("C1", name="app/closing", data={"shop": "here"})
    accepted = await store.accept([planned(closing)], now=NOW)
    assert {item.run_id for item in accepted.resumed} == {f"R{n}" for n in range(TOGETHER)}
    assert looks.count == TOGETHER
    assert await store.count_items() == TOGETHER

    assert (
        await store.accept([planned(an_event("C2", name="app/closing"))], now=NOW)
    ).resumed == ()
    assert looks.count == TOGETHER
