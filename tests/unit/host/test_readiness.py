"""Ready: it can write, its engine runs, its relay gets through, and somebody looked lately."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.unit.composition.kit import capability
from tests.unit.host.kit import ask_at_once, booted

from rawr.composition import compose_capabilities
from rawr.coordination import Relay
from rawr.host._readiness import Readiness, Report
from rawr.sqlite import DiskFull
from rawr.testing.clock import VirtualClock

SMALL = compose_capabilities([capability()])
SECOND = 1000


class Looked:
    """A check that finds what it is told to."""

    def __init__(self) -> None:
        self.wrong: str | None = None

    async def __call__(self) -> str | None:
        return self.wrong


def readiness(clock: VirtualClock, **checks: Any) -> Readiness:
    return Readiness(clock=clock, checks=checks, is_serving=True)


async def test_it_is_ready_when_everything_works() -> None:
    ready = readiness(VirtualClock(), database=Looked(), engine=Looked())
    assert ready.report() == Report(ready=False, checks={})
    await ready.look()
    assert ready.report() == Report(ready=True, checks={"database": "ok", "engine": "ok"})
    ready.is_serving = False
    assert not ready.report().ready


async def test_what_fails_is_named_without_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="rawr.host")
    database = Looked()
    ready = readiness(VirtualClock(), database=database, engine=Looked())
    database.wrong = "the disk is full"
    for _ in range(2):
        await ready.look()
    assert ready.report() == Report(ready=False, checks={"database": "failing", "engine": "ok"})
    database.wrong = None
    await ready.look()
    assert ready.report().ready
    assert caplog.messages == ["database fails: the disk is full", "database works again"]


async def test_what_does_not_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rawr.host._readiness._ANSWER_SECONDS", 0)
    ready = readiness(VirtualClock(), engine=anyio.sleep_forever)
    await ready.look()
    assert ready.report().checks == {"engine": "failing"}


async def test_an_old_look_says_nothing() -> None:
    clock = VirtualClock()
    ready = readiness(clock, engine=Looked())
    await ready.look()
    clock.advance(29 * SECOND)
    assert ready.report().ready
    clock.advance(SECOND)
    assert ready.report() == Report(ready=False, checks={"engine": "failing"})


async def test_it_looks_every_few_seconds() -> None:
    clock, check = VirtualClock(), Looked()
    ready = readiness(clock, engine=check)
    await ready.look()
    looking = asyncio.ensure_future(ready.keep_looking())
    check.wrong = "gone"
    await asyncio.sleep(0)
    clock.advance(5 * SECOND)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not ready.report().ready
    looking.cancel()


async def test_a_host_that_cannot_write_is_not_ready(tmp_path: Path) -> None:
    async with booted(SMALL, tmp_path) as host:

        async def full() -> str:
            return str(DiskFull("the disk is full"))

        checks = dict(host.readiness.checks)
        assert set(checks) == {"database", "engine", "relay"}
        assert [await check() for check in checks.values()] == [None, None, None]
        host.readiness.checks = {**checks, "database": full}
        await host.readiness.look()
        answer = ask_at_once(host.mounts, "/ready")
        assert answer.status == 503
        assert answer.body == (
            b'{"ready":false,"checks":{"database":"failing","engine":"ok","relay":"ok"}}'
        )


async def test_a_host_whose_engine_has_stopped_is_not_ready(tmp_path: Path) -> None:
    async with booted(SMALL, tmp_path) as host:
        await host.engine.drain()
        await host.readiness.look()
        assert host.readiness.report().checks["engine"] == "failing"


async def test_a_host_whose_events_do_not_get_through_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with booted(SMALL, tmp_path) as host:
        monkeypatch.setattr(Relay, "failed_passes", 3)
        await host.readiness.look()
        assert host.readiness.report().checks["relay"] == "failing"


async def test_a_host_really_writes(tmp_path: Path) -> None:
    async with booted(SMALL, tmp_path) as host:
        before = (tmp_path / "hq.db-wal").stat().st_size
        await host.readiness.look()
        assert (tmp_path / "hq.db-wal").stat().st_size > before
