"""Forgetting what its retention says, beside the engine's work."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import anyio

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.retention import Retention
from rawr.durable.domain.ulid import ulid_floor
from rawr.durable.store.port import Relic, Store

logger = logging.getLogger("rawr.durable")

T = TypeVar("T")

_MS: Final = timedelta(milliseconds=1)
#: How far an id may lie ahead of its row's time, as it does after the clock was set back.
_SLACK_MS: Final = 60_000
_PAGE: Final = 200
#: Sorts above every ULID.
_NEWEST: Final = "~"

_Page = Callable[..., Awaitable[list[Relic]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How much a sweep has deleted."""

    runs: int
    events: int


class Sweeper:
    """Deletes old history in small transactions, and rests after each as long as it took."""

    def __init__(self, store: Store, clock: Clock, retention: Retention) -> None:
        self._store = store
        self._clock = clock
        self._retention = retention
        self._sweeping = asyncio.Lock()

    async def run(self) -> None:
        """Sweep again and again until cancelled."""
        while True:
            await self._clock.wait(
                anyio.Event(), self._clock.now_ms() + self._retention.interval // _MS
            )
            try:
                await self.sweep()
            except EngineError:
                logger.exception(
                    "Old history could not be deleted; trying again later",
                    extra={"action": "sweep_failed"},
                )

    async def sweep(self) -> Swept:
        """Delete what is older, or more, than the retention allows.

        Raises:
            StoreUnavailable: the store cannot be written to now.
        """
        async with self._sweeping:
            swept = Swept(runs=await self._sweep_runs(), events=await self._sweep_events())
            while await self._rested(self._store.forget_keys(now=self._clock.now_ms())):
                pass
            while await self._rested(self._store.vacuum()):
                pass
        return swept

    async def _sweep_runs(self) -> int:
        deleted = 0
        retention = self._retention
        first_kept = await self._first_kept(retention.max_runs, self._store.newest_run)
        async for page in _old(self._store.ended_runs, self._cutoff(retention.runs), first_kept):
            while page:
                done = await self._rested(self._store.delete_runs(page))
                deleted += done
                page = page[done:]  # noqa: PLW2901 - what this transaction had no room for
        return deleted

    async def _sweep_events(self) -> int:
        deleted = 0
        retention = self._retention
        first_kept = await self._first_kept(retention.max_events, self._store.newest_event)
        async for page in _old(self._store.free_events, self._cutoff(retention.events), first_kept):
            deleted += await self._rested(self._store.delete_events(page))
        return deleted

    def _cutoff(self, age: timedelta | None) -> int | None:
        return None if age is None else self._clock.now_ms() - age // _MS

    async def _first_kept(
        self, count: int | None, newest: Callable[[int], Awaitable[str | None]]
    ) -> str:
        if count is None:
            return ""
        if count == 0:
            return _NEWEST
        return await newest(count) or ""

    async def _rested(self, work: Awaitable[T]) -> T:
        started = time.perf_counter()
        outcome = await work
        await asyncio.sleep(time.perf_counter() - started)
        return outcome


async def _old(look: _Page, cutoff: int | None, first_kept: str) -> AsyncIterator[list[str]]:
    """Yield the ids of what may go: older than the cutoff, or below the first id to keep."""
    by_age = "" if cutoff is None else ulid_floor(max(0, cutoff + _SLACK_MS))
    until, after = max(by_age, first_kept), ""
    while page := await look(after=after, until=until, limit=_PAGE):
        after = page[-1].id
        yield [
            relic.id
            for relic in page
            if relic.over_at is not None
            and (relic.id < first_kept or (cutoff is not None and relic.over_at < cutoff))
        ]
