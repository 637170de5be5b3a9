"""What operators do to runs and functions: repeat, cancel and replay many, pause."""

import asyncio
from collections.abc import Callable, Container, Coroutine
from typing import Final

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import FunctionNotFound, RunNotFound
from rawr.durable.domain.event import Json
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine._executor import Executor
from rawr.durable.engine._planner import Planner
from rawr.durable.engine._registry import Registry
from rawr.durable.engine._rerun import arguments, kept_steps
from rawr.durable.engine._selection import RunSelection, select_runs
from rawr.durable.engine.ids import Ids
from rawr.durable.engine.observer import Observer
from rawr.durable.store.port import Store

_LIVE: Final = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})
#: Runs that are read and written together.
_AT_ONCE: Final = 50


class Operations:
    """Acts on runs and functions for whoever operates the engine.

    `hold` takes the queue items of the runs that are created.
    """

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        planner: Planner,
        executor: Executor,
        clock: Clock,
        ids: Ids,
        hold: Callable[[QueueItem], None],
        observer: Observer,
    ) -> None:
        self._store = store
        self._registry = registry
        self._planner = planner
        self._executor = executor
        self._clock = clock
        self._ids = ids
        self._hold = hold
        self._observer = observer

    async def rerun(self, run_id: str, *, from_step: str | None, input_: Json) -> str:
        """Repeat a run; return the id of the new one.

        Raises:
            RunNotFound: no run has this id.
            StepNotFound: the run has no such step.
            RerunRejected: the input cannot be given to the step.
            FunctionNotFound: the function is no longer registered.
        """
        state = await self._store.load_state(run_id)
        if state is None:
            raise RunNotFound(f"No run has the id {run_id}")
        function = self._function(state.run.function_id)
        given = None
        if input_ is not None:
            app = self._registry.app(function.app_id)
            given = arguments(input_, from_step, function, app)
        steps = kept_steps(await self._store.run_steps(run_id), from_step, given)
        planned = self._planner.plan_rerun(function, state.run, now=self._clock.now_ms())
        await self._store.rerun(planned, steps)
        self._observer.started(function.id)
        for item in (planned.item, *planned.timers):
            self._hold(item)
        return planned.run.id

    async def cancel(self, selection: RunSelection) -> int:
        """Cancel the live runs of a selection; return how many were.

        Raises:
            ExpressionError: the selection's expression is not valid.
        """
        return await self._each(selection, _LIVE, self._executor.cancel)

    async def replay(self, selection: RunSelection, statuses: Container[RunStatus]) -> int:
        """Repeat the runs of a selection that ended so; return how many were.

        Raises:
            ExpressionError: the selection's expression is not valid.
            FunctionNotFound: the selection's function is not registered.
        """
        if selection.function_id is not None:
            self._function(selection.function_id)

        async def repeat(run_id: str) -> bool:
            try:
                await self.rerun(run_id, from_step=None, input_=None)
            except FunctionNotFound:
                return False
            return True

        return await self._each(selection, statuses, repeat)

    async def pause(self, function_id: str) -> None:
        """Let a function's triggers start nothing.

        Raises:
            FunctionNotFound: no app registers a function with this id.
        """
        self._function(function_id)
        if self._registry.paused_at(function_id) is None:
            now = self._clock.now_ms()
            await self._store.pause_function(function_id, now)
            self._registry.pause(function_id, now)

    async def resume(self, function_id: str) -> bool:
        """Let a paused function's triggers start runs again; False when it was not paused."""
        if self._registry.paused_at(function_id) is None:
            return False
        await self._store.resume_function(function_id)
        self._registry.resume(function_id)
        return True

    async def load(self) -> None:
        """Learn which functions are paused."""
        for function_id, paused_at in (await self._store.load_paused()).items():
            self._registry.pause(function_id, paused_at)

    async def _each(
        self,
        selection: RunSelection,
        statuses: Container[RunStatus],
        act: Callable[[str], Coroutine[None, None, bool]],
    ) -> int:
        # Only runs that exist now: what is repeated here must not be selected again.
        until = self._ids.ulid()
        done = 0
        async for page in select_runs(self._store, selection, statuses, until=until):
            for first in range(0, len(page), _AT_ONCE):
                chunk = page[first : first + _AT_ONCE]
                done += sum(await asyncio.gather(*(act(run.id) for run in chunk)))
        return done

    def _function(self, function_id: str) -> FunctionConfig:
        function = self._registry.get(function_id)
        if function is None:
            raise FunctionNotFound(f"could not find function with ID: {function_id}")
        return function
