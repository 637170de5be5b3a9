"""Handing decisions to the writer together.

Runs decide in bursts: each commit wakes many of them at once. Decisions of one turn of the event
loop travel as one piece of work, so that the writer's bookkeeping is paid once for all of them.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from rawr.durable.store._write import Writer
from rawr.durable.store.port import Accepted, RunChange
from rawr.sqlite import Work

_Write = Callable[[Work[list[Accepted]]], Awaitable[list[Accepted]]]


class _Waiting(msgspec.Struct, frozen=True, gc=False):
    change: RunChange
    now: int
    answer: "asyncio.Future[Accepted]"


class Commits:
    """Stores decisions, several at a time; one that fails is undone alone."""

    def __init__(self, writer: Writer, write: _Write) -> None:
        self._writer = writer
        self._write = write
        self._waiting: list[_Waiting] = []
        self._flushes: set[asyncio.Task[None]] = set()

    async def commit(self, change: RunChange, *, now: int) -> Accepted:
        """Store a decision."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Accepted] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._start_flush)
        self._waiting.append(_Waiting(change, now, answer))
        return await answer

    async def finish(self) -> None:
        """Wait until nothing is on its way to the writer."""
        while self._flushes:
            await asyncio.wait(self._flushes)

    def _start_flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        flush = asyncio.ensure_future(self._flush(waiting))
        self._flushes.add(flush)
        flush.add_done_callback(self._flushes.discard)

    async def _flush(self, waiting: Sequence[_Waiting]) -> None:
        try:
            answers = await self._write(partial(self._apply, waiting=waiting))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the answer
            await self._flush_singly(waiting, error)
            return
        for one, accepted in zip(waiting, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(accepted)

    async def _flush_singly(self, waiting: Sequence[_Waiting], error: Exception) -> None:
        """Find out which decision failed: it must not take the others with it."""
        if len(waiting) > 1:
            await asyncio.gather(*(self._flush([one]) for one in waiting))
            return
        (one,) = waiting
        if not one.answer.done():
            one.answer.set_exception(error)

    def _apply(self, connection: sqlite3.Connection, waiting: Sequence[_Waiting]) -> list[Accepted]:
        commit = self._writer.commit
        return [commit(connection, one.change, now=one.now) for one in waiting]
