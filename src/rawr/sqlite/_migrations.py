"""Numbered schema migrations: applied once, in order, all or nothing, and never changed after."""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from rawr.sqlite._errors import (
    MigrationChanged,
    MigrationFailed,
    MigrationInvalid,
    SchemaOutdated,
    SchemaTooNew,
)

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_COMPONENT = re.compile(r"[a-z][a-z0-9_]*")

_CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    component  TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    checksum   TEXT    NOT NULL,
    applied_at TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (component, version)
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step of a component's schema."""

    version: int
    name: str
    sql: str
    checksum: str  # SHA-256 of the text, hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationSet:
    """The migrations of one component; several components may share a database file.

    `directory` holds files named `0001_what_it_does.sql`, numbered from 1 without gaps.
    """

    component: str
    directory: Traversable

    def load(self) -> list[Migration]:
        """Read the files in order.

        Raises:
            MigrationInvalid: a file is misnamed, or a number is missing or used twice.
        """
        if not _COMPONENT.fullmatch(self.component):
            raise MigrationInvalid(
                f"component {self.component!r} is not a lower case identifier; rename it"
            )
        files = sorted(
            (entry for entry in self.directory.iterdir() if entry.name.endswith(".sql")),
            key=lambda entry: entry.name,
        )
        migrations = [_read(file) for file in files]
        for expected, migration in enumerate(migrations, start=1):
            if migration.version != expected:
                raise MigrationInvalid(
                    f"{self.component}: expected migration {expected:04d} but found "
                    f"{migration.version:04d}_{migration.name}.sql; number files from 0001 "
                    "without gaps"
                )
        return migrations


def apply_migrations(connection: sqlite3.Connection, sets: Sequence[MigrationSet]) -> None:
    """Bring the schema up to date in one transaction.

    Raises:
        MigrationError: the database does not fit this release, or a statement failed. Nothing
            was applied.
    """
    wanted = [(one.component, one.load()) for one in sets]
    connection.execute("BEGIN IMMEDIATE")  # two processes that start together take turns here
    try:
        connection.execute(_CREATE_TABLE)
        for component, migrations in wanted:
            for migration in _pending(connection, component, migrations):
                _apply(connection, component, migration)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def verify_migrations(connection: sqlite3.Connection, sets: Sequence[MigrationSet]) -> None:
    """Check that every migration is applied, without writing anything.

    Raises:
        SchemaOutdated: some are not applied yet.
        MigrationError: the database does not fit this release.
    """
    known = connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"
    ).fetchone()
    pending = [
        f"{one.component} {migration.version:04d}_{migration.name}"
        for one in sets
        for migration in (_pending(connection, one.component, one.load()) if known else one.load())
    ]
    if pending:
        raise SchemaOutdated(
            f"migrations are not applied yet: {', '.join(pending)}; start the host once, or open "
            "the database without verify_only"
        )


def _read(file: Traversable) -> Migration:
    match = _FILE_NAME.fullmatch(file.name)
    if match is None:
        raise MigrationInvalid(f"{file.name}: name migrations like 0001_create_runs.sql")
    sql = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    return Migration(
        version=int(match[1]),
        name=match[2],
        sql=sql,
        checksum=hashlib.sha256(sql.encode()).hexdigest(),
    )


def _pending(
    connection: sqlite3.Connection, component: str, migrations: Sequence[Migration]
) -> Sequence[Migration]:
    applied: list[tuple[int, str, str]] = connection.execute(
        "SELECT version, name, checksum FROM schema_migrations "
        "WHERE component = ? ORDER BY version",
        (component,),
    ).fetchall()
    if len(applied) > len(migrations):
        version, name, _ = applied[-1]
        raise SchemaTooNew(
            f"{component}: the database is at migration {version:04d}_{name}, this release ends at "
            f"{len(migrations):04d}; install the newer release or restore an older backup"
        )
    for migration, (_, name, checksum) in zip(migrations, applied, strict=False):
        if (migration.name, migration.checksum) != (name, checksum):
            raise MigrationChanged(
                f"{component}: migration {migration.version:04d}_{migration.name} was applied with "
                "other content; restore the released file and add a new migration instead"
            )
    return migrations[len(applied) :]


def _apply(connection: sqlite3.Connection, component: str, migration: Migration) -> None:
    for statement in _statements(migration.sql):
        try:
            connection.execute(statement)
        except sqlite3.Error as error:
            raise MigrationFailed(
                f"{component}: migration {migration.version:04d}_{migration.name} failed: {error}"
            ) from error
    connection.execute(
        "INSERT INTO schema_migrations (component, version, name, checksum) VALUES (?, ?, ?, ?)",
        (component, migration.version, migration.name, migration.checksum),
    )


def _statements(sql: str) -> list[str]:
    """Split a script; executescript() would commit the surrounding transaction."""
    statements: list[str] = []
    pending = ""
    for piece in re.split(r"(?<=;)", sql):
        pending += piece
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return [*statements, pending] if pending.strip() else statements
