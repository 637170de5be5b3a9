"""What the operator's settings mean to the engine of a host."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rawr.durable.domain.clock import SystemClock
from rawr.durable.engine import Engine, EngineSettings
from rawr.host import BootStages, Settings


class Seen(Exception):
    """Ends a boot where there is nothing more to see."""


async def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **environ: str) -> EngineSettings:
    """What the engine is opened with."""
    seen: list[EngineSettings] = []

    async def open_engine(*_args: Any, settings: EngineSettings, **_options: Any) -> None:
        seen.append(settings)
        raise Seen

    monkeypatch.setattr(Engine, "open", open_engine)
    settings = Settings.from_environment(tmp_path, mode="development", environ=environ)
    with pytest.raises(Seen):
        await BootStages().open_engine(settings, SystemClock())
    return seen[0]


@pytest.mark.parametrize(("days", "kept"), [("7", timedelta(days=7)), ("0", None)])
async def test_what_has_ended_is_kept_for_days_or_for_ever(
    days: str, kept: timedelta | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retention = (await told(tmp_path, monkeypatch, RAWR_KEEP_DAYS=days)).retention
    assert (retention.runs, retention.events) == (kept, kept)


async def test_signals_that_come_before_their_run_waits_count_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = await told(tmp_path, monkeypatch)
    assert (usual.limits.max_steps, usual.wait_lookback) == (1000, timedelta(days=1))
    chosen = await told(
        tmp_path, monkeypatch, RAWR_MAX_STEPS="5000", RAWR_WAIT_LOOKBACK_SECONDS="60"
    )
    assert (chosen.limits.max_steps, chosen.wait_lookback) == (5000, timedelta(minutes=1))
