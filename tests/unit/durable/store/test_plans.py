"""The plans of the statements that run often or over much data."""

import importlib.resources
import sqlite3
from collections.abc import Iterator

import pytest

from rawr.durable.store import _queries as q


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    files = importlib.resources.files("rawr.durable.store") / "migrations"
    for file in sorted(files.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".sql"):
            connection.executescript(file.read_text())
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, statement: str) -> str:
    values = [0] * statement.count("?")
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
    return "\n".join(row[3] for row in rows)


def test_metadata_is_found_by_its_run(connection: sqlite3.Connection) -> None:
    for statement in (q.LOAD_SPANS, q.DELETE_SPANS):
        assert "SEARCH spans USING PRIMARY KEY (run_id=?" in plan(connection, statement)
    for statement in (q.LOAD_METADATA, q.OTHER_METADATA_BYTES, q.DELETE_METADATA):
        assert "SEARCH metadata USING PRIMARY KEY (run_id=?" in plan(connection, statement)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("GET_EVENT", "sqlite_autoindex_events_1"),
        ("LIST_EVENTS", "sqlite_autoindex_events_1"),
        ("LIST_EVENTS_BY_NAME", "events_by_name"),
        ("LOAD_RUN", "sqlite_autoindex_runs_1"),
        ("LIST_RUNS", "sqlite_autoindex_runs_1"),
        ("LIST_RUNS_OF_FUNCTION", "runs_by_function"),
        ("RUN_AGES", "sqlite_autoindex_runs_1"),
        ("NEWEST_RUN", "sqlite_autoindex_runs_1"),
        ("EVENT_AGES", "sqlite_autoindex_events_1"),
        ("NEWEST_EVENT", "sqlite_autoindex_events_1"),
        ("ENDED_EVENTS", "sqlite_autoindex_runs_1"),
        ("DELETE_STEPS", "sqlite_autoindex_steps_1"),
        ("DELETE_RUN", "sqlite_autoindex_runs_1"),
        ("DELETE_EVENT", "sqlite_autoindex_events_1"),
        ("FORGET_SOME_KEYS", "idempotency_by_expiry"),
        ("SCAN_RUNS", "sqlite_autoindex_runs_1"),
        ("SCAN_RUNS_OF_FUNCTION", "runs_by_function"),
        ("UPDATE_RUN", "sqlite_autoindex_runs_1"),
        ("END_RUN", "sqlite_autoindex_runs_1"),
        ("LOAD_STEPS", "sqlite_autoindex_steps_1"),
        ("DUE_ITEMS", "queue_due"),
        ("NEXT_DUE", "queue_due"),
        ("RELEASE_HELD", "queue_held"),
        ("ITEMS_OF_RUN", "queue_parked_by_run"),
        ("ITEMS_OF_RUN", "queue_held"),
        ("COUNT_ITEMS", "queue_held"),
        ("COUNT_DUE", "queue_due"),
        ("COUNT_DUE", "queue_held"),
        ("DROP_RUN_ITEMS", "queue_parked_by_run"),
        ("DROP_STEP_ITEMS", "queue_parked_by_run"),
        ("MATCHING_PAUSES", "pauses_by_match"),
        ("EVENTS_SINCE", "events_by_name"),
        ("EVENTS_WAITED_FOR", "sqlite_autoindex_steps_1"),
        ("LAST_PAUSE", "pauses_by_run"),
        ("PAUSE_PATHS", "pauses_by_match"),
        ("DROP_RUN_PAUSES", "pauses_by_run"),
        ("DROP_STEP_PAUSES", "pauses_by_run"),
        ("FORGET_KEYS", "idempotency_by_expiry"),
    ],
)
def test_a_statement_uses_its_index(connection: sqlite3.Connection, name: str, index: str) -> None:
    assert f"INDEX {index}" in plan(connection, getattr(q, name))


@pytest.mark.parametrize("name", ["REQUEUE_ITEM", "RESET_ATTEMPT", "DROP_ITEM", "HOLD_ITEM"])
def test_an_item_is_found_by_its_number(connection: sqlite3.Connection, name: str) -> None:
    assert "USING INTEGER PRIMARY KEY" in plan(connection, getattr(q, name))


@pytest.mark.parametrize("name", ["EVENT_AGES", "DELETE_EVENT", "FORGET_QUOTAS", "RESUME_FUNCTION"])
def test_a_row_is_found_by_its_primary_key(connection: sqlite3.Connection, name: str) -> None:
    described = plan(connection, getattr(q, name))
    assert "USING PRIMARY KEY" in described
    assert "SCAN" not in described


def test_due_items_come_in_order_without_sorting(connection: sqlite3.Connection) -> None:
    assert "TEMP B-TREE" not in plan(connection, q.DUE_ITEMS)


def test_the_last_item_is_found_without_a_scan(connection: sqlite3.Connection) -> None:
    # SQLite walks to the end of the table's own tree and stops.
    assert plan(connection, q.LAST_ITEM) == "SEARCH queue"


#: Statements that walk through an index or a small table, and why that is no full scan of history.
WALKS = {
    "COUNT_ITEMS": "what waits is counted for look-ups and metrics, by its indexes alone",
    "COUNT_DUE": "what is due is counted by its indexes alone",
    "HAS_KEYED_RUNS": "stops at the first row",
    "HELD_RUN_SLOTS": "a row a live run of a function with a limit on live runs",
    "ITEMS_OF_RUN": "the held half of the queue is what memory holds",
    "LOAD_APPS": "a row an app",
    "LOAD_PAUSED": "a row a paused function",
    "NEWEST_EVENT": "walks the ids it is to keep",
    "NEWEST_RUN": "walks the ids it is to keep",
    "PAUSE_PATHS": "jumps from path to path",
    "RELEASE_HELD": "the held half of the queue is what memory held",
    "WAITING_SLOTS": "jumps from slot to slot",
}
STATEMENTS = sorted(
    name
    for name, value in vars(q).items()
    if name.isupper() and isinstance(value, str) and not name.startswith("_")
)


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_scans_a_table_unless_it_is_said_why(
    connection: sqlite3.Connection, name: str
) -> None:
    described = plan(connection, getattr(q, name)).splitlines()
    scans = [line for line in described if line.startswith("SCAN") and line != "SCAN CONSTANT ROW"]
    assert bool(scans) == (name in WALKS), scans
