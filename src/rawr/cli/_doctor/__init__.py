"""`rawr doctor`: what is wrong with a set-up, and how to mend it."""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from ._machine import check_machine
from ._report import Diagnosis, Finding, mend, to_json, to_text

_UNHEALTHY: Final = 1


def run_doctor(hq_dir: Path, *, as_json: bool) -> None:
    """Examine an HQ and print the diagnosis.

    Raises:
        Exit: Something must be mended; the exit code is 1.
    """
    diagnosis = Diagnosis([*check_machine(), *_check_hq(hq_dir.resolve())])
    click.echo(to_json(diagnosis) if as_json else to_text(diagnosis))
    if not diagnosis.is_healthy:
        raise click.exceptions.Exit(_UNHEALTHY)


def _check_hq(hq_dir: Path) -> Sequence[Finding]:
    """Examine the HQ; a host that cannot even be imported is a finding too."""
    try:
        from ._examination import examine
    except ImportError as error:
        message = f"what runs an HQ cannot be imported: {error}"
        fix = "pip install --force-reinstall rawr-hq, with the Python that is to run the HQ"
        return [mend("installation", message, fix)]
    return asyncio.run(examine(hq_dir, os.environ, now_ms=time.time_ns() // 1_000_000))
