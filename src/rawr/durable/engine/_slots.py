"""Limits on calls that execute at once."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from rawr.durable.domain.queue import QueueItem

Slot = tuple[str, int]
"""A key, and how many may hold it at once."""

#: How few waiting items of a key make the stored ones be fetched.
_LOW_WATER: Final = 8


class Acquisition(NamedTuple):
    """What became of an item that asked for slots.

    Attributes:
        taken: True when it holds them now.
        woken: Items that may try now.
        overflow: The full slot it waits for, when memory has no room for it.
    """

    taken: bool
    woken: list[QueueItem]
    overflow: Slot | None = None


class Slots:
    """Counts what executes by key; what is above a limit waits in order.

    Counts are of calls in this process: one that a crash ended holds nothing. `room` is how many
    items wait in memory; the others wait in the store, and are fetched key by key.
    """

    def __init__(self, *, room: int) -> None:
        self._room = room
        self._held: dict[str, int] = {}
        self._waiting: dict[str, deque[QueueItem]] = {}
        self._count = 0
        self._stored: set[str] = set()
        self._wanted: dict[str, None] = {}

    def acquire(self, slots: Sequence[Slot], item: QueueItem) -> Acquisition:
        """Take every slot, or none and let the item wait for the first that is full."""
        full = next((slot for slot in slots if self._held.get(slot[0], 0) >= slot[1]), None)
        if full is None:
            for key, _ in slots:
                self._held[key] = self._held.get(key, 0) + 1
            return Acquisition(taken=True, woken=self._spare(slots))
        # The item was perhaps woken for a slot it now leaves to the next in line.
        woken = self._spare(slots)
        if full[0] in self._stored or self._count >= self._room:
            return Acquisition(taken=False, woken=woken, overflow=full)
        self._append(full[0], item)
        return Acquisition(taken=False, woken=woken)

    def take(self, slot: Slot) -> None:
        """Take a slot whether it is free or not: a previous process has given it."""
        self._held[slot[0]] = self._held.get(slot[0], 0) + 1

    def overflow(self, slots: Sequence[Slot]) -> Slot | None:
        """Return the full slot an item would wait for in the store; `None` when it may try."""
        for slot in slots:
            if self._held.get(slot[0], 0) >= slot[1]:
                is_crowded = slot[0] in self._stored or self._count >= self._room
                return slot if is_crowded else None
        return None

    def release(self, slots: Sequence[Slot]) -> list[QueueItem]:
        """Give every slot back; return the items that may try now."""
        for key, _ in slots:
            left = self._held[key] - 1
            if left:
                self._held[key] = left
            else:
                del self._held[key]
        return self._wake([key for key, _ in slots])

    def stored(self, slot: Slot) -> None:
        """Note that an item waits for a slot in the store."""
        key, limit = slot
        self._stored.add(key)
        if self._held.get(key, 0) < limit:
            # It became free while the item was on its way to the store.
            self._wanted[key] = None

    def next_wanted(self) -> str | None:
        """Return a key whose stored items are to be fetched, if there is one and room for them."""
        if not self._wanted or self._count > 2 * self._room:
            return None
        return next(iter(self._wanted))

    def fetched(self, key: str, items: Sequence[QueueItem], *, more: bool) -> list[QueueItem]:
        """Let fetched items wait in memory; return the one that may try now."""
        self._wanted.pop(key, None)
        if not more:
            self._stored.discard(key)
        for item in items:
            self._append(key, item)
        return self._wake([key])

    def _append(self, key: str, item: QueueItem) -> None:
        self._waiting.setdefault(key, deque()).append(item)
        self._count += 1

    def _spare(self, slots: Sequence[Slot]) -> list[QueueItem]:
        if not self._waiting and not self._stored:
            return []
        return self._wake([key for key, limit in slots if self._held.get(key, 0) < limit])

    def _wake(self, keys: Sequence[str]) -> list[QueueItem]:
        woken = []
        for key in keys:
            waiting = self._waiting.get(key)
            if waiting is not None:
                woken.append(waiting.popleft())
                self._count -= 1
                if not waiting:
                    del self._waiting[key]
            if key in self._stored and (waiting is None or len(waiting) < _LOW_WATER):
                self._wanted[key] = None
        return woken
