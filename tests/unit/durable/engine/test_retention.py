"""What is forgotten, what is not, and copies to be safe."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import inngest
import pytest

from rawr.durable.domain.errors import RunNotFound, StoreFull, StoreUnavailable
from rawr.durable.domain.retention import Retention
from rawr.durable.engine import Engine, EngineSettings, Swept
from rawr.sqlite import DiskFull

from .conftest import Host

DAY_S = 86_400


@pytest.fixture(params=["in_process"])
async def host(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """One transport: nothing here depends on it."""
    host = Host(tmp_path / "engine", request.param)

    @host.function("once", "app/once", retries=0)
    async def once(ctx: inngest.Context) -> object:
        async def step() -> int:
            return 1

        return [await ctx.step.run(f"s{n}", step) for n in range(ctx.event.data.get("steps", 1))]

    @host.function("nap", "app/nap")
    async def nap(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", timedelta(days=60))

    yield host
    if host._engine is not None:
        await host.engine.close()


def keep(host: Host, **retention: Any) -> None:
    host.settings = EngineSettings(retention=Retention(**retention))


def count(host: Host, table: str) -> int:
    with closing(sqlite3.connect(host._data_dir / "engine.db")) as connection:
        number: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return number


async def swept(host: Host) -> None:
    """Wait until the engine's own sweep has begun and ended."""
    await anyio.wait_all_tasks_blocked()
    async with host.engine._parts.sweeper._sweeping:
        pass


async def test_ended_runs_and_their_events_are_forgotten_when_they_are_old(host: Host) -> None:
    keep(host, runs=timedelta(days=7), events=timedelta(days=7), interval=timedelta(days=999))
    await host.start()
    old = await host.send("app/once")
    await host.advance(8 * DAY_S)
    young = await host.send("app/once")
    await host.engine.settle()
    # The event itself and the one that told of the end.
    assert await host.engine.sweep() == Swept(runs=1, events=2)
    assert await host.engine.get_event(old) is None
    assert await host.runs(old) == []
    assert len(await host.runs(young)) == 1
    assert (count(host, "steps"), count(host, "run_events")) == (1, 1)
    assert await host.engine.sweep() == Swept(runs=0, events=0)


async def test_age_counts_from_the_end_of_a_run(host: Host) -> None:
    keep(host, runs=timedelta(days=7), events=timedelta(days=7), interval=timedelta(days=999))
    await host.start()
    event_id = await host.send("app/nap")
    await host.advance(60 * DAY_S + 60)
    assert (await host.engine.sweep()).runs == 0
    assert await host.engine.get_event(event_id) is not None
    await host.advance(8 * DAY_S)
    assert (await host.engine.sweep()).runs == 1


async def test_a_live_run_keeps_its_event_however_old(host: Host) -> None:
    keep(host, max_runs=0, max_events=0, events=timedelta(days=1), interval=timedelta(days=999))
    await host.start()
    event_id = await host.send("app/nap")
    await host.advance(30 * DAY_S)
    assert await host.engine.sweep() == Swept(runs=0, events=0)
    await host.restart()
    await host.advance(31 * DAY_S)
    assert (await host.run(event_id)).status == "completed"


async def test_only_the_newest_are_kept(host: Host) -> None:
    keep(host, max_runs=2, max_events=4, interval=timedelta(days=999))
    await host.start()
    ids = []
    for _ in range(5):
        ids.append(await host.send("app/once"))
        await host.engine.settle()
    assert await host.engine.sweep() == Swept(runs=3, events=6)
    assert [len(await host.runs(one)) for one in ids] == [0, 0, 0, 1, 1]


async def test_nothing_is_forgotten_unless_asked(host: Host) -> None:
    keep(host, runs=None, events=None)
    await host.start()
    await host.send("app/once")
    await host.advance(1000 * DAY_S)
    assert await host.engine.sweep() == Swept(runs=0, events=0)


async def test_long_runs_are_forgotten_a_few_at_a_time(host: Host) -> None:
    keep(host, max_runs=0, max_events=0, interval=timedelta(days=999))
    await host.start()
    for _ in range(4):
        await host.send("app/once", {"steps": 300})
    await host.engine.settle()
    assert (await host.engine.sweep()).runs == 4
    assert count(host, "steps") == 0


