"""A small database to write to, with the faults tests need."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from rawr.sqlite import Database, MigrationSet


@pytest.fixture
def notes(tmp_path: Path) -> MigrationSet:
    directory = tmp_path / "migrations"
    directory.mkdir()
    (directory / "0001_create_notes.sql").write_text(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;\n"
        "CREATE TABLE replies (note INTEGER NOT NULL REFERENCES notes (id)) STRICT;\n"
    )
    return MigrationSet(component="notes", directory=directory)


@pytest.fixture
async def database(tmp_path: Path, notes: MigrationSet) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "notes.db", migrations=[notes]) as opened:
        yield opened


@pytest.fixture
def insert() -> Callable[[str], Callable[[sqlite3.Connection], int | None]]:
    def work_for(text: str) -> Callable[[sqlite3.Connection], int | None]:
        return lambda connection: (
            connection.execute("INSERT INTO notes (text) VALUES (?)", (text,)).lastrowid
        )

    return work_for


@pytest.fixture
def texts() -> Callable[[sqlite3.Connection], list[str]]:
    return lambda connection: [
        text for (text,) in connection.execute("SELECT text FROM notes ORDER BY id")
    ]
