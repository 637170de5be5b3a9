"""Copies of a database that is in use."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from rawr.sqlite import (
    Database,
    DatabaseClosed,
    DatabaseLocked,
    DiskFull,
    StorageUnavailable,
    _backup as backup_module,
    copy_together,
)


async def test_a_copy_has_every_committed_write(tmp_path, database, insert, texts, notes):
    await database.write(insert("one"))
    await database.backup(tmp_path / "copy.db")
    await database.write(insert("two"))
    async with await Database.open(tmp_path / "copy.db", migrations=[notes]) as copy:
        assert await copy.read(texts) == ["one"]


async def test_writes_go_on_during_a_copy(tmp_path, database, insert, texts):
    backup = asyncio.create_task(database.backup(tmp_path / "copy.db"))
    for number in range(20):
        await database.write(insert(str(number)))
    await backup
    assert len(await database.read(texts)) == 20
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_copy_never_replaces_a_file(tmp_path, database):
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StorageUnavailable, match="exists already"):
        await database.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


async def test_a_copy_needs_a_directory(tmp_path, database):
    with pytest.raises(StorageUnavailable):
        await database.backup(tmp_path / "missing" / "copy.db")


async def test_a_copy_that_broke_off_is_not_left_behind(tmp_path, database, monkeypatch):
    def full(_source, partial):
        partial.write_text("half")
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    monkeypatch.setattr(backup_module, "_copy", full)
    with pytest.raises(DiskFull):
        await database.backup(tmp_path / "copy.db")
    assert list(tmp_path.glob("copy.db*")) == []


async def test_what_an_earlier_copy_left_behind_is_in_nobodys_way(tmp_path, database):
    (tmp_path / "copy.db.partial").write_text("half")
    await database.backup(tmp_path / "copy.db")
    assert [path.name for path in tmp_path.glob("copy.db*")] == ["copy.db"]


async def test_a_closed_database_is_not_copied(tmp_path, notes):
    database = await Database.open(tmp_path / "notes.db", migrations=[notes])
    await database.close()
    with pytest.raises(DatabaseClosed):
        await database.backup(tmp_path / "copy.db")


async def test_copies_made_together_show_one_moment(tmp_path, notes, insert, texts, monkeypatch):
    """What is written between the copies is in neither of them."""
    names = ("lead.db", "other.db")
    lead, other = [
        await Database.open(tmp_path / name, migrations=[notes], readers=1) for name in names
    ]
    async with lead, other:
        for database in (lead, other):
            await database.write(insert("before"))
        loop, write = asyncio.get_running_loop(), backup_module._write

        def write_late(origin, target):
            for database in (lead, other):
                late = database.write(insert(f"after {target.name}"))
                asyncio.run_coroutine_threadsafe(late, loop).result(5)
            write(origin, target)

        monkeypatch.setattr(backup_module, "_write", write_late)
        copies = {tmp_path / name: tmp_path / f"copy-{name}" for name in names}
        await asyncio.to_thread(copy_together, copies)
    for copy in copies.values():
        async with await Database.open(copy, migrations=[notes]) as database:
            assert await database.read(texts) == ["before"]


async def test_the_writer_is_held_up_for_an_instant_only(tmp_path, database, insert, texts):
    writes = [asyncio.create_task(database.write(insert(str(number)))) for number in range(50)]
    await asyncio.to_thread(copy_together, {database.path: tmp_path / "copy.db"})
    await asyncio.gather(*writes)
    assert len(await database.read(texts)) == 50


def test_what_was_never_written_cannot_be_copied(tmp_path):
    with pytest.raises(StorageUnavailable, match=r"gone.db is missing"):
        copy_together({tmp_path / "gone.db": tmp_path / "copy.db"})


async def test_a_writer_that_does_not_pause_is_told(tmp_path, database, monkeypatch):
    monkeypatch.setattr(backup_module, "_PATIENCE_SECONDS", 0.01)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLocked):
            copy_together({database.path: tmp_path / "copy.db"})
