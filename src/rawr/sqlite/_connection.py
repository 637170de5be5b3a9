"""Opening SQLite connections with the settings every database of the product runs with."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from rawr.sqlite._errors import StorageUnavailable

T = TypeVar("T")

#: A unit of database work. It runs in the database's own thread, so it must not touch the event
#: loop, and it must return plain values: rows, not cursors.
Work = Callable[[sqlite3.Connection], T]

_WRITER_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",  # KiB
    "PRAGMA journal_size_limit = 67108864",  # bytes
    # Only the writer checkpoints: releases before SQLite 3.51.3 can corrupt the log when two
    # connections do.
    "PRAGMA wal_autocheckpoint = 1000",  # pages
)
_READER_PRAGMAS = (
    "PRAGMA query_only = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 0",
)


class Connect(Protocol):
    """Opens a bare connection: autocommit mode, usable by the thread that opened it."""

    def __call__(self, path: Path, *, read_only: bool) -> sqlite3.Connection: ...


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open `path` with the standard library's driver; a writer creates a missing file."""
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,  # transactions are begun and ended explicitly
        cached_statements=512,
    )


def open_writer(opener: Connect, path: Path, busy_timeout: timedelta) -> sqlite3.Connection:
    """Open the one connection that writes, in write-ahead-log mode with full synchronisation."""
    connection = opener(path, read_only=False)
    try:
        # Only a new file can be told so: `incremental_vacuum` gives unused pages back.
        _apply(connection, busy_timeout, ("PRAGMA auto_vacuum = INCREMENTAL",))
        _use_write_ahead_log(connection, path)
        _apply(connection, busy_timeout, _WRITER_PRAGMAS)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(opener: Connect, path: Path, busy_timeout: timedelta) -> sqlite3.Connection:
    """Open a connection that can only read and never checkpoints."""
    connection = opener(path, read_only=True)
    try:
        _apply(connection, busy_timeout, _READER_PRAGMAS)
    except BaseException:
        connection.close()
        raise
    return connection


def _apply(
    connection: sqlite3.Connection, busy_timeout: timedelta, pragmas: tuple[str, ...]
) -> None:
    milliseconds = int(busy_timeout.total_seconds() * 1000)
    connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
    for pragma in pragmas:
        connection.execute(pragma)


def _use_write_ahead_log(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StorageUnavailable(
            f"{path} cannot use a write-ahead log (journal mode is {mode!r}); put the data "
            "directory on a local file system"
        )
