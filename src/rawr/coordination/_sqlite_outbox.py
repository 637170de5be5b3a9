"""The outbox in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

import inngest
import pydantic

from rawr.coordination._ports import OutboxRow, Postponed, Sent
from rawr.coordination._sqlite_transaction import SqliteRunTransaction
from rawr.coordination._values import from_ms, to_ms
from rawr.sqlite import Database, DatabaseCorrupt

# Left to itself SQLite walks the whole table for this order, rows sent long ago included.
DUE = """
SELECT position, event, run_id, attempts
FROM coordination_outbox INDEXED BY coordination_outbox_unsent
WHERE sent_at_ms IS NULL AND next_attempt_at_ms <= ? ORDER BY position LIMIT ?
"""
NEXT_ATTEMPT = """
SELECT min(next_attempt_at_ms) FROM coordination_outbox INDEXED BY coordination_outbox_unsent
WHERE sent_at_ms IS NULL
"""
UNSENT = """
SELECT count(*) FROM coordination_outbox INDEXED BY coordination_outbox_unsent
WHERE sent_at_ms IS NULL
"""
_MARK_SENT = """
UPDATE coordination_outbox SET sent_at_ms = ?, admission_id = ?
WHERE position = ? AND sent_at_ms IS NULL
"""
_POSTPONE = """
UPDATE coordination_outbox SET attempts = attempts + 1, next_attempt_at_ms = ?, last_error = ?
WHERE position = ? AND sent_at_ms IS NULL
"""


class SqliteOutbox:
    """`Outbox` on a database opened with the coordination migrations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, *, limit: int) -> Sequence[OutboxRow]:
        """See `Outbox.due`."""
        rows = await self._database.read(
            lambda connection: connection.execute(DUE, (to_ms(now), limit)).fetchall()
        )
        return [
            OutboxRow(position=position, event=_event(text, position), run_id=run_id, attempts=n)
            for position, text, run_id, n in rows
        ]

    async def next_attempt_at(self) -> datetime | None:
        """See `Outbox.next_attempt_at`."""
        earliest: int | None = await self._database.read(
            lambda connection: connection.execute(NEXT_ATTEMPT).fetchone()[0]
        )
        return None if earliest is None else from_ms(earliest)

    async def settle(self, outcomes: Sequence[Sent | Postponed], *, now: datetime) -> None:
        """See `Outbox.settle`."""

        def work(connection: sqlite3.Connection) -> None:
            transaction = SqliteRunTransaction(connection)
            for outcome in outcomes:
                if isinstance(outcome, Postponed):
                    _postpone(connection, outcome)
                else:
                    _mark_sent(connection, transaction, outcome, now)

        await self._database.write(work)

    async def unsent(self) -> int:
        """See `Outbox.unsent`."""
        count: int = await self._database.read(
            lambda connection: connection.execute(UNSENT).fetchone()[0]
        )
        return count


def _postpone(connection: sqlite3.Connection, outcome: Postponed) -> None:
    connection.execute(
        _POSTPONE, (to_ms(outcome.next_attempt_at), outcome.error, outcome.row.position)
    )


def _mark_sent(
    connection: sqlite3.Connection,
    transaction: SqliteRunTransaction,
    outcome: Sent,
    now: datetime,
) -> None:
    row = outcome.row
    marked = connection.execute(_MARK_SENT, (to_ms(now), outcome.admission_id, row.position))
    if marked.rowcount == 1 and row.run_id is not None:
        transaction.record_admission(row.run_id, outcome.admission_id)


def _event(text: str, position: int) -> inngest.Event:
    try:
        return inngest.Event.model_validate_json(text)
    except pydantic.ValidationError as error:
        raise DatabaseCorrupt(
            f"outbox row {position} does not hold an event; restore the file from a backup"
        ) from error
