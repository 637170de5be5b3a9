"""SQLite as the product uses it: one writer thread with group commit, readers, migrations, a lock.

Nothing here knows what is stored. `Database` is the way in; `DataDirectory` makes sure only one
process writes.
"""

from rawr.sqlite._backup import copy_together
from rawr.sqlite._connection import Connect, Work, connect
from rawr.sqlite._database import Database
from rawr.sqlite._directory import DataDirectory
from rawr.sqlite._errors import (
    ConstraintViolated,
    DatabaseClosed,
    DatabaseCorrupt,
    DatabaseLocked,
    DirectoryLocked,
    DiskFull,
    MigrationChanged,
    MigrationError,
    MigrationFailed,
    MigrationInvalid,
    SchemaOutdated,
    SchemaTooNew,
    StorageError,
    StorageUnavailable,
    TransactionLost,
)
from rawr.sqlite._migrations import MigrationSet

__all__ = [
    "Connect",
    "ConstraintViolated",
    "DataDirectory",
    "Database",
    "DatabaseClosed",
    "DatabaseCorrupt",
    "DatabaseLocked",
    "DirectoryLocked",
    "DiskFull",
    "MigrationChanged",
    "MigrationError",
    "MigrationFailed",
    "MigrationInvalid",
    "MigrationSet",
    "SchemaOutdated",
    "SchemaTooNew",
    "StorageError",
    "StorageUnavailable",
    "TransactionLost",
    "Work",
    "connect",
    "copy_together",
]
