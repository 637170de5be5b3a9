"""What is due now, in memory, in order."""

import heapq
import itertools

import anyio

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.queue import QueueItem


class Agenda:
    """The items the engine holds, and when it must look into the store for parked ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: list[tuple[int, int, QueueItem]] = []
        self._order = itertools.count()
        self._parked_due_at: int | None = None
        self._wake = anyio.Event()

    def __len__(self) -> int:
        return len(self._held)

    def add(self, item: QueueItem) -> None:
        """Take an item into memory, or note when it is due if it is parked."""
        if item.parked:
            self._expect(item.due_at)
        else:
            self.hold(item)

    def hold(self, item: QueueItem, *, since: int = 0) -> None:
        """Take an item into memory, for its time.

        One from a backlog takes its place in the line at `since`, when it was taken up: what is
        new waits for the part of the backlog that is in memory, not for all of it.
        """
        heapq.heappush(self._held, (max(item.due_at, since), next(self._order), item))
        self._wake.set()

    def claimed(self, next_due_at: int | None) -> None:
        """Note what a look into the store found: when the next parked item is due."""
        self._parked_due_at = None
        self._expect(next_due_at)

    def pop(self, now: int) -> QueueItem | None:
        """Return the held item that is due first, if one is due."""
        if self._held and self._held[0][0] <= now:
            return heapq.heappop(self._held)[2]
        return None

    @property
    def held_due_at(self) -> int | None:
        """When the first held item is due, in milliseconds since the epoch."""
        return self._held[0][0] if self._held else None

    @property
    def parked_due_at(self) -> int | None:
        """When the first parked item is due, in milliseconds since the epoch."""
        return self._parked_due_at

    @property
    def next_due_at(self) -> int | None:
        """When the first item of either kind is due, in milliseconds since the epoch."""
        dues = [due for due in (self.held_due_at, self._parked_due_at) if due is not None]
        return min(dues, default=None)

    async def wait(self, until_ms: int | None) -> None:
        """Wait until something changes or the time is reached."""
        if not self._wake.is_set():
            await self._clock.wait(self._wake, until_ms)
        self._wake = anyio.Event()

    def nudge(self) -> None:
        """Say that something has changed."""
        self._wake.set()

    def _expect(self, due_at: int | None) -> None:
        if due_at is None:
            return
        if self._parked_due_at is None or due_at < self._parked_due_at:
            self._parked_due_at = due_at
            self._wake.set()
