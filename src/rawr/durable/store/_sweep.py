"""Forgetting history, a little at a time."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from rawr.durable.store import _queries as q
from rawr.durable.store._rows import event_ids_from
from rawr.durable.store.port import Relic

_NS_PER_MS: Final = 1_000_000
#: Rows deleted in one transaction: a few milliseconds of the writer's time.
_ROWS: Final = 500
#: Free pages worth giving back: more than this many, and than one in four of the file.
_FREE_PAGES: Final = 1000
_FREE_SHARE: Final = 4
#: Pages given back in one transaction.
_PAGES: Final = 200


def ended_runs(
    connection: sqlite3.Connection, *, after: str, until: str, limit: int
) -> list[Relic]:
    """Return runs whose ids lie between two others, the oldest first."""
    return [Relic(*row) for row in connection.execute(q.RUN_AGES, (after, until, limit))]


def free_events(
    connection: sqlite3.Connection, *, after: str, until: str, limit: int
) -> list[Relic]:
    """Return events whose ids lie between two others, the oldest first."""
    return [Relic(*row) for row in connection.execute(q.EVENT_AGES, (after, until, limit))]


def newest(connection: sqlite3.Connection, statement: str, count: int) -> str | None:
    """Return the id from which on there are `count` rows; `None` when there are fewer."""
    row = connection.execute(statement, (count - 1,)).fetchone()
    return None if row is None else row[0]


def delete_runs(connection: sqlite3.Connection, run_ids: Sequence[str]) -> int:
    """Delete ended runs from the front of a list; return how many of the list are dealt with."""
    rows = 0
    for position, run_id in enumerate(run_ids):
        if rows >= _ROWS:
            return position
        row = connection.execute(q.ENDED_EVENTS, (run_id,)).fetchone()
        if row is None:
            continue
        for event_id in event_ids_from(row[0]):
            rows += connection.execute(q.DROP_RUN_EVENT, (event_id, run_id)).rowcount
        rows += connection.execute(q.DELETE_STEPS, (run_id,)).rowcount
        rows += connection.execute(q.DELETE_METADATA, (run_id,)).rowcount
        rows += connection.execute(q.DELETE_SPANS, (run_id,)).rowcount
        rows += connection.execute(q.DELETE_RUN, (run_id,)).rowcount
    return len(run_ids)


def delete_events(connection: sqlite3.Connection, event_ids: Sequence[str]) -> int:
    """Delete the events no run refers to; return how many were."""
    # A rerun may have come to refer to one since it was looked at.
    return sum(
        connection.execute(q.DELETE_EVENT, (event_id, event_id)).rowcount for event_id in event_ids
    )


def forget_keys(connection: sqlite3.Connection, *, now: int) -> bool:
    """Delete some idempotency keys and quotas that mean nothing any more; True when more may be."""
    rows = connection.execute(q.FORGET_SOME_KEYS, (now, _ROWS)).rowcount
    for prefix, instant in (("rate:", now * _NS_PER_MS), ("throttle:", now)):
        key_range = (prefix, prefix[:-1] + ";", instant, _ROWS)
        rows = max(rows, connection.execute(q.FORGET_QUOTAS, key_range).rowcount)
    return rows >= _ROWS


def vacuum(connection: sqlite3.Connection) -> bool:
    """Give some free pages back to the file system; True when there are more worth it."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    if free < _FREE_PAGES or free * _FREE_SHARE < pages:
        return False
    for _ in range(_PAGES):
        # The driver takes the first step of this statement only, which gives back one page.
        connection.execute("PRAGMA incremental_vacuum(1)")
    (left,) = connection.execute("PRAGMA freelist_count").fetchone()
    return bool(left < free)
