"""Which run of an engine is meant: by its own id, or by the id that an HQ gave its caller."""

import re
from pathlib import Path
from typing import Final

import click

from ._engine_link import EngineLink

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
# As for `rawr doctor`: who can read the data folder may see the runs of every tenant.
_FIND: Final = "SELECT engine_run_id, status FROM coordination_runs WHERE run_id = ?"


def engine_run_id(link: EngineLink, given: str) -> str:
    """The id of a run in the engine.

    A run of an HQ may be called by the id its caller knows; of those that were repeated it is the
    last.

    Raises:
        UsageError: It can be no id.
        ClickException: It is a run of the HQ that has not reached the engine.
    """
    if _ID.fullmatch(given) is None:
        raise click.UsageError(f"{given!r} is not the id of a run; `rawr runs list` names them")
    found = _in_hq(link, given)
    if found is None:
        return given
    engine_id, status = found
    if engine_id is None:
        raise click.ClickException(
            f"run {given} of the HQ is {status}, and no run of the engine executes it"
        )
    return engine_id


def _in_hq(link: EngineLink, run_id: str) -> tuple[str | None, str] | None:
    if link.data_dir is None:
        return None
    import asyncio

    from rawr.host import DATABASE
    from rawr.sqlite import StorageError

    try:
        return asyncio.run(_look_up(link.data_dir / DATABASE, run_id))
    except StorageError as error:
        raise click.ClickException(str(error)) from error


async def _look_up(database: Path, run_id: str) -> tuple[str | None, str] | None:
    from rawr.coordination import MIGRATIONS
    from rawr.sqlite import Database

    opening = Database.open(database, migrations=[MIGRATIONS], readers=1, verify_only=True)
    async with await opening as opened:
        row: tuple[str | None, str] | None = await opened.read(
            lambda connection: connection.execute(_FIND, (run_id,)).fetchone()
        )
        return row
