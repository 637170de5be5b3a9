"""Runs in memory: each with its state and a lock, so that decisions about it never interleave."""

import asyncio
from collections import OrderedDict

from rawr.durable.domain.errors import RunNotFound
from rawr.durable.domain.run import RunState
from rawr.durable.store.port import Store


class LiveRun:
    """One run while the engine works on it.

    `lock` is held from a decision to its commit; `state` is what is committed; `called_at` is when
    this process first called its function, in milliseconds since the epoch.
    """

    __slots__ = ("called_at", "lock", "state", "users")

    def __init__(self, state: RunState | None) -> None:
        self.state = state
        self.lock = asyncio.Lock()
        self.users = 0
        self.called_at: int | None = None


class LiveRuns:
    """The runs the engine works on, and recently did."""

    def __init__(self, store: Store, *, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._runs: OrderedDict[str, LiveRun] = OrderedDict()

    def add(self, state: RunState) -> None:
        """Keep a run that was just created."""
        if state.run.id not in self._runs:
            self._runs[state.run.id] = LiveRun(state)
            self._evict()

    def peek(self, run_id: str) -> RunState | None:
        """Return a run's state if it is in memory."""
        live = self._runs.get(run_id)
        return None if live is None else live.state

    async def enter(self, run_id: str) -> tuple[LiveRun, RunState]:
        """Return a run, loading it when it is not in memory; `leave` it afterwards.

        Raises:
            RunNotFound: there is no such run.
        """
        live = self._runs.get(run_id)
        if live is None:
            live = self._runs[run_id] = LiveRun(None)
        else:
            self._runs.move_to_end(run_id)
        live.users += 1
        try:
            return live, live.state or await self._load(run_id, live)
        except BaseException:
            self.leave(run_id, live)
            raise

    def leave(self, run_id: str, live: LiveRun) -> None:
        """Stop working on a run."""
        live.users -= 1
        state = live.state
        ended = state is None or state.status.is_terminal
        if live.users == 0 and ended and self._runs.get(run_id) is live:
            del self._runs[run_id]

    async def _load(self, run_id: str, live: LiveRun) -> RunState:
        async with live.lock:
            if live.state is None:
                live.state = await self._store.load_state(run_id)
            if live.state is None:
                raise RunNotFound(f"No run has the id {run_id}")
            return live.state

    def _evict(self) -> None:
        if len(self._runs) <= self._limit:
            return
        for run_id, live in self._runs.items():
            if live.users == 0:
                del self._runs[run_id]
                return
