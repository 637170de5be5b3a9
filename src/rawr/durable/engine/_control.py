"""What operators ask of an engine: cancel, repeat, pause, tidy up, copy."""

import asyncio
from collections.abc import Container
from pathlib import Path

from rawr.durable.domain.errors import NotRunning
from rawr.durable.domain.event import Json
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine._history import History
from rawr.durable.engine._selection import RunSelection
from rawr.durable.engine._sweeper import Swept


class Control(History):
    """The part of an engine that acts on runs and functions for whoever operates it."""

    _task: asyncio.Task[None] | None
    _closed: bool

    async def cancel_run(self, run_id: str) -> bool:
        """Cancel a run; False when it has ended already. A call in flight ends unheard.

        Raises:
            RunNotFound: no run has this id.
        """
        self._check_running()
        return await self._parts.executor.cancel(run_id)

    async def rerun(self, run_id: str, *, from_step: str | None = None, input: Json = None) -> str:
        """Repeat a run with the same events; return the id of the new run.

        `from_step` is the hashed id of the step to begin at: what was settled before it is kept.
        `input` replaces that step's arguments; what is no list is the one argument. Limits on how
        runs start do not hold the run back, nor does a pause of its function.

        Raises:
            RunNotFound: no run has this id.
            StepNotFound: the run has no such step.
            RerunRejected: no step is named for the input, or the SDK cannot take one.
            FunctionNotFound: the function is no longer registered.
        """
        self._check_running()
        return await self._parts.operations.rerun(run_id, from_step=from_step, input_=input)

    async def cancel_runs(self, selection: RunSelection) -> int:
        """Cancel the live runs of a selection; return how many were.

        Raises:
            ExpressionError: the selection's expression is not valid.
        """
        self._check_running()
        return await self._parts.operations.cancel(selection)

    async def replay_runs(
        self,
        selection: RunSelection,
        *,
        statuses: Container[RunStatus] = frozenset({RunStatus.FAILED}),
    ) -> int:
        """Repeat, as `rerun` does, the runs of a selection that ended so; return how many were.

        Runs of functions that are no longer registered are left out.

        Raises:
            ExpressionError: the selection's expression is not valid.
            FunctionNotFound: the selection's function is not registered.
        """
        self._check_running()
        return await self._parts.operations.replay(selection, statuses)

    async def pause_function(self, function_id: str) -> None:
        """Let events and invocations of a function be recorded as skipped runs; crons rest.

        Runs that were created before go on; `replay_runs` makes up for the skipped ones.

        Raises:
            FunctionNotFound: no app registers a function with this id.
        """
        self._check_running()
        await self._parts.operations.pause(function_id)

    async def resume_function(self, function_id: str) -> bool:
        """Let a paused function start runs again; False when it was not paused."""
        self._check_running()
        return await self._parts.operations.resume(function_id)

    def paused_functions(self) -> dict[str, int]:
        """Return when each paused function was paused, in milliseconds since the epoch."""
        return self._parts.registry.paused()

    async def sweep(self) -> Swept:
        """Delete the history its retention has no room for; the engine does so regularly itself.

        Raises:
            StoreUnavailable: the store cannot be written to now.
        """
        self._check_running()
        return await self._parts.sweeper.sweep()

    async def backup(self, target: Path) -> None:
        """Copy the engine's database to the new file `target` while runs go on.

        An engine opened on a directory that has the copy as `engine.db` goes on from there.

        Raises:
            StoreFull: there is no space for the copy.
            StoreUnavailable: `target` exists already, or cannot be written.
        """
        self._check_open()
        await self._store.backup(target)

    def _check_running(self) -> None:
        self._check_open()
        if self._task is None:
            raise NotRunning

    def _check_open(self) -> None:
        if self._closed:
            raise NotRunning("The engine is closed; open it again")
