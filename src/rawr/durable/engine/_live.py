"""Runs in memory: each with its state and a lock, so that decisions about it never interleave."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from rawr.durable.domain.errors import EngineError, RunNotFound
from rawr.durable.domain.run import RunState
from rawr.durable.store.port import Store

logger = logging.getLogger("rawr.durable")

#: What the objects of a run take beside its data, in bytes.
_BASE_WEIGHT: Final = 2048
#: How many times larger decoded JSON is than its text.
_DECODED: Final = 4


class LiveRun:
    """One run while the engine works on it.

    `lock` is held from a decision to its commit; `state` is what is committed; `called_at` is when
    this process first called its function, in milliseconds since the epoch.
    """

    __slots__ = ("called_at", "lock", "state", "users", "weight")

    def __init__(self, state: RunState | None) -> None:
        self.state = state
        self.lock = asyncio.Lock()
        self.users = 0
        self.weight = 0
        self.called_at: int | None = None


class LiveRuns:
    """The runs the engine works on, and idle ones up to `max_bytes`."""

    def __init__(self, store: Store, *, max_bytes: int) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._runs: OrderedDict[str, LiveRun] = OrderedDict()
        self._bytes = 0

    def add(self, state: RunState) -> None:
        """Keep a run that was just created."""
        if state.run.id not in self._runs:
            live = self._runs[state.run.id] = LiveRun(state)
            self._weigh(live, state)

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

    async def preload(self, run_ids: Iterable[str]) -> None:
        """Load runs that are about to be entered together: one read instead of one each."""
        fresh: dict[str, LiveRun] = {}
        for run_id in run_ids:
            if run_id not in self._runs:
                live = fresh[run_id] = self._runs[run_id] = LiveRun(None)
                live.users += 1
                # Whoever enters meanwhile waits for this read instead of making its own.
                await live.lock.acquire()
        if not fresh:
            return
        states: Mapping[str, RunState] = {}
        try:
            states = await self._store.load_states(list(fresh))
        except EngineError:
            # Each run is loaded again when it is entered, which tells whose fault it is.
            logger.debug("Runs could not be loaded together", exc_info=True)
        finally:
            for run_id, live in fresh.items():
                live.state = states.get(run_id)
                live.lock.release()
                self.leave(run_id, live)

    def leave(self, run_id: str, live: LiveRun) -> None:
        """Stop working on a run."""
        live.users -= 1
        if live.users:
            return
        state = live.state
        if state is None or state.status.is_terminal:
            if self._runs.get(run_id) is live:
                self._forget(run_id, live)
        else:
            self._weigh(live, state)

    async def _load(self, run_id: str, live: LiveRun) -> RunState:
        async with live.lock:
            if live.state is None:
                live.state = await self._store.load_state(run_id)
            if live.state is None:
                raise RunNotFound(f"No run has the id {run_id}")
            return live.state

    def _weigh(self, live: LiveRun, state: RunState) -> None:
        weight = _BASE_WEIGHT + state.state_bytes
        weight += sum(_DECODED * len(msgspec.json.encode(event.data)) for event in state.run.events)
        self._bytes += weight - live.weight
        live.weight = weight
        if self._bytes > self._max_bytes:
            self._evict()

    def _evict(self) -> None:
        """Forget idle runs, the longest unused first, until the others fit."""
        idle = [(run_id, live) for run_id, live in self._runs.items() if live.users == 0]
        for run_id, live in idle:
            self._forget(run_id, live)
            # Some more than needed, so that the next one does not look through all again.
            if self._bytes <= self._max_bytes * 7 // 8:
                return

    def _forget(self, run_id: str, live: LiveRun) -> None:
        del self._runs[run_id]
        self._bytes -= live.weight
