"""Starting runs that were kept waiting: to gather events, or by a `ts` in the future."""

from collections.abc import Callable

from msgspec.structs import replace

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import RunNotFound
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState, RunStatus
from rawr.durable.engine._live import LiveRun
from rawr.durable.engine._planner import Planner
from rawr.durable.store.port import Accepted, Begun, Store


class LateStarts:
    """Lets a run whose time has come pass the limits on its start.

    `deliver` and `hold` receive what that made ready; `ended` the runs that do not start.
    """

    def __init__(
        self,
        *,
        store: Store,
        planner: Planner,
        clock: Clock,
        deliver: Callable[[Accepted], None],
        hold: Callable[[QueueItem], None],
        ended: Callable[[RunState], None],
    ) -> None:
        self._store = store
        self._planner = planner
        self._clock = clock
        self._deliver = deliver
        self._hold = hold
        self._ended = ended

    async def begin(
        self, live: LiveRun, item: QueueItem, function: FunctionConfig
    ) -> tuple[RunState, QueueItem] | None:
        """Return the run and its item as they go on; `None` when it starts later or never.

        Raises:
            RunNotFound: the run has been deleted meanwhile.
            StoreUnavailable: nothing is decided; the item is still to be done.
        """
        async with live.lock:
            # Events may have joined the run since it was last looked at.
            state = live.state = await self._store.load_state(item.run_id)
            if state is None:
                raise RunNotFound(f"No run has the id {item.run_id}")
            if state.status.is_terminal:
                return state, item
            now = self._clock.now_ms()
            planned = self._planner.plan_start(function, state.run, item, now=now)
            begun = await self._store.begin(planned, now=now)
            if begun.planned is None:
                state = live.state = replace(state, status=RunStatus.SKIPPED, ended_at=now)
        return self._pass_on(state, begun)

    def _pass_on(self, state: RunState, begun: Begun) -> tuple[RunState, QueueItem] | None:
        self._deliver(Accepted(resumed=begun.resumed))
        if begun.planned is None:
            self._ended(state)
            return None
        for timer in begun.planned.timers:
            self._hold(timer)
        item = begun.planned.item
        if item.parked:
            self._hold(item)
            return None
        return state, item
