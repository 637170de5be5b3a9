"""How long the engine of a host keeps what has ended."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rawr.durable.domain.clock import SystemClock
from rawr.durable.engine import Engine
from rawr.host import BootStages, Settings


class Seen(Exception):
    """Ends a boot where there is nothing more to see."""


@pytest.mark.parametrize(("days", "kept"), [(7, timedelta(days=7)), (0, None)])
async def test_the_engine_is_told(
    days: int, kept: timedelta | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    async def open_engine(*_args: Any, settings: Any, **_options: Any) -> None:
        told.append(settings.retention)
        raise Seen

    monkeypatch.setattr(Engine, "open", open_engine)
    settings = Settings(hq_dir=tmp_path, data_dir=tmp_path / "data", keep_days=days)
    with pytest.raises(Seen):
        await BootStages().open_engine(settings, SystemClock())
    assert [(item.runs, item.events) for item in told] == [(kept, kept)]
