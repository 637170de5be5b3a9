"""The database as the event loop sees it: awaitable writes and reads."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Final, Self, TypeVar, cast

from rawr.sqlite._backup import copy_database
from rawr.sqlite._connection import Connect, Work, connect, open_reader, open_writer
from rawr.sqlite._errors import DatabaseClosed
from rawr.sqlite._migrations import MigrationSet, apply_migrations, verify_migrations
from rawr.sqlite._request import Request
from rawr.sqlite._thread import ConnectionThread, Inbox, reader_turns, writer_turns

T = TypeVar("T")

BUSY_TIMEOUT: Final = timedelta(seconds=5)

_Opener = Callable[[], sqlite3.Connection]


class Database:
    """One SQLite file: a single writer thread with group commit, and reader threads.

    Work is a callable that gets the connection and runs in a database thread. It must not end the
    transaction it is given (no COMMIT, ROLLBACK or `executescript`) and must return values, not
    cursors. A database belongs to the event loop that opened it.
    """

    def __init__(
        self, *, loop: asyncio.AbstractEventLoop, writer: Inbox, readers: Inbox, path: Path
    ) -> None:
        self.path = path
        self._loop = loop
        self._writes = writer
        self._reads = readers
        self._threads: list[ConnectionThread] = []
        self._readers = 0
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        migrations: Sequence[MigrationSet] = (),
        readers: int = 2,
        verify_only: bool = False,
        busy_timeout: timedelta = BUSY_TIMEOUT,
        connect: Connect = connect,
    ) -> "Database":
        """Open `path`, bring its schema up to date and start the threads.

        With `verify_only` no migration is applied and no file is created: waiting ones are an
        error. `busy_timeout` is how long a write waits for another process's write lock.

        Raises:
            MigrationError: the schema does not fit this release.
            StorageError: the file cannot be opened.
        """
        if readers < 1:
            raise ValueError("a database needs at least one reader thread")

        def writer() -> sqlite3.Connection:
            if verify_only:
                _verify(connect, path, busy_timeout, migrations)
            connection = open_writer(connect, path, busy_timeout)
            try:
                if not verify_only:
                    apply_migrations(connection, migrations)
            except BaseException:
                connection.close()
                raise
            return connection

        def reader() -> sqlite3.Connection:
            return open_reader(connect, path, busy_timeout)

        loop = asyncio.get_running_loop()
        database = cls(loop=loop, writer=SimpleQueue(), readers=SimpleQueue(), path=path)
        await database._start(writer, reader, readers)
        return database

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the writer's transaction and return its value once that is durable.

        Requests waiting at the same moment share one commit; each is isolated by a savepoint, so
        one that raises is undone alone and its exception reaches only its caller. Cancelling the
        waiting task abandons the answer, not the work: it still commits or fails as a whole, and
        a failure is logged. A caller that must know repeats the request idempotently.

        Raises:
            StorageError: SQLite refused the work or its commit. Nothing of the work was stored.
        """
        return cast("T", await self._submit(self._writes, work))

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a read-only connection, against one consistent snapshot.

        Every write awaited before is visible.

        Raises:
            StorageError: SQLite refused the work.
        """
        return cast("T", await self._submit(self._reads, work))

    async def backup(self, target: Path) -> None:
        """Copy the committed state to the new file `target` while the database is in use.

        Raises:
            StorageUnavailable: `target` exists already, or cannot be written.
            DiskFull: there is no space for the copy.
        """
        if self._closed:
            raise DatabaseClosed(f"{self.path} is closed; open it again before using it")
        await asyncio.to_thread(copy_database, self.path, target)

    async def close(self) -> None:
        """Refuse new requests, answer the ones already made, and close the connections.

        A second call waits for the first.
        """
        if not self._closed:
            self._closed = True
            for _ in range(self._readers):
                self._reads.put(None)
            # The last connection to close checkpoints the log away, and a reader cannot.
            for thread in self._threads[1:]:
                await thread.finished()
            self._writes.put(None)
        for thread in self._threads:
            await thread.finished()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _start(self, writer: _Opener, reader: _Opener, readers: int) -> None:
        name = self.path.name
        write_thread = ConnectionThread(
            f"{name}-writer",
            opener=writer,
            inbox=self._writes,
            turns=writer_turns,
            loop=self._loop,
        )
        await write_thread.open()
        self._threads.append(write_thread)
        try:
            for number in range(1, readers + 1):
                thread = ConnectionThread(
                    f"{name}-reader-{number}",
                    opener=reader,
                    inbox=self._reads,
                    turns=reader_turns,
                    loop=self._loop,
                )
                await thread.open()
                self._threads.append(thread)
                self._readers = number
        except BaseException:
            await self.close()
            raise

    async def _submit(self, inbox: Inbox, work: Work[object]) -> object:
        if self._closed:
            raise DatabaseClosed(f"{self.path} is closed; open it again before using it")
        future: asyncio.Future[object] = self._loop.create_future()
        inbox.put(Request(work, future))
        return await future


def _verify(
    opener: Connect, path: Path, busy_timeout: timedelta, migrations: Sequence[MigrationSet]
) -> None:
    connection = open_reader(opener, path, busy_timeout)
    try:
        verify_migrations(connection, migrations)
    finally:
        connection.close()
