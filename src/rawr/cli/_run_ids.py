"""Which run of an engine is meant: by its own id, or by the id that an HQ gave its caller."""

import re
import sqlite3
from contextlib import closing
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
    from rawr.host import DATABASE
    from rawr.sqlite import connect

    try:
        with closing(connect(link.data_dir / DATABASE, read_only=True)) as database:
            row: tuple[str | None, str] | None = database.execute(_FIND, (run_id,)).fetchone()
            return row
    except sqlite3.Error as error:
        raise click.ClickException(f"{link.data_dir / DATABASE}: {error}") from error
