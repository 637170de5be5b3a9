import asyncio
import logging
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from rawr.sqlite import (
    ConstraintViolated,
    Database,
    DatabaseClosed,
    DatabaseCorrupt,
    DatabaseLocked,
    DiskFull,
    StorageError,
    StorageUnavailable,
    TransactionLost,
    connect,
)

_NO_TIME = timedelta(0)


class Recording(sqlite3.Connection):
    """Remembers transaction control, and fails a statement when asked to."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.controls = []
        self.fail = {}

    def execute(self, sql, *args):
        word = sql.split()[0]
        if word in {"BEGIN", "COMMIT", "ROLLBACK"}:
            self.controls.append(sql)
        if word in self.fail:
            raise self.fail.pop(word)
        return super().execute(sql, *args)


class Connections:
    """A `connect` that hands out recording connections."""

    def __init__(self):
        self.opened = []

    def __call__(self, path, *, read_only):
        mode = "ro" if read_only else "rwc"
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None, factory=Recording
        )
        self.opened.append(connection)
        return connection

    @property
    def writer(self):
        return self.opened[0]


@pytest.fixture
def connections():
    return Connections()


@pytest.fixture
async def recorded(tmp_path, notes, connections):
    async with await Database.open(
        tmp_path / "notes.db", migrations=[notes], connect=connections
    ) as opened:
        connections.writer.controls.clear()
        yield opened


class Gate:
    """Holds the writer inside one request, so that others queue up behind it."""

    def __init__(self, database):
        self.entered = asyncio.Event()
        self._open = threading.Event()
        loop = asyncio.get_running_loop()

        def wait(connection):
            loop.call_soon_threadsafe(self.entered.set)
            assert self._open.wait(10)

        self._task = asyncio.create_task(database.write(wait))

    async def release(self):
        self._open.set()
        await self._task


async def queued_behind_gate(database, works):
    """Queue `works` while the writer is held, then let them all go; returns their results."""
    gate = Gate(database)
    await gate.entered.wait()
    tasks = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)
    await gate.release()
    return await asyncio.gather(*tasks, return_exceptions=True)


def fail(connection):
    connection.execute("INSERT INTO notes (text) VALUES ('undone')")
    raise LookupError("no")


async def test_a_write_returns_the_value_of_its_work(database, insert):
    assert await database.write(insert("a")) == 1
    assert await database.write(insert("b")) == 2


async def test_a_read_sees_every_write_awaited_before_it(database, insert, texts):
    for number in range(20):
        await database.write(insert(str(number)))
        assert len(await database.read(texts)) == number + 1


async def test_requests_waiting_together_share_one_commit(recorded, connections, insert, texts):
    await queued_behind_gate(recorded, [insert(str(number)) for number in range(40)])
    assert [sql.split()[0] for sql in connections.writer.controls] == ["BEGIN", "COMMIT"] * 2
    assert len(await recorded.read(texts)) == 40


async def test_a_batch_is_limited_to_256_requests(recorded, connections, insert):
    await queued_behind_gate(recorded, [insert(str(number)) for number in range(257)])
    assert [sql.split()[0] for sql in connections.writer.controls] == ["BEGIN", "COMMIT"] * 3


async def test_a_failing_request_is_undone_alone(database, insert, texts):
    first, failed, last = await queued_behind_gate(database, [insert("a"), fail, insert("b")])
    assert isinstance(failed, LookupError)
    assert (first, last) == (1, 2)
    assert await database.read(texts) == ["a", "b"]


async def test_answers_only_arrive_after_the_commit(recorded, connections, insert):
    await recorded.write(insert("a"))
    assert connections.writer.controls[-1].startswith("COMMIT")
    assert not connections.writer.in_transaction


async def test_a_failed_commit_fails_every_request_of_the_batch(
    recorded, connections, insert, texts
):
    def break_commit(connection):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        connection.fail["COMMIT"] = error

    first, own, failed, last = await queued_behind_gate(
        recorded, [insert("a"), break_commit, fail, insert("b")]
    )
    assert [type(one) for one in (first, own, failed, last)] == [
        DiskFull,
        DiskFull,
        LookupError,
        DiskFull,
    ]
    assert await recorded.read(texts) == []
    assert await recorded.write(insert("works again")) is not None


async def test_a_begin_that_finds_the_file_locked_says_so(tmp_path, notes, insert):
    path = tmp_path / "notes.db"
    async with await Database.open(path, migrations=[notes], busy_timeout=_NO_TIME) as database:
        other = connect(path, read_only=False)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLocked, match="another process") as caught:
            await database.write(insert("a"))
        assert caught.value.retryable
        other.execute("ROLLBACK")
        other.close()
        assert await database.write(insert("a")) == 1


async def test_a_full_disk_fails_the_batch_and_says_what_to_do(database, texts):
    pages = await database.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await database.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(DiskFull, match="free some disk space"):
        await database.write(
            lambda c: c.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 100_000,)).lastrowid
        )
    assert await database.read(texts) == []


async def test_a_transaction_sqlite_ended_fails_the_neighbours_too(database, insert, texts):
    def lose(connection):
        connection.execute("INSERT OR ROLLBACK INTO notes (id, text) VALUES (1, 'a')")

    await database.write(insert("a"))
    before, culprit, after = await queued_behind_gate(database, [insert("b"), lose, insert("c")])
    assert isinstance(culprit, ConstraintViolated)
    assert isinstance(before, TransactionLost)
    assert isinstance(after, TransactionLost)
    assert before.retryable
    assert await database.read(texts) == ["a"]
    assert await database.write(insert("d")) is not None


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "END"])
async def test_work_may_not_end_the_transaction_it_shares(database, insert, texts, statement):
    def meddle(connection):
        connection.execute("INSERT INTO notes (text) VALUES ('meddled')")
        connection.execute(statement)

    for _ in range(2):  # the second time the statement could come from the driver's cache
        before, meddled, after = await queued_behind_gate(
            database, [insert("b"), meddle, insert("c")]
        )
        assert isinstance(meddled, StorageError)
        assert "BEGIN, COMMIT, ROLLBACK" in str(meddled)
        assert await database.read(texts) == ["b", "c"]
        assert {type(before), type(after)} == {int}
        await database.write(lambda c: c.execute("DELETE FROM notes").rowcount)


async def test_work_may_not_run_a_script(database, texts):
    with pytest.raises(StorageError):
        await database.write(lambda c: c.executescript("INSERT INTO notes (text) VALUES ('a');"))
    assert await database.read(texts) == []


async def test_work_that_releases_the_savepoint_loses_the_transaction(database, insert, texts):
    _, culprit = await queued_behind_gate(
        database, [insert("a"), lambda c: c.execute("RELEASE request").rowcount]
    )
    assert isinstance(culprit, StorageError)
    assert await database.read(texts) == []


async def test_work_may_catch_a_constraint_and_carry_on(database, texts):
    def upsert(connection):
        connection.execute("INSERT INTO notes (text) VALUES ('a')")
        try:
            connection.execute("INSERT INTO notes (text) VALUES ('a')")
        except sqlite3.IntegrityError:
            return "taken"
        return "free"

    assert await database.write(upsert) == "taken"
    assert await database.read(texts) == ["a"]


async def test_an_uncaught_constraint_is_typed(database, insert):
    await database.write(insert("a"))
    with pytest.raises(ConstraintViolated, match="UNIQUE"):
        await database.write(insert("a"))


async def test_foreign_keys_are_enforced(database):
    with pytest.raises(ConstraintViolated, match="FOREIGN KEY"):
        await database.write(lambda c: c.execute("INSERT INTO replies VALUES (9)").rowcount)


async def test_misuse_of_the_driver_is_a_storage_error(database):
    with pytest.raises(StorageError, match="number of bindings"):
        await database.read(lambda c: c.execute("SELECT ?").fetchone())


async def test_a_read_cannot_write(database, insert):
    with pytest.raises(StorageUnavailable, match="use write"):
        await database.read(insert("a"))


async def test_a_read_sees_one_snapshot(database, insert):
    inside, written = threading.Event(), threading.Event()

    def count_twice(connection):
        first = connection.execute("SELECT count(*) FROM notes").fetchone()
        inside.set()
        assert written.wait(10)
        return first, connection.execute("SELECT count(*) FROM notes").fetchone()

    task = asyncio.create_task(database.read(count_twice))
    await anyio.to_thread.run_sync(inside.wait)
    await database.write(insert("a"))
    written.set()
    assert await task == ((0,), (0,))


async def test_reads_run_beside_each_other(database):
    barrier = threading.Barrier(2, timeout=10)
    await asyncio.gather(*(database.read(lambda c: barrier.wait()) for _ in range(2)))


async def test_stop_iteration_reaches_the_caller_as_an_error(database):
    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.read(lambda c: next(iter(())))


async def test_cancelling_the_caller_does_not_cancel_the_write(database, insert, texts):
    gate = Gate(database)
    await gate.entered.wait()
    task = asyncio.create_task(database.write(insert("kept")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gate.release()
    await database.write(insert("later"))
    assert await database.read(texts) == ["kept", "later"]


async def test_a_failure_nobody_waits_for_is_logged(database, insert, caplog):
    gate = Gate(database)
    await gate.entered.wait()
    task = asyncio.create_task(database.write(fail))
    await asyncio.sleep(0)
    task.cancel()
    with caplog.at_level(logging.WARNING, "rawr.sqlite"):
        await gate.release()
        await database.write(insert("later"))
    assert [record.action for record in caplog.records] == ["abandoned_request_failed"]


async def test_close_answers_what_was_asked_before(tmp_path, notes, insert):
    database = await Database.open(tmp_path / "notes.db", migrations=[notes])
    gate = Gate(database)
    await gate.entered.wait()
    tasks = [asyncio.create_task(database.write(insert(str(number)))) for number in range(300)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    await gate.release()
    await closing
    assert await asyncio.gather(*tasks) == list(range(1, 301))


async def test_a_closed_database_refuses_requests(tmp_path, notes, insert):
    database = await Database.open(tmp_path / "notes.db", migrations=[notes])
    await database.close()
    await database.close()
    with pytest.raises(DatabaseClosed, match="open it again"):
        await database.write(insert("a"))


async def test_closing_leaves_no_thread_and_no_log(tmp_path, notes, insert):
    path = tmp_path / "closed.db"
    async with await Database.open(path, migrations=[notes]) as database:
        await database.write(insert("a"))
    assert [thread for thread in threading.enumerate() if thread.name.startswith(path.name)] == []
    assert not path.with_name("closed.db-wal").exists()


async def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.db"
    path.write_bytes(b"not a database, though long enough to have a header" * 20)
    with pytest.raises(DatabaseCorrupt, match="not an SQLite database"):
        await Database.open(path)


async def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(StorageUnavailable, match="directory exists"):
        await Database.open(tmp_path / "missing" / "notes.db")


async def test_a_file_system_without_a_log_is_refused(tmp_path, connections):
    class NoLog(Recording):
        def execute(self, sql, *args):
            if "journal_mode" in sql:
                sql = "SELECT 'delete'"
            return super().execute(sql, *args)

    def opener(path, *, read_only):
        return sqlite3.connect(path, isolation_level=None, factory=NoLog)

    with pytest.raises(StorageUnavailable, match="local file system"):
        await Database.open(tmp_path / "notes.db", connect=opener)


async def test_a_reader_that_cannot_open_closes_the_writer(tmp_path):
    def opener(path, *, read_only):
        if read_only:
            raise sqlite3.OperationalError("no more handles")
        return connect(path, read_only=False)

    with pytest.raises(StorageError, match="no more handles"):
        await Database.open(tmp_path / "broken.db", connect=opener)
    assert [t for t in threading.enumerate() if t.name.startswith("broken.db")] == []


async def test_a_database_needs_a_reader(tmp_path):
    with pytest.raises(ValueError, match="at least one reader"):
        await Database.open(tmp_path / "notes.db", readers=0)


async def test_the_writer_is_fully_synchronous_and_the_only_one_to_checkpoint(database):
    def settings(connection):
        names = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.write(settings) == ["wal", 2, 1, 1000]
    assert (await database.read(settings))[3] == 0


def test_a_database_whose_loop_is_gone_drops_its_answers(tmp_path: Path, notes, caplog):
    entered, release, answered = threading.Event(), threading.Event(), threading.Event()

    def wait(connection):
        entered.set()
        assert release.wait(10)

    async def leave_open() -> Database:
        database = await Database.open(tmp_path / "left.db", migrations=[notes])
        asyncio.get_running_loop().create_task(database.write(wait)).cancel()
        request = asyncio.get_running_loop().create_task(database.write(wait))
        await asyncio.sleep(0)
        request.cancel()
        return database

    class Handler(logging.Handler):
        def emit(self, record):
            if getattr(record, "action", "") == "answers_dropped":
                answered.set()

    logger = logging.getLogger("rawr.sqlite")
    handler = Handler()
    logger.addHandler(handler)
    try:
        database = asyncio.run(leave_open())
        release.set()
        assert answered.wait(10)
        database._reads.put(None)
        database._reads.put(None)
        database._writes.put(None)
    finally:
        logger.removeHandler(handler)


async def test_a_failed_rollback_is_repaired_before_the_next_batch(
    recorded, connections, insert, texts
):
    def break_commit_and_rollback(connection):
        connection.fail["COMMIT"] = sqlite3.OperationalError("disk I/O error")
        connection.fail["ROLLBACK"] = sqlite3.OperationalError("disk I/O error")

    with pytest.raises(StorageError, match="I/O"):
        await recorded.write(break_commit_and_rollback)
    assert connections.writer.in_transaction
    await recorded.write(insert("a"))
    assert await recorded.read(texts) == ["a"]
