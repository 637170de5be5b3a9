"""What is particular to the SQLite adapter: query plans, and data damaged by other hands."""

import pytest

from rawr.coordination import RunQuery
from rawr.coordination._sqlite_outbox import DUE, NEXT_ATTEMPT, UNSENT
from rawr.coordination._sqlite_store import list_statement
from rawr.sqlite import DatabaseCorrupt


async def plan(database, sql, parameters):
    rows = await database.read(
        lambda c: c.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    )
    return " / ".join(row[3] for row in rows)


@pytest.mark.parametrize(
    ("changes", "index"),
    [
        ({}, "coordination_runs_by_tenant (tenant_id=?)"),
        (
            {"before": (1, "x")},
            "coordination_runs_by_tenant (tenant_id=? AND (created_at_ms,run_id)<(?,?))",
        ),
        ({"status": "failed"}, "coordination_runs_by_tenant (tenant_id=?)"),
        (
            {"capability": "billing", "workflow": "settle"},
            "coordination_runs_by_workflow (tenant_id=? AND capability=? AND workflow=?)",
        ),
    ],
)
async def test_listing_reads_an_index_in_order(database, changes, index):
    query = RunQuery(**{"tenant_id": "acme", "limit": 5, **changes})
    described = await plan(database, *list_statement(query))
    assert described == f"SEARCH coordination_runs USING INDEX {index}"


@pytest.mark.parametrize(("sql", "parameters"), [(DUE, (1, 10)), (NEXT_ATTEMPT, ()), (UNSENT, ())])
async def test_the_relay_walks_only_unsent_rows_and_sorts_nothing(database, sql, parameters):
    described = await plan(database, sql, parameters)
    assert described.endswith("coordination_outbox USING INDEX coordination_outbox_unsent")


@pytest.mark.parametrize("column", ["input", "output"])
async def test_a_damaged_run_is_an_error_and_not_a_missing_run(send, runs, database, column):
    await send(run_id="run-1")
    await database.write(
        lambda c: c.execute(f"UPDATE coordination_runs SET {column} = '{{'").rowcount
    )
    with pytest.raises(DatabaseCorrupt, match=f"{column} of run run-1 is not JSON"):
        await runs.get("run-1", tenant_id="acme")


@pytest.mark.parametrize(("text", "complaint"), [("{", "not JSON"), ("3", "not an object")])
async def test_a_damaged_timeline_is_an_error(send, runs, database, text, complaint):
    await send(run_id="run-1")
    await database.write(
        lambda c: c.execute("UPDATE coordination_timeline SET data = ?", (text,)).rowcount
    )
    with pytest.raises(DatabaseCorrupt, match=f"timeline event 1 of run run-1 is {complaint}"):
        await runs.timeline("run-1", tenant_id="acme")


async def test_runs_cannot_vanish_from_under_their_timeline(send, database):
    await send(run_id="run-1")
    await database.write(lambda c: c.execute("DELETE FROM coordination_runs").rowcount)
    left = await database.read(
        lambda c: [
            c.execute(f"SELECT count(*) FROM coordination_{table}").fetchone()[0]
            for table in ("timeline", "outbox")
        ]
    )
    assert left == [0, 0]
