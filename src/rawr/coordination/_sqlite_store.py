"""The run store in SQLite."""

import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from typing import Final, TypeVar

from rawr.coordination._ports import RunQuery, RunWork
from rawr.coordination._run import RunRecord, Timeline
from rawr.coordination._signals import RunSignals
from rawr.coordination._sqlite_rows import (
    RUN_COLUMNS,
    TIMELINE_COLUMNS,
    one,
    run_from,
    timeline_event_from,
)
from rawr.coordination._sqlite_transaction import SqliteRunTransaction
from rawr.sqlite import Database, MigrationSet

T = TypeVar("T")

#: Give these to `Database.open`, beside the migrations of capabilities that share the file.
MIGRATIONS: Final = MigrationSet(
    component="coordination", directory=files("rawr.coordination") / "migrations"
)

_GET = f"SELECT {RUN_COLUMNS} FROM coordination_runs WHERE run_id = ? AND tenant_id = ?"  # noqa: S608 - constants only
_TIMELINE = f"""
SELECT {TIMELINE_COLUMNS} FROM coordination_timeline
WHERE run_id = ? AND sequence > ? ORDER BY sequence LIMIT ?
"""  # noqa: S608 - constants only

_LIST = f"""
SELECT {RUN_COLUMNS} FROM coordination_runs WHERE {{where}}
ORDER BY created_at_ms DESC, run_id DESC LIMIT :limit
"""  # noqa: S608 - constants only; conditions bind their values


class SqliteRunStore:
    """`RunStore` on a database opened with `MIGRATIONS`."""

    def __init__(self, database: Database, *, signals: RunSignals | None = None) -> None:
        self._database = database
        self._signals = signals or RunSignals()

    @property
    def signals(self) -> RunSignals:
        """See `RunStore.signals`."""
        return self._signals

    async def transact(self, work: RunWork[T]) -> T:
        """See `RunStore.transact`."""

        def run(connection: sqlite3.Connection) -> tuple[T, SqliteRunTransaction]:
            transaction = SqliteRunTransaction(connection)
            return work(transaction), transaction

        value, transaction = await self._database.write(run)
        self._signals.notify(transaction.touched)
        if transaction.has_enqueued:
            self._signals.outbox.notify()
        return value

    async def get(self, run_id: str, *, tenant_id: str) -> RunRecord | None:
        """See `RunStore.get`."""
        return await self._database.read(
            lambda connection: one(connection.execute(_GET, (run_id, tenant_id)))
        )

    async def list(self, query: RunQuery) -> Sequence[RunRecord]:
        """See `RunStore.list`."""
        sql, parameters = list_statement(query)
        return await self._database.read(
            lambda connection: [run_from(row) for row in connection.execute(sql, parameters)]
        )

    async def timeline(
        self, run_id: str, *, tenant_id: str, after: int, limit: int
    ) -> Timeline | None:
        """See `RunStore.timeline`."""

        def work(connection: sqlite3.Connection) -> Timeline | None:
            run = one(connection.execute(_GET, (run_id, tenant_id)))
            if run is None:
                return None
            rows = connection.execute(_TIMELINE, (run_id, after, limit))
            return Timeline(run=run, events=tuple(timeline_event_from(row) for row in rows))

        return await self._database.read(work)


def list_statement(query: RunQuery) -> tuple[str, dict[str, object]]:
    """Return the SELECT for a query, and its parameters."""
    conditions = ["tenant_id = :tenant_id"]
    parameters: dict[str, object] = {"tenant_id": query.tenant_id, "limit": query.limit}
    for column in ("capability", "workflow", "status"):
        value = getattr(query, column)
        if value is not None:
            conditions.append(f"{column} = :{column}")
            parameters[column] = value
    if query.before is not None:
        conditions.append("(created_at_ms, run_id) < (:before_ms, :before_id)")
        parameters["before_ms"], parameters["before_id"] = query.before
    where = " AND ".join(conditions)
    return _LIST.format(where=where), parameters
