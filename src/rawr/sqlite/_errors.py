"""What can go wrong in storage, as types.

StorageError
├── DatabaseClosed          programmer error: used after close()
├── DatabaseLocked          another process holds the write lock (retryable)
├── DatabaseCorrupt         the file is damaged or is not a database
├── DiskFull                no space for the write
├── StorageUnavailable      the file cannot be opened, read or written
├── ConstraintViolated      a unique, check, not-null or foreign key constraint refused a row
├── TransactionLost         a neighbour in the same commit ended the shared transaction (retryable)
├── DirectoryLocked         a second process asked for an owned data directory
└── MigrationError
    ├── MigrationInvalid    the migration files themselves are wrong
    ├── MigrationFailed     a statement of a migration failed; nothing was applied
    ├── MigrationChanged    an applied migration differs from the file of this release
    ├── SchemaTooNew        the database was written by a newer release
    └── SchemaOutdated      verify mode found migrations that are not applied yet
"""

import sqlite3
from pathlib import Path
from typing import ClassVar


class StorageError(Exception):
    """Root of every error raised by the storage layer."""

    #: True when the same request may succeed later without anybody repairing anything.
    retryable: ClassVar[bool] = False


class DatabaseClosed(StorageError):
    """The database was used after it was closed."""


class DatabaseLocked(StorageError):
    """Another process kept the write lock for longer than the busy timeout."""

    retryable = True


class DatabaseCorrupt(StorageError):
    """The file is damaged or is not an SQLite database."""


class DiskFull(StorageError):
    """There was no space left for the write; nothing of it was stored."""


class StorageUnavailable(StorageError):
    """The database file cannot be opened, read or written."""


class ConstraintViolated(StorageError):
    """A constraint of the schema refused the row."""


class TransactionLost(StorageError):
    """A neighbour in the same commit ended the shared transaction; nothing was stored."""

    retryable = True


class DirectoryLocked(StorageError):
    """A running process already owns the data directory."""

    def __init__(self, path: Path, pid: int | None) -> None:
        owner = f"process {pid}" if pid is not None else "another process"
        super().__init__(f"{path} is in use by {owner}. Stop it, or choose another data directory.")
        self.path = path
        self.pid = pid


class MigrationError(StorageError):
    """The schema of the database and the migrations of this release do not fit."""


class MigrationInvalid(MigrationError):
    """The migration files are misnamed or not numbered 0001, 0002, ... without gaps."""


class MigrationFailed(MigrationError):
    """A statement of a migration failed; no migration of this run was applied."""


class MigrationChanged(MigrationError):
    """An applied migration differs from the file shipped with this release."""


class SchemaTooNew(MigrationError):
    """The database was written by a newer release than this one."""


class SchemaOutdated(MigrationError):
    """Migrations are waiting and verify mode does not apply them."""


# SQLite's primary result codes: https://sqlite.org/rescode.html (extended code & 0xFF).
_BY_CODE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_BUSY: (
        DatabaseLocked,
        "another process holds the write lock; stop it or try again",
    ),
    sqlite3.SQLITE_LOCKED: (
        DatabaseLocked,
        "another connection holds the lock; try again",
    ),
    sqlite3.SQLITE_FULL: (DiskFull, "free some disk space and try again"),
    sqlite3.SQLITE_CORRUPT: (
        DatabaseCorrupt,
        "stop the process and restore the file from a backup",
    ),
    sqlite3.SQLITE_NOTADB: (
        DatabaseCorrupt,
        "this file is not an SQLite database; check the path or restore it from a backup",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        StorageUnavailable,
        "check that the directory exists and that this user may write to it",
    ),
    sqlite3.SQLITE_PERM: (StorageUnavailable, "check the permissions of the file"),
    sqlite3.SQLITE_READONLY: (
        StorageUnavailable,
        "the database is read-only here; use write() for changes and check file permissions",
    ),
    sqlite3.SQLITE_IOERR: (
        StorageUnavailable,
        "the disk reported an error; check its health and the file system's log",
    ),
    sqlite3.SQLITE_AUTH: (
        StorageError,
        "work shares its transaction; remove its BEGIN, COMMIT, ROLLBACK or executescript()",
    ),
    sqlite3.SQLITE_CONSTRAINT: (ConstraintViolated, "the row breaks a constraint of the schema"),
}


def translate(error: sqlite3.Error) -> StorageError:
    """Return the typed error for what SQLite reported, saying what to do next.

    The driver's own misuse errors (closed cursor, wrong number of bindings) carry no result
    code and become a plain `StorageError`.
    """
    code = getattr(error, "sqlite_errorcode", None)
    kind, advice = (
        _BY_CODE.get(code & 0xFF, (StorageError, ""))
        if isinstance(code, int)
        else (StorageError, "")
    )
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    translated = kind(f"{error} ({name}){': ' + advice if advice else ''}")
    translated.__cause__ = error
    return translated
