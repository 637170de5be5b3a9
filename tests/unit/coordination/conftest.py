"""A store on a real database, and coordination assembled on it."""

import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.unit.coordination.kit import (
    BILLING,
    REQUESTED,
    FakeEngine,
    ManualClock,
    Requested,
    request_for,
)

from rawr.coordination import MIGRATIONS, Coordination, Runs
from rawr.sqlite import Database, MigrationSet


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers):04d}"


@pytest.fixture
def ledger(tmp_path: Path) -> MigrationSet:
    """The tables of a capability that shares the file."""
    directory = tmp_path / "ledger"
    directory.mkdir()
    (directory / "0001_create.sql").write_text(
        "CREATE TABLE ledger (run_id TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT;"
    )
    return MigrationSet(component="ledger", directory=directory)


@pytest.fixture
async def database(tmp_path: Path, ledger: MigrationSet) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "hq.db", migrations=[MIGRATIONS, ledger]) as opened:
        yield opened


@pytest.fixture
def coordination(
    database: Database, engine: FakeEngine, clock: ManualClock, new_id: Callable[[], str]
) -> Coordination:
    return Coordination.on_sqlite(database, sender=engine, clock=clock, new_id=new_id)


@pytest.fixture
def runs(coordination: Coordination) -> Runs:
    return coordination.runs(BILLING)


@pytest.fixture
def send(coordination):
    """Dispatch a request; keywords change its default values."""

    async def dispatch(*, also=None, event=None, **changes):
        request = request_for(**changes)
        return await coordination.dispatch.send(
            event or REQUESTED.event(Requested(run_id=request.run_id or "unknown")),
            run=request,
            also=also,
        )

    return dispatch


@pytest.fixture
def outbox_rows(database):
    async def read():
        return await database.read(
            lambda c: c.execute(
                "SELECT event_id, run_id, attempts, admission_id FROM coordination_outbox "
                "ORDER BY position"
            ).fetchall()
        )

    return read


@pytest.fixture
def note():
    """`also` work of a capability: a row in its own table."""

    def work(transaction, run):
        transaction.native(sqlite3.Connection).execute(
            "INSERT INTO ledger VALUES (?, ?)", (run.run_id, run.status)
        )

    return work


@pytest.fixture
def notes(database):
    async def read():
        return await database.read(
            lambda c: c.execute("SELECT run_id, note FROM ledger ORDER BY run_id").fetchall()
        )

    return read


@pytest.fixture
async def elsewhere(tmp_path, ledger, engine, clock):
    """Another process's view: its own connections and signals on the same file."""
    numbers = itertools.count(1)
    async with await Database.open(tmp_path / "hq.db", migrations=[MIGRATIONS, ledger]) as opened:
        yield Coordination.on_sqlite(
            opened, sender=engine, clock=clock, new_id=lambda: f"there-{next(numbers):04d}"
        )
