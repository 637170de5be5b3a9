"""The package of $name on a database of its own."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rawr import coordination
from rawr.composition import HostPorts
from rawr.coordination import Runs, SqliteRunStore, Workflow
from rawr.sqlite import Database
from rawr.testing.clock import VirtualClock

from packages.$name.capability import MIGRATIONS, provide
from packages.$name.client import ${Name}Ports


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[${Name}Ports]:
    """The package as a host would bind it, on a clock that stands still."""
    numbers = itertools.count(1)
    migrations = [coordination.MIGRATIONS, *MIGRATIONS]
    async with await Database.open(tmp_path / "test.db", migrations=migrations) as database:

        def new_id() -> str:
            return f"id-{next(numbers)}"

        def runs(workflow: Workflow) -> Runs:
            store = SqliteRunStore(database)
            return Runs(workflow, store=store, clock=VirtualClock(), new_id=new_id)

        yield provide(
            HostPorts(
                runs=runs,
                database=database,
                now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
                new_id=new_id,
            )
        )
