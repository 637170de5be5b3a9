"""One transaction on runs, timelines and the outbox, in SQLite."""

import sqlite3
from datetime import datetime
from typing import TypeVar

import inngest

from rawr.coordination._errors import UnknownRun, UnsupportedTransaction
from rawr.coordination._run import RunRecord, TimelineEntry, TimelineEvent
from rawr.coordination._sqlite_rows import (
    RUN_COLUMNS,
    TIMELINE_COLUMNS,
    encode,
    one,
    run_parameters,
    timeline_event_from,
)
from rawr.coordination._values import to_ms

Native = TypeVar("Native")

_GET = f"SELECT {RUN_COLUMNS} FROM coordination_runs WHERE run_id = ?"  # noqa: S608 - constants only
_FIND_BY_KEY = f"""
SELECT {RUN_COLUMNS} FROM coordination_runs
WHERE tenant_id = ? AND capability = ? AND workflow = ? AND idempotency_key = ?
"""  # noqa: S608 - constants only
_INSERT = f"""
INSERT INTO coordination_runs ({RUN_COLUMNS})
VALUES ({", ".join(f":{column}" for column in RUN_COLUMNS.split(", "))})
"""  # noqa: S608 - constants only
_REPLACE = """
UPDATE coordination_runs SET
    status = :status, revision = :revision, requested_by = :requested_by,
    request_id = :request_id, correlation_id = :correlation_id,
    idempotency_key = :idempotency_key, input_digest = :input_digest, input = :input,
    event_id = :event_id, output = :output, error_code = :error_code,
    error_message = :error_message, updated_at_ms = :updated_at_ms,
    finished_at_ms = :finished_at_ms
WHERE run_id = :run_id AND status = :from_status AND revision = :from_revision
"""
_FIND_EVENT = f"""
SELECT {TIMELINE_COLUMNS} FROM coordination_timeline WHERE run_id = ? AND event_id = ?
"""  # noqa: S608 - constants only
_NEXT_SEQUENCE = """
UPDATE coordination_runs SET last_sequence = last_sequence + 1 WHERE run_id = ?
RETURNING last_sequence
"""
_APPEND = f"""
INSERT INTO coordination_timeline ({TIMELINE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608 - constants only
_ENQUEUE = """
INSERT INTO coordination_outbox (event_id, run_id, event, next_attempt_at_ms)
VALUES (?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING
"""


class SqliteRunTransaction:
    """`RunTransaction` on a connection of `rawr.sqlite`, inside one of its write requests."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        #: Runs to report as changed once committed.
        self.touched: set[str] = set()
        #: True if there is something new to send once committed.
        self.has_enqueued = False

    def native(self, kind: type[Native]) -> Native:
        """See `RunTransaction.native`; the handle is a `sqlite3.Connection`."""
        if not isinstance(self._connection, kind):
            raise UnsupportedTransaction(
                f"this store's transactions are sqlite3.Connection, not {kind.__name__}; use the "
                "capability's SQLite adapter"
            )
        return self._connection

    def get(self, run_id: str) -> RunRecord | None:
        """See `RunTransaction.get`."""
        return one(self._connection.execute(_GET, (run_id,)))

    def find_by_key(
        self, *, tenant_id: str, capability: str, workflow: str, idempotency_key: str
    ) -> RunRecord | None:
        """See `RunTransaction.find_by_key`."""
        key = (tenant_id, capability, workflow, idempotency_key)
        return one(self._connection.execute(_FIND_BY_KEY, key))

    def insert(self, run: RunRecord) -> None:
        """See `RunTransaction.insert`."""
        self._connection.execute(_INSERT, run_parameters(run))
        self.touched.add(run.run_id)

    def replace(self, run: RunRecord, *, status: str, revision: int) -> bool:
        """See `RunTransaction.replace`."""
        cursor = self._connection.execute(
            _REPLACE,
            {**run_parameters(run), "from_status": status, "from_revision": revision},
        )
        self.touched.add(run.run_id)
        return cursor.rowcount == 1

    def append(self, run_id: str, entry: TimelineEntry) -> TimelineEvent:
        """See `RunTransaction.append`."""
        known = self._connection.execute(_FIND_EVENT, (run_id, entry.event_id)).fetchone()
        if known is not None:
            return timeline_event_from(known)
        numbered = self._connection.execute(_NEXT_SEQUENCE, (run_id,)).fetchone()
        if numbered is None:
            raise UnknownRun(run_id)
        event = TimelineEvent(
            event_id=entry.event_id,
            sequence=numbered[0],
            run_id=run_id,
            type=entry.type,
            status=entry.status,
            ts=entry.ts,
            detail=entry.detail,
            attempt=entry.attempt,
            data=dict(entry.data),
        )
        self._connection.execute(
            _APPEND,
            (
                event.event_id,
                event.sequence,
                run_id,
                event.type,
                event.status,
                to_ms(event.ts),
                event.detail,
                event.attempt,
                encode(dict(event.data)) if event.data else None,
            ),
        )
        self.touched.add(run_id)
        return event

    def record_admission(self, run_id: str, admission_id: str) -> None:
        """See `RunTransaction.record_admission`."""
        self._connection.execute(
            "UPDATE coordination_runs SET admission_id = ? WHERE run_id = ?",
            (admission_id, run_id),
        )
        self.touched.add(run_id)

    def record_engine_run(self, run_id: str, engine_run_id: str) -> bool:
        """See `RunTransaction.record_engine_run`."""
        cursor = self._connection.execute(
            "UPDATE coordination_runs SET engine_run_id = ? "
            "WHERE run_id = ? AND engine_run_id IS NOT ?",
            (engine_run_id, run_id, engine_run_id),
        )
        self.touched.add(run_id)
        return cursor.rowcount == 1

    def enqueue(self, event: inngest.Event, *, run_id: str | None, now: datetime) -> None:
        """See `RunTransaction.enqueue`."""
        self._connection.execute(_ENQUEUE, (event.id, run_id, event.model_dump_json(), to_ms(now)))
        self.has_enqueued = True
