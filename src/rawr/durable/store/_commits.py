"""Handing work to the writer together.

Runs decide in bursts: each commit wakes many of them at once, and those they had ended are
followed by the next. What one turn of the event loop writes travels as one piece of work, so that
the writer's bookkeeping is paid once for all of it.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from rawr.durable.store._gathered import Gathered
from rawr.sqlite import Work

T = TypeVar("T")

Piece = Callable[[Gathered], T]
"""What a piece of work does in the writer's transaction."""

_Write = Callable[[Work[list[object]]], Awaitable[list[object]]]


class _Waiting(msgspec.Struct, frozen=True, gc=False):
    work: Piece[object]
    answer: "asyncio.Future[object]"


class Commits:
    """Stores several pieces of work at a time; one that fails is undone alone.

    Work that fails takes the others with it at first, and each is done again by itself: what it
    changes outside of the database must bear that.
    """

    def __init__(self, write: _Write) -> None:
        self._write = write
        self._waiting: list[_Waiting] = []
        self._flushes: set[asyncio.Task[None]] = set()

    def submit(self, work: Piece[T]) -> "asyncio.Future[T]":
        """Do work in the writer's transaction; the future is done once that is durable."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._start_flush)
        self._waiting.append(_Waiting(work, answer))  # type: ignore[arg-type]  # each gets its own T
        return answer

    async def finish(self) -> None:
        """Wait until nothing is on its way to the writer."""
        while self._waiting or self._flushes:
            await (asyncio.wait(self._flushes) if self._flushes else asyncio.sleep(0))

    def _start_flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        flush = asyncio.ensure_future(self._flush(waiting))
        self._flushes.add(flush)
        flush.add_done_callback(self._flushes.discard)

    async def _flush(self, waiting: Sequence[_Waiting]) -> None:
        try:
            answers = await self._write(partial(_do_all, waiting=waiting))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the answer
            await self._flush_singly(waiting, error)
            return
        for one, value in zip(waiting, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(value)

    async def _flush_singly(self, waiting: Sequence[_Waiting], error: Exception) -> None:
        """Find out which work failed: it must not take the others with it."""
        if len(waiting) > 1:
            await asyncio.gather(*(self._flush([one]) for one in waiting))
            return
        (one,) = waiting
        if not one.answer.done():
            one.answer.set_exception(error)


def _do_all(connection: sqlite3.Connection, waiting: Sequence[_Waiting]) -> list[object]:
    gathered = Gathered(connection)
    values = [one.work(gathered) for one in waiting]
    gathered.flush()
    return values
