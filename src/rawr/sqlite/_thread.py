"""Threads that own a connection each and answer requests from one event loop."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from rawr.sqlite._batch import GroupCommit, read_snapshot
from rawr.sqlite._request import Outcome, Request, caller_error, deliver_all

logger = logging.getLogger("rawr.sqlite")

BATCH_LIMIT: Final = 256  # requests per commit

#: `None` tells one thread to finish; requests queued before it are still answered.
Inbox = SimpleQueue[Request | None]
#: Answers the request it is given and perhaps more; returns the outcomes and whether to go on.
Turn = Callable[[Request, Inbox], tuple[Sequence[Outcome], bool]]


def writer_turns(connection: sqlite3.Connection) -> Turn:
    """Return turns that commit whatever is waiting at that moment, without waiting for more."""
    group = GroupCommit(connection)

    def turn(first: Request, inbox: Inbox) -> tuple[Sequence[Outcome], bool]:
        batch = [first]
        while len(batch) < BATCH_LIMIT:
            try:
                request = inbox.get_nowait()
            except Empty:
                break
            if request is None:
                return group.commit(batch), False
            batch.append(request)
        return group.commit(batch), True

    return turn


def reader_turns(connection: sqlite3.Connection) -> Turn:
    """Return turns that answer one read each, so that other readers can take the rest."""

    def turn(first: Request, _inbox: Inbox) -> tuple[Sequence[Outcome], bool]:
        return (read_snapshot(connection, first),), True

    return turn


class ConnectionThread:
    """A named thread with its own connection, serving an inbox until told to finish."""

    def __init__(
        self,
        name: str,
        *,
        opener: Callable[[], sqlite3.Connection],
        inbox: Inbox,
        turns: Callable[[sqlite3.Connection], Turn],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._opener = opener
        self._inbox = inbox
        self._turns = turns
        self._loop = loop
        self._opened: asyncio.Future[object] = loop.create_future()
        self._finished: asyncio.Future[object] = loop.create_future()
        # A daemon, so that a process that forgot to close() can still exit; SQLite's log makes
        # that as safe as a power cut.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    async def open(self) -> None:
        """Start the thread and wait until its connection is open.

        Raises:
            StorageError: the connection could not be opened or migrated.
        """
        self._thread.start()
        await self._opened

    async def finished(self) -> None:
        """Wait until the thread has taken its `None`, closed its connection and ended."""
        await asyncio.shield(self._finished)
        self._thread.join()  # returns at once: reporting was the last thing it did

    def _serve(self) -> None:
        try:
            connection = self._opener()
        except BaseException as error:  # noqa: BLE001 - reported to the caller of open()
            self._deliver([Outcome(self._opened, None, caller_error(error))])
            return
        self._deliver([Outcome(self._opened, None, None)])
        try:
            self._answer(connection)
        finally:
            connection.close()
            self._deliver([Outcome(self._finished, None, None)])

    def _answer(self, connection: sqlite3.Connection) -> None:
        turn = self._turns(connection)
        more = True
        while more:
            first = self._inbox.get()
            if first is None:
                return
            outcomes, more = turn(first, self._inbox)
            self._deliver(outcomes)

    def _deliver(self, outcomes: Sequence[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(deliver_all, outcomes)
        except RuntimeError:
            logger.warning(
                "The event loop closed before the database did; %d answers were dropped",
                len(outcomes),
                extra={"action": "answers_dropped"},
            )
