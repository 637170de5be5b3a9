"""Copying a database that is in use."""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Final, Literal

from rawr.sqlite._errors import StorageError, StorageUnavailable, translate

_PATIENCE_SECONDS: Final = 10.0
"""How long to wait for a writer that is in the middle of a commit."""


def copy_database(source: Path, target: Path) -> None:
    """Copy the committed state of `source` to the new file `target`; blocks until it is done.

    Readers and the writer of `source` go on meanwhile. `target` appears when it is complete and
    on disk.

    Raises:
        StorageUnavailable: `target` exists already, or its directory cannot be written to.
        DiskFull: there is no space for the copy.
    """
    with closing(_open(source)) as origin:
        _write(origin, target)


def copy_together(copies: Mapping[Path, Path]) -> None:
    """Copy databases that are in use as they were at one moment; blocks until it is done.

    `copies` are new files by source. What is committed to the first source, before what depends
    on it is committed to another, is found in the copies in that order too: its writer is held
    up while the moment is taken, for about a millisecond, and everybody goes on then.

    Raises:
        StorageUnavailable: A source is missing, a copy exists already, or its directory cannot
            be written to.
        DatabaseLocked: The writer of the first source does not pause for several seconds.
        DiskFull: There is no space for the copies.
    """
    with ExitStack() as stack:
        try:
            origins = _pinned(list(copies), stack)
        except sqlite3.Error as error:
            raise translate(error) from error
        for origin, target in zip(origins, copies.values(), strict=True):
            _write(origin, target)


def _pinned(sources: Sequence[Path], stack: ExitStack) -> list[sqlite3.Connection]:
    """Connections that see every source as it is at one moment, until they are closed."""
    missing = [source for source in sources if not source.is_file()]
    if missing:
        raise StorageUnavailable(f"{missing[0]} is missing; name what a process has written")
    gate = stack.enter_context(closing(_open(sources[0], mode="rw")))
    origins = [stack.enter_context(closing(_open(source))) for source in sources]
    gate.execute("BEGIN IMMEDIATE")
    for origin in origins:
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    gate.execute("ROLLBACK")
    return origins


def _write(origin: sqlite3.Connection, target: Path) -> None:
    if target.exists():
        raise StorageUnavailable(f"{target} exists already; choose another name for the copy")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        _copy(origin, partial)
        _keep(partial)
        os.link(partial, target)
        partial.unlink()
        _keep(target.parent)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise _storage_error(error, target) from error


def _copy(origin: sqlite3.Connection, partial: Path) -> None:
    with closing(sqlite3.connect(partial)) as copy:
        # In one step, on one snapshot: a copy in steps starts again whenever the source changes.
        origin.backup(copy)


def _open(source: Path, *, mode: Literal["ro", "rw"] = "ro") -> sqlite3.Connection:
    uri = f"{source.absolute().as_uri()}?mode={mode}"
    try:
        return sqlite3.connect(uri, timeout=_PATIENCE_SECONDS, uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise translate(error) from error


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
