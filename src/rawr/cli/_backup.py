"""`rawr backup`: the databases of an HQ or of an engine, as they are at one moment."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from rawr.sqlite import copy_together

_IN_ORDER: Final = ("hq.db", "engine/engine.db", "engine.db")
"""An HQ's own database first: the engine knows nothing that this one has not caused or allowed."""
_MIB: Final = 1 << 20


def back_up(data_dir: Path, target: Path) -> None:
    """Copy a data folder, in use or not, to a new folder.

    Raises:
        ClickException: There is nothing to copy, the folder exists, or it cannot be written.
        StorageError: A database cannot be read or copied.
    """
    names = [name for name in _IN_ORDER if (data_dir / name).is_file()]
    if not names:
        raise click.ClickException(
            f"{data_dir} holds no data; give the HQ, or --data-dir for the folder of an engine"
        )
    if target.exists():
        raise click.ClickException(f"{target} exists already; choose another name for the backup")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
            _copy(data_dir, Path(folder) / "whole", names, target)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"{data_dir} is copied to {target}: {', '.join(_sizes(target, names))}")
    click.echo("to restore it, stop what uses the data and put the copy in the place of the folder")


def _copy(data_dir: Path, folder: Path, names: list[str], target: Path) -> None:
    """Write the copies aside; the target appears when all of them are complete."""
    copies = {data_dir / name: folder / name for name in names}
    for copy in copies.values():
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    copy_together(copies)
    for copy in copies.values():
        copy.chmod(0o600)
    folder.rename(target)


def _sizes(target: Path, names: list[str]) -> Iterator[str]:
    for name in names:
        yield f"{name} {(target / name).stat().st_size / _MIB:.1f} MiB"
