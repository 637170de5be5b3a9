"""Runs that the engine inside has not ended, while an Inngest server is the engine now."""

import logging
from importlib.resources import files
from pathlib import Path
from typing import Final

from rawr.sqlite import Database, MigrationSet

from ._embedded import ENGINE_DIRECTORY

logger: Final = logging.getLogger("rawr.host")

ENGINE_DATABASE: Final = f"{ENGINE_DIRECTORY}/engine.db"
ENGINE_MIGRATIONS: Final = MigrationSet(
    component="engine", directory=files("rawr.durable.store") / "migrations"
)
_OPEN: Final = "SELECT count(*) FROM runs WHERE ended_at IS NULL"


async def runs_inside(data_dir: Path) -> int:
    """How many runs only the engine inside could go on with.

    Raises:
        StorageError: Its database cannot be read by this release.
    """
    path = data_dir / ENGINE_DATABASE
    if not path.exists():
        return 0
    async with await Database.open(
        path, migrations=[ENGINE_MIGRATIONS], readers=1, verify_only=True
    ) as database:
        return int(await database.read(lambda it: it.execute(_OPEN).fetchone()[0]))


async def warn_of_runs_inside(data_dir: Path) -> None:
    """Log how many runs nothing goes on with as long as a server is the engine.

    Raises:
        StorageError: See `runs_inside`.
    """
    left = await runs_inside(data_dir)
    if left:
        logger.warning(
            "%d runs of the engine inside have not ended, and an Inngest server does not know "
            "them: start with RAWR_ENGINE=embedded until they have, or cancel them there",
            left,
            extra={"action": "host.runs_inside"},
        )
