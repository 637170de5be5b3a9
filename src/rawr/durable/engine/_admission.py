"""Which calls may execute now: the slots a call and its run take, in memory and in the store."""

from collections.abc import Callable, Sequence

from rawr.durable.domain.flow import concurrency_slots, run_slots, unkeyed_slots
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState
from rawr.durable.engine._registry import Registry
from rawr.durable.engine._slots import Slot, Slots
from rawr.durable.store.port import Store


class Admission:
    """Lets calls execute up to the limits of their functions; `hold` receives who may try next."""

    def __init__(
        self,
        *,
        slots: Slots,
        store: Store,
        registry: Registry,
        hold: Callable[[QueueItem], None],
    ) -> None:
        self._slots = slots
        self._store = store
        self._registry = registry
        self._hold = hold
        self._of_runs: dict[str, Sequence[Slot]] = {}

    async def load(self) -> None:
        """Let runs that have started hold their slots again."""
        for run_id, slot in await self._store.held_run_slots():
            self._slots.take(slot)
            self._of_runs[run_id] = (*self._of_runs.get(run_id, ()), slot)

    def overflow(self) -> dict[str, Slot]:
        """Return slots by the function whose calls would have to wait for them in the store."""
        limited = (one for one in self._registry.functions() if one.concurrency)
        found = ((one.id, self._slots.overflow(unkeyed_slots(one))) for one in limited)
        return {function_id: slot for function_id, slot in found if slot is not None}

    async def admit(
        self, state: RunState, item: QueueItem, function: FunctionConfig
    ) -> Sequence[Slot] | None:
        """Take the slots of a call, and those of its run if it holds none yet.

        Returns what to `release` when the call is over; `None` when it waits for a slot.

        Raises:
            StoreUnavailable: that it waits, or its run counts, could not be stored.
        """
        if not function.concurrency and function.run_concurrency is None:
            return ()
        run_id, event = state.run.id, state.run.event
        slots = concurrency_slots(function, event)
        of_run = () if run_id in self._of_runs else run_slots(function, event)
        acquisition = self._slots.acquire((*slots, *of_run), item)
        for other in acquisition.woken:
            self._hold(other)
        if acquisition.taken and of_run:
            await self._keep(run_id, slots, of_run)
        if acquisition.overflow is not None:
            await self._store.wait_for_slots([(acquisition.overflow[0], item)])
            self._slots.stored(acquisition.overflow)
        return slots if acquisition.taken else None

    def release(self, slots: Sequence[Slot]) -> None:
        """Give slots back to who waits for them."""
        if slots:
            for item in self._slots.release(slots):
                self._hold(item)

    def end_run(self, run_id: str) -> None:
        """Give back what a run held from its first call to its end."""
        self.release(self._of_runs.pop(run_id, ()))

    async def _keep(self, run_id: str, slots: Sequence[Slot], of_run: Sequence[Slot]) -> None:
        """Make a run hold its own slots until it ends, also over a restart."""
        try:
            await self._store.hold_run_slots(run_id, of_run)
        except BaseException:
            self.release((*slots, *of_run))
            raise
        self._of_runs[run_id] = of_run
