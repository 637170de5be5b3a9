"""What the commands for tokens and users have in common."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rawr.host.identity import Command, Reply

_PRIVATE = 0o077
"""What is written is readable by its owner only."""

C = TypeVar("C", bound=Callable[..., Any])

hq_option = click.option(
    "--hq",
    "hq_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="HQ",
    help="The folder that holds rawr_hq.py; the current one by default.",
)


def grant_options(command: C) -> C:
    """Options that say what a token or user may do."""
    for option in (
        click.option(
            "--can-trigger-workflows", is_flag=True, help="May start workflows (with the roles)."
        ),
        click.option("--can-call-internal", is_flag=True, help="May call internal procedures."),
        click.option(
            "--role", "roles", multiple=True, metavar="ROLE", help="A role; give it repeatedly."
        ),
        click.option("--tenant", default="default", show_default=True, help="The tenant."),
    ):
        command = option(command)
    return command


def check_roles(hq_dir: Path, roles: Sequence[str]) -> None:
    """Refuse roles that no capability of the HQ knows."""
    from rawr.host import load_manifest

    known = load_manifest(hq_dir).roles
    unknown = sorted({*roles} - known)
    if unknown:
        raise click.ClickException(
            f"unknown role {', '.join(unknown)}; the HQ knows {', '.join(sorted(known)) or 'none'}"
        )


def execute(hq_dir: Path, command: "Command") -> "Reply":
    """Execute a command on an HQ's data, through its host if that runs."""
    import asyncio
    import os

    from rawr.host import DATABASE, MANIFEST_FILE, data_dir_of
    from rawr.host.identity import administer

    if not (hq_dir / MANIFEST_FILE).is_file():
        raise click.ClickException(
            f"{hq_dir} holds no {MANIFEST_FILE}; give the folder of an HQ with --hq"
        )
    before = os.umask(_PRIVATE)
    try:
        return asyncio.run(administer(data_dir_of(hq_dir), DATABASE, command))
    finally:
        os.umask(before)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows aligned in columns."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def moment(time_ms: int | None) -> str:
    """A time as it is shown, to the minute, in UTC."""
    if time_ms is None:
        return "-"
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