async def test_expired_keys_and_quotas_are_forgotten(host: Host) -> None:
    keep(host, interval=timedelta(days=999))

    @host.function(
        "limited", "app/limited", rate_limit=inngest.RateLimit(limit=1, period=timedelta(hours=1))
    )
    async def limited(ctx: inngest.Context) -> None:
        return None

    @host.function(
        "slow", "app/limited", throttle=inngest.Throttle(limit=1, period=timedelta(hours=1))
    )
    async def slow(ctx: inngest.Context) -> None:
        return None

    await host.start()
    await host.send("app/limited", id="mine")
    await host.engine.sweep()
    assert (count(host, "quotas"), count(host, "idempotency")) == (2, 2)
    await host.advance(2 * DAY_S)
    await host.engine.sweep()
    assert (count(host, "quotas"), count(host, "idempotency")) == (0, 0)


async def test_the_engine_sweeps_by_itself(host: Host) -> None:
    keep(host, runs=timedelta(days=1), interval=timedelta(days=2))
    await host.start()
    event_id = await host.send("app/once")
    await host.advance(3 * DAY_S)
    await swept(host)
    assert await host.runs(event_id) == []


async def test_a_sweep_that_fails_is_tried_again(
    host: Host, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(host, runs=timedelta(days=1), interval=timedelta(days=2))
    await host.start()
    event_id = await host.send("app/once")
    await host.engine.settle()
    store = host.engine._store
    look = store.ended_runs

    async def fail(**_page: Any) -> Any:
        monkeypatch.setattr(store, "ended_runs", look)
        raise StoreUnavailable

    monkeypatch.setattr(store, "ended_runs", fail)
    await host.advance(3 * DAY_S)
    await swept(host)
    assert "could not be deleted" in caplog.text
    await host.engine.sweep()
    assert await host.runs(event_id) == []


async def test_a_run_deleted_meanwhile_is_not_repeated(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(host, max_runs=0, max_events=0, interval=timedelta(days=999))
    await host.start()
    run = await host.run(await host.send("app/once"))
    await host.engine.wait_run(run.id)
    store = host.engine._store
    rerun = store.rerun

    async def swept_before(*arguments: Any) -> None:
        await host.engine.sweep()
        await rerun(*arguments)

    monkeypatch.setattr(store, "rerun", swept_before)
    with pytest.raises(RunNotFound, match="deleted"):
        await host.engine.rerun(run.id)


async def test_unused_space_is_given_back(host: Host) -> None:
    keep(host, max_runs=0, max_events=0, interval=timedelta(days=999))
    await host.start()
    pad = "x" * 50_000
    await host.engine.send([host.draft("app/once", {"pad": pad}) for _ in range(200)])
    await host.engine.settle()
    with closing(sqlite3.connect(host._data_dir / "engine.db")) as connection:
        (before,) = connection.execute("PRAGMA page_count").fetchone()
        await host.engine.sweep()
        (after,) = connection.execute("PRAGMA page_count").fetchone()
    assert after < before / 2


async def test_a_backup_goes_on_where_the_engine_was(host: Host, tmp_path: Path) -> None:
    await host.start()
    event_id = await host.send("app/nap")
    await host.engine.settle()
    (tmp_path / "copy").mkdir()
    await host.engine.backup(tmp_path / "copy" / "engine.db")
    await host.send("app/nap")
    host._data_dir = tmp_path / "copy"
    await host.restart()
    await host.advance(60 * DAY_S + 60)
    assert (await host.run(event_id)).status == "completed"
    assert len(await host.engine.list_runs(function_id="app-nap")) == 1


async def test_a_backup_without_space_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Engine.open(tmp_path / "engine") as engine:
        (tmp_path / "there").touch()
        with pytest.raises(StoreUnavailable, match="exists already"):
            await engine.backup(tmp_path / "there")

        async def full(_target: Path) -> None:
            raise DiskFull("no space")

        monkeypatch.setattr(engine._store._database, "backup", full)  # type: ignore[attr-defined]
        with pytest.raises(StoreFull):
            await engine.backup(tmp_path / "copy")
