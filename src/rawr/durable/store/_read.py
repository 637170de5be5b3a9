"""What the SQLite store reads; runs in a reader thread, against one snapshot each."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from rawr.durable.domain.errors import StoreCorrupt
from rawr.durable.domain.event import Event
from rawr.durable.domain.metadata import Metadata
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import Run, RunState, RunStatus
from rawr.durable.domain.step import StepRecord
from rawr.durable.store import _queries as q
from rawr.durable.store._rows import (
    event_from,
    event_ids_from,
    glance_from,
    item_from,
    state_from,
    step_from,
    view_from,
)
from rawr.durable.store.port import RunGlance, RunView, StoredApp

#: Sorts above every ULID.
_NEWEST: Final = "~"
_FOREVER_MS: Final = 1 << 62


def load_apps(connection: sqlite3.Connection) -> list[StoredApp]:
    """Return every registration."""
    return [
        StoredApp(id=row[0], checksum=row[1], registration=row[2], registered_at=row[3])
        for row in connection.execute(q.LOAD_APPS)
    ]


def load_state(connection: sqlite3.Connection, run_id: str) -> RunState | None:
    """Return a run as decisions need it."""
    row = connection.execute(q.LOAD_RUN, (run_id,)).fetchone()
    if row is None:
        return None
    run = Run(
        id=run_id,
        function_id=row[0],
        events=tuple(_event(connection, event_id) for event_id in event_ids_from(row[5])),
        created_at=row[2],
        max_attempts=row[6],
        correlation_id=row[7],
        original_run_id=row[8],
    )
    return state_from(run, row, run_steps(connection, run_id))


def load_states(connection: sqlite3.Connection, run_ids: Sequence[str]) -> dict[str, RunState]:
    """Return those of some runs that exist."""
    found = ((run_id, load_state(connection, run_id)) for run_id in run_ids)
    return {run_id: state for run_id, state in found if state is not None}


def run_steps(connection: sqlite3.Connection, run_id: str) -> list[StepRecord]:
    """Return a run's steps: the settled ones in stack order, then the others."""
    return [step_from(row) for row in connection.execute(q.LOAD_STEPS, (run_id,))]


def run_metadata(connection: sqlite3.Connection, run_id: str) -> list[Metadata]:
    """Return what is attached to a run and its steps."""
    return [
        Metadata(
            step_id=row[0] or None, kind=row[1], scope=row[2], values=row[3], updated_at=row[4]
        )
        for row in connection.execute(q.LOAD_METADATA, (run_id,))
    ]


def held_run_slots(connection: sqlite3.Connection) -> list[tuple[str, tuple[str, int]]]:
    """Return each run that counts against a limit on live runs, with the limit."""
    return [(row[0], (row[1], row[2])) for row in connection.execute(q.HELD_RUN_SLOTS)]


def get_run(connection: sqlite3.Connection, run_id: str) -> RunView | None:
    """Return a run."""
    row = connection.execute(q.GET_RUN, (run_id,)).fetchone()
    return None if row is None else view_from(row)


def list_runs(
    connection: sqlite3.Connection,
    *,
    limit: int,
    before: str | None,
    function_id: str | None,
    status: RunStatus | None,
) -> list[RunView]:
    """Return runs, the newest first."""
    page = (before or _NEWEST, status or "%", limit)
    if function_id is None:
        rows = connection.execute(q.LIST_RUNS, page)
    else:
        rows = connection.execute(q.LIST_RUNS_OF_FUNCTION, (function_id, *page))
    return [view_from(row) for row in rows]


def scan_runs(
    connection: sqlite3.Connection,
    *,
    after: str,
    until: str,
    function_id: str | None,
    limit: int,
    with_event: bool,
) -> list[RunGlance]:
    """Return runs whose ids lie between two others, the oldest first."""
    page = (after, until, limit)
    if function_id is None:
        rows = connection.execute(q.SCAN_RUNS, page).fetchall()
    else:
        rows = connection.execute(q.SCAN_RUNS_OF_FUNCTION, (function_id, *page)).fetchall()
    return [
        glance_from(row, get_event(connection, event_ids_from(row[4])[0]) if with_event else None)
        for row in rows
    ]


def waiting_slots(connection: sqlite3.Connection) -> list[str]:
    """Return every slot that items wait for."""
    return [slot for (slot,) in connection.execute(q.WAITING_SLOTS)]


def load_paused(connection: sqlite3.Connection) -> dict[str, int]:
    """Return when each paused function was paused."""
    return dict(connection.execute(q.LOAD_PAUSED).fetchall())


def runs_of_event(connection: sqlite3.Connection, event_id: str) -> list[RunView]:
    """Return the runs an event started."""
    return [view_from(row) for row in connection.execute(q.RUNS_OF_EVENT, (event_id,))]


def items_of_run(connection: sqlite3.Connection, run_id: str) -> list[QueueItem]:
    """Return what is still to be done for a run, the earliest first."""
    rows = connection.execute(q.ITEMS_OF_RUN, (run_id, run_id))
    return [replace(item_from(row[:-1]), parked=bool(row[-1])) for row in rows]


def count_due(connection: sqlite3.Connection, *, now: int) -> int:
    """Return how many queue items should be done by now."""
    count: int = connection.execute(q.COUNT_DUE, (now,)).fetchone()[0]
    return count


def count_items(connection: sqlite3.Connection) -> int:
    """Return how many queue items there are, held or parked."""
    count: int = connection.execute(q.COUNT_ITEMS).fetchone()[0]
    return count


def get_event(connection: sqlite3.Connection, event_id: str) -> Event | None:
    """Return an event by its internal id."""
    row = connection.execute(q.GET_EVENT, (event_id,)).fetchone()
    return None if row is None else event_from(row)


def list_events(
    connection: sqlite3.Connection,
    *,
    limit: int,
    before: str | None,
    name: str | None,
    received_after: int | None,
    received_before: int | None,
) -> list[Event]:
    """Return events, the newest first."""
    page = (
        before or _NEWEST,
        received_after if received_after is not None else -1,
        received_before if received_before is not None else _FOREVER_MS,
        limit,
    )
    if name is None:
        rows = connection.execute(q.LIST_EVENTS, page)
    else:
        rows = connection.execute(q.LIST_EVENTS_BY_NAME, (name, *page))
    # Listed once for each time it was received, as on an Inngest server.
    listed = [event for row in rows for event in [event_from(row[:3])] * row[3]]
    return listed[:limit]


def _event(connection: sqlite3.Connection, event_id: str) -> Event:
    event = get_event(connection, event_id)
    if event is None:
        raise StoreCorrupt(f"event {event_id} is missing, but a run refers to it")
    return event
