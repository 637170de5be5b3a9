"""Everything about one HQ: its set-up, what it publishes, its data."""

from collections.abc import Mapping
from pathlib import Path

from ._data import check_data
from ._engine import check_engine
from ._published import check_published
from ._report import Finding
from ._setup import check_setup


async def examine(hq_dir: Path, environ: Mapping[str, str], *, now_ms: int) -> list[Finding]:
    """Examine an HQ; nothing is changed."""
    setup = check_setup(hq_dir, environ)
    published = [] if setup.manifest is None else [check_published(hq_dir, setup.manifest)]
    engine = [] if setup.settings is None else await check_engine(setup.settings)
    data = await check_data(setup, now_ms=now_ms)
    return [*setup.findings, *published, *engine, *data]
