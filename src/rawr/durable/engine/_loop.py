"""The engine's loop: start what is due, wait for what is next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import anyio
from msgspec.structs import replace

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import StoreUnavailable
from rawr.durable.domain.queue import QueueItem
from rawr.durable.engine._agenda import Agenda
from rawr.durable.engine._slots import Slot, Slots
from rawr.durable.store.port import Store

logger = logging.getLogger("rawr.durable")

#: How long an item rests after its outcome could not be stored, in milliseconds.
_STORE_RETRY_MS: Final = 1_000
#: How many due items are taken into memory together: a few milliseconds of the writer's time.
_CLAIMED: Final = 128
#: How many items that wait for a slot are taken into memory together.
_FETCHED: Final = 64
#: How long an item rests after a defect of the engine, in milliseconds.
_DEFECT_RETRY_MS: Final = 60_000


class Loop:
    """Works on due items, up to `max_calls` at once, and sleeps exactly until the next is due."""

    def __init__(
        self,
        *,
        agenda: Agenda,
        slots: Slots,
        store: Store,
        clock: Clock,
        work: Callable[[QueueItem], Awaitable[None]],
        overflow: Callable[[], Mapping[str, Slot]],
        preload: Callable[[Iterable[str]], Awaitable[None]],
        max_calls: int,
        ready_limit: int,
    ) -> None:
        self._agenda = agenda
        self._slots = slots
        self._store = store
        self._clock = clock
        self._work = work
        self._overflow = overflow
        self._preload = preload
        self._max_calls = max_calls
        self._ready_limit = ready_limit
        self._in_flight = 0
        self._is_claiming = False
        self._claim_from = 0
        self._stopping = False
        self._idle_waiters: list[anyio.Event] = []

    async def run(self) -> None:
        """Run until stopped, then until the calls in flight have ended."""
        # The standard library's group: starting a task costs a fifth of what anyio's costs, and
        # `_run_item` lets nothing escape that could cancel the others.
        async with asyncio.TaskGroup() as calls:
            while not self._stopping:
                await self._claim()
                await self._fetch_waiting()
                self._start_due(calls)
                self._tell_idle()
                await self._agenda.wait(self._deadline())

    def stop(self) -> None:
        """Start nothing more."""
        self._stopping = True
        self._agenda.nudge()

    async def settle(self) -> None:
        """Wait until nothing is due and nothing is in flight."""
        while not self._is_idle() and not self._stopping:
            waiter = anyio.Event()
            self._idle_waiters.append(waiter)
            self._agenda.nudge()
            await waiter.wait()

    async def _claim(self) -> None:
        """Take parked items whose time has come, if memory has room for them."""
        now = self._clock.now_ms()
        due_at = self._agenda.parked_due_at
        if due_at is None or max(due_at, self._claim_from) > now or not self._has_room():
            return
        limit = min(_CLAIMED, self._ready_limit - len(self._agenda))
        self._is_claiming = True
        try:
            await self._hold_due(now=now, limit=limit)
        finally:
            self._is_claiming = False

    async def _hold_due(self, *, now: int, limit: int) -> None:
        full = self._overflow()
        slots = {function_id: slot[0] for function_id, slot in full.items()}
        try:
            claim = await self._store.claim(now=now, limit=limit, full=slots)
        except StoreUnavailable:
            logger.exception(
                "Due items could not be read from the store; trying again",
                extra={"action": "claim_failed"},
            )
            self._agenda.claimed(now + _STORE_RETRY_MS)
            return
        # At once: what is parked from here on the claim has not seen, and must not be forgotten.
        self._agenda.claimed(claim.next_due_at)
        for slot in set(full.values()):
            if slot[0] in claim.waiting:
                self._slots.stored(slot)
        if not claim.items:
            # Nothing could be done but to let things wait: let others have the store as long.
            ended = self._clock.now_ms()
            self._claim_from = ended + (ended - now)
        await self._preload(item.run_id for item in claim.items)
        for item in claim.items:
            self._agenda.hold(item, since=now)

    async def _fetch_waiting(self) -> None:
        """Take items that wait in the store for a slot, where one has become free."""
        while (slot := self._slots.next_wanted()) is not None:
            try:
                items = await self._store.claim_waiting(slot, limit=_FETCHED)
            except StoreUnavailable:
                logger.exception(
                    "Waiting items could not be read from the store; trying again",
                    extra={"action": "claim_failed"},
                )
                self._agenda.claimed(self._clock.now_ms() + _STORE_RETRY_MS)
                return
            for item in self._slots.fetched(slot, items, more=len(items) == _FETCHED):
                self._agenda.hold(item)

    def _start_due(self, calls: asyncio.TaskGroup) -> None:
        now = self._clock.now_ms()
        while self._in_flight < self._max_calls:
            item = self._agenda.pop(now)
            if item is None:
                return
            self._in_flight += 1
            calls.create_task(self._run_item(item), name=f"durable-item-{item.id}")

    async def _run_item(self, item: QueueItem) -> None:
        try:
            await self._work(item)
        except StoreUnavailable:
            logger.exception(
                "The outcome of run %s could not be stored; trying again",
                item.run_id,
                extra={"action": "commit_failed", "run_id": item.run_id},
            )
            self._rest(item, _STORE_RETRY_MS)
        except Exception:  # a loop boundary: one run must not stop the others
            logger.exception(
                "Run %s met a defect of the engine; trying again",
                item.run_id,
                extra={"action": "item_failed", "run_id": item.run_id},
            )
            self._rest(item, _DEFECT_RETRY_MS)
        finally:
            self._in_flight -= 1
            self._agenda.nudge()

    def _rest(self, item: QueueItem, delay_ms: int) -> None:
        self._agenda.hold(replace(item, due_at=self._clock.now_ms() + delay_ms))

    def _has_room(self) -> bool:
        return len(self._agenda) * 2 <= self._ready_limit

    def _deadline(self) -> int | None:
        """When to look again, unless something happens before."""
        dues = []
        if self._in_flight < self._max_calls:
            dues.append(self._agenda.held_due_at)
        parked_due_at = self._agenda.parked_due_at
        if parked_due_at is not None and self._has_room():
            dues.append(max(parked_due_at, self._claim_from))
        return min((due for due in dues if due is not None), default=None)

    def _is_idle(self) -> bool:
        next_due_at = self._agenda.next_due_at
        nothing_due = next_due_at is None or next_due_at > self._clock.now_ms()
        is_busy = self._in_flight > 0 or self._is_claiming
        return not is_busy and nothing_due and self._slots.next_wanted() is None

    def _tell_idle(self) -> None:
        if self._idle_waiters and self._is_idle():
            waiters, self._idle_waiters = self._idle_waiters, []
            for waiter in waiters:
                waiter.set()
