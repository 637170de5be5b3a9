"""Copying a database that is in use."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from rawr.sqlite._errors import StorageError, StorageUnavailable, translate


def copy_database(source: Path, target: Path) -> None:
    """Copy the committed state of `source` to the new file `target`; blocks until it is done.

    Readers and the writer of `source` go on meanwhile. `target` appears when it is complete and
    on disk.

    Raises:
        StorageUnavailable: `target` exists already, or its directory cannot be written to.
        DiskFull: there is no space for the copy.
    """
    if target.exists():
        raise StorageUnavailable(f"{target} exists already; choose another name for the copy")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        _copy(source, partial)
        _keep(partial)
        os.link(partial, target)
        partial.unlink()
        _keep(target.parent)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise _storage_error(error, target) from error


def _copy(source: Path, partial: Path) -> None:
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as origin,
        closing(sqlite3.connect(partial)) as copy,
    ):
        # In one step, on one snapshot: a copy in steps starts again whenever the source changes.
        origin.backup(copy)


def _keep(path: Path) -> None:
    """Bring a file, or a directory's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _storage_error(error: OSError | sqlite3.Error, target: Path) -> StorageError:
    if isinstance(error, sqlite3.Error):
        return translate(error)
    return StorageUnavailable(f"{target} cannot be written ({error}); choose another place")
