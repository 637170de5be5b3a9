"""Runs in memory: loaded together, or one by one."""

from collections.abc import Sequence
from typing import Any, cast

import anyio
import pytest

from rawr.durable.domain.errors import RunNotFound, StoreUnavailable
from rawr.durable.domain.event import Event
from rawr.durable.domain.run import Run, RunState
from rawr.durable.engine._live import LiveRuns
from rawr.durable.store.port import Store


def state(run_id: str) -> RunState:
    event = Event(internal_id="e", id="e", name="app/go", data={}, ts=0, received_at=0, user={})
    run = Run(id=run_id, function_id="app-fn", events=(event,), created_at=0, max_attempts=1)
    return RunState(run=run)


class Shelf:
    """A store of runs that counts how it is read."""

    def __init__(self, *run_ids: str) -> None:
        self.states = {run_id: state(run_id) for run_id in run_ids}
        self.single: list[str] = []
        self.together: list[list[str]] = []
        self.fails = False

    async def load_state(self, run_id: str) -> RunState | None:
        self.single.append(run_id)
        return self.states.get(run_id)

    async def load_states(self, run_ids: Sequence[str]) -> dict[str, RunState]:
        self.together.append(list(run_ids))
        await anyio.lowlevel.checkpoint()
        if self.fails:
            raise StoreUnavailable
        return {run_id: self.states[run_id] for run_id in run_ids if run_id in self.states}


def live_runs(shelf: Shelf) -> LiveRuns:
    return LiveRuns(cast("Store", cast("Any", shelf)), max_bytes=1 << 20)


async def test_runs_of_a_claim_are_read_together() -> None:
    shelf = Shelf("a", "b", "c")
    runs = live_runs(shelf)
    await runs.preload(["a", "b", "a", "c"])
    for run_id in "abc":
        live, loaded = await runs.enter(run_id)
        assert loaded.run.id == run_id
        runs.leave(run_id, live)
    assert shelf.together == [["a", "b", "c"]]
    assert shelf.single == []


async def test_a_run_in_memory_is_not_read_again() -> None:
    shelf = Shelf("a", "b")
    runs = live_runs(shelf)
    runs.add(state("a"))
    await runs.preload(["a", "b"])
    await runs.preload(["a", "b"])
    assert shelf.together == [["b"]]


async def test_who_enters_a_run_meanwhile_waits_for_the_same_read() -> None:
    shelf = Shelf("a")
    runs = live_runs(shelf)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(runs.preload, ["a"])
        await anyio.lowlevel.checkpoint()
        _, loaded = await runs.enter("a")
    assert loaded.run.id == "a"
    assert shelf.single == []


async def test_a_run_that_does_not_exist_is_not_kept() -> None:
    runs = live_runs(Shelf())
    await runs.preload(["a"])
    with pytest.raises(RunNotFound):
        await runs.enter("a")
    assert runs.peek("a") is None
    assert not runs._runs


async def test_runs_are_loaded_singly_when_the_common_read_fails() -> None:
    shelf = Shelf("a", "b")
    shelf.fails = True
    runs = live_runs(shelf)
    await runs.preload(["a", "b"])
    _, loaded = await runs.enter("b")
    assert loaded.run.id == "b"
    assert shelf.single == ["b"]
