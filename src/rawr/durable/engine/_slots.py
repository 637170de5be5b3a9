"""Limits on calls that execute at once."""

from collections import deque
from collections.abc import Sequence

from rawr.durable.domain.queue import QueueItem

Slot = tuple[str, int]
"""A key, and how many may hold it at once."""


class Slots:
    """Counts what executes by key; what is above a limit waits in order.

    Counts are of this process only: a call that a crash ended holds nothing.
    """

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self._waiting: dict[str, deque[QueueItem]] = {}

    def acquire(self, slots: Sequence[Slot], item: QueueItem) -> tuple[bool, list[QueueItem]]:
        """Take every slot, or none and let the item wait for the first that is full.

        Returns whether it took them, and the items that may try now in its place.
        """
        full = next((key for key, limit in slots if self._held.get(key, 0) >= limit), None)
        if full is None:
            for key, _ in slots:
                self._held[key] = self._held.get(key, 0) + 1
            return True, []
        self._waiting.setdefault(full, deque()).append(item)
        # The item was perhaps woken for a slot it now leaves to the next in line.
        spared = [key for key, limit in slots if self._held.get(key, 0) < limit]
        return False, self._wake(spared)

    def release(self, slots: Sequence[Slot]) -> list[QueueItem]:
        """Give every slot back; return the items that may try now."""
        for key, _ in slots:
            left = self._held[key] - 1
            if left:
                self._held[key] = left
            else:
                del self._held[key]
        return self._wake([key for key, _ in slots])

    def _wake(self, keys: Sequence[str]) -> list[QueueItem]:
        woken = []
        for key in keys:
            waiting = self._waiting.get(key)
            if waiting is None:
                continue
            woken.append(waiting.popleft())
            if not waiting:
                del self._waiting[key]
        return woken
