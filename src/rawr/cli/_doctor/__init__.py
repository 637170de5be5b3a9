"""`rawr doctor`: what is wrong with a set-up, and how to mend it."""

import asyncio
import os
import time
from pathlib import Path
from typing import Final

import click

from ._data import check_data
from ._machine import check_machine
from ._report import Diagnosis, to_json, to_text
from ._setup import check_setup

_UNHEALTHY: Final = 1


def run_doctor(hq_dir: Path, *, as_json: bool) -> None:
    """Examine an HQ and print the diagnosis.

    Raises:
        Exit: Something must be mended; the exit code is 1.
    """
    diagnosis = asyncio.run(_examine(hq_dir.resolve()))
    click.echo(to_json(diagnosis) if as_json else to_text(diagnosis))
    if not diagnosis.is_healthy:
        raise click.exceptions.Exit(_UNHEALTHY)


async def _examine(hq_dir: Path) -> Diagnosis:
    setup = check_setup(hq_dir, os.environ)
    data = await check_data(setup, now_ms=time.time_ns() // 1_000_000)
    return Diagnosis([*check_machine(), *setup.findings, *data])
