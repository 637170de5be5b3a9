"""The official TypeScript SDK against `rawr engine`: every feature an app may lean on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.acceptance.engine import (
    RunningEngine,
    running_app,
    running_engine,
    start_engine,
    until,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.node]

SIGNING_KEY = "signkey-test-7468697320697320612074657374206b6579"


@dataclass(frozen=True)
class World:
    engine: RunningEngine
    app: str

    def calls(self, run_id: str) -> int:
        count: int = httpx2.get(f"{self.app}/calls/{run_id}", trust_env=False).json()
        return count


@contextmanager
def world_in(directory: Path) -> Iterator[World]:
    with running_engine(directory / "engine") as engine, running_app(engine, directory) as app:
        yield World(engine, app)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("node")) as world:
        yield world


def test_steps_are_checkpointed_within_one_call(world: World) -> None:
    event_id = world.engine.send("ts/steps", n=1)
    run = world.engine.ended(event_id, "ts-steps")
    assert (run["status"], run["output"]) == ("Completed", {"a": {"n": 2}, "b": 4, "c": 8})
    assert world.calls(run["run_id"]) == 1


def test_without_checkpoints_each_step_takes_a_call(world: World) -> None:
    event_id = world.engine.send("ts/steps", n=1)
    run = world.engine.ended(event_id, "ts-uncheckpointed")
    assert (run["status"], run["output"]) == ("Completed", 3)
    assert world.calls(run["run_id"]) == 3


def test_parallel_steps_sleeps_and_waits_join(world: World) -> None:
    event_id = world.engine.send("ts/parallel")
    assert world.engine.output(event_id, "ts-parallel") == [2, 3, None]


def test_what_follows_a_race_does_not_wait_for_the_loser(world: World) -> None:
    event_id = world.engine.send("ts/race")
    assert world.engine.output(event_id, "ts-race") == "fast"
    spans = spans_of(world, event_id, "ts-race")
    assert [span["name"] for span in spans[:4]] == ["fast", "after", "last", "slow"]


def test_a_wait_takes_the_event_its_expression_matches(world: World) -> None:
    event_id = world.engine.send("ts/waits", k="x")
    world.engine.await_event("ts/waiting")
    until(lambda: steps_of(world, event_id, "ts-waits", "WAIT_FOR_EVENT"))
    world.engine.send("ts/go", k="other", n=1)
    world.engine.send("ts/go", k="x", n=2)
    assert world.engine.output(event_id, "ts-waits") == {
        "name": "ts/go",
        "data": {"k": "x", "n": 2},
        "never": None,
    }


def test_invoke_returns_the_result_and_throws_the_error_of_a_function(world: World) -> None:
    event_id = world.engine.send("ts/invokes", n=21)
    output = world.engine.output(event_id, "ts-invokes")
    assert output["result"] == {"doubled": 42}
    assert output["refused"]["message"] == "no such number"


def test_steps_and_bodies_are_retried_on_their_own(world: World) -> None:
    event_id = world.engine.send("ts/flaky")
    assert world.engine.output(event_id, "ts-flaky") == {"tries": 3, "attempt": 1}


def test_a_step_that_failed_for_good_can_be_caught(world: World) -> None:
    event_id = world.engine.send("ts/catches")
    assert world.engine.output(event_id, "ts-catches") == {"name": "TypeError", "message": "always"}


def test_a_non_retriable_error_fails_at_once_and_runs_on_failure(world: World) -> None:
    event_id = world.engine.send("ts/doomed")
    run = world.engine.ended(event_id, "ts-doomed")
    assert run["status"] == "Failed"
    assert run["output"]["message"] == "give up"
    mourned = world.engine.await_event("ts/mourned")
    assert mourned["data"] == {"runId": run["run_id"], "said": "give up"}


def test_fetch_is_made_by_the_engine(world: World) -> None:
    event_id = world.engine.send("ts/fetches")
    assert world.engine.output(event_id, "ts-fetches") == {
        "status": 200,
        "type": "application/json",
        "body": {"method": "POST", "url": "/echo?q=1", "mark": "here", "body": "hello"},
    }


def test_a_signal_sent_by_a_function_resumes_another(world: World) -> None:
    event_id = world.engine.send("ts/signals", signal="go/1")
    until(lambda: steps_of(world, event_id, "ts-listens", "WAIT_FOR_SIGNAL"))
    world.engine.client.post("/v1/signals", json={"signal": "go/1", "data": {"n": 7}})
    assert world.engine.output(event_id, "ts-listens") == {"signal": "go/1", "data": {"n": 7}}


def test_an_event_cancels_the_run_it_matches(world: World) -> None:
    mine = world.engine.send("ts/cancellable", k="mine")
    other = world.engine.send("ts/cancellable", k="other")
    for event_id in (mine, other):
        until(lambda event_id=event_id: steps_of(world, event_id, "ts-cancellable", "SLEEP"))
    world.engine.send("ts/cancel", k="mine")
    assert world.engine.ended(mine, "ts-cancellable")["status"] == "Cancelled"
    run = world.engine.runs(other)["ts-cancellable"]
    assert run["status"] == "Running"
    cancelled = world.engine.client.delete(f"/v1/runs/{run['run_id']}")
    assert cancelled.status_code == 200
    assert world.engine.ended(other, "ts-cancellable")["status"] == "Cancelled"


def test_a_full_batch_starts_one_run(world: World) -> None:
    ids = [world.engine.send("ts/batched", n=n) for n in range(3)]
    assert sorted(world.engine.output(ids[0], "ts-batched")) == [0, 1, 2]


def test_what_a_run_publishes_reaches_a_subscriber(world: World) -> None:
    messages = httpx2.get(f"{world.app}/news", trust_env=False, timeout=30).json()
    run_ids = {message.pop("runId") for message in messages}
    assert len(run_ids) == 1
    common = {"channel": "news", "topic": "posted", "kind": "data"}
    assert messages == [{**common, "data": {"n": 1}}, {**common, "data": {"n": 2}}]


def test_a_run_survives_the_death_of_the_engine(tmp_path: Path) -> None:
    data_dir = tmp_path / "engine"
    with world_in(tmp_path) as world:
        event_id = world.engine.send("ts/naps")
        until(lambda: steps_of(world, event_id, "ts-naps", "SLEEP"))
        world.engine.kill()
        engine = start_engine(data_dir, port=world.engine.port)
        try:
            assert engine.output(event_id, "ts-naps") == {"before": 1, "after": 2}
            assert engine.interrupt() == 0
        finally:
            engine.client.close()
            if engine.process.poll() is None:
                engine.kill()


def test_calls_and_answers_are_signed_where_there_are_keys(tmp_path: Path) -> None:
    keys = {"INNGEST_SIGNING_KEY": SIGNING_KEY, "INNGEST_EVENT_KEY": "an-event-key"}
    bearer = {"authorization": f"Bearer {SIGNING_KEY}"}
    with (
        running_engine(tmp_path / "engine", headers=bearer, **keys) as engine,
        running_app(engine, tmp_path, **keys, INNGEST_DEV="0"),
    ):
        refused = engine.client.post("/e/other-key", json={"name": "ts/steps"})
        assert refused.status_code == 401
        event_id = engine.send("ts/steps", "an-event-key", n=1)
        assert engine.output(event_id, "ts-steps") == {"a": {"n": 2}, "b": 4, "c": 8}


def test_keys_are_rotated_while_engine_and_app_go_on(tmp_path: Path) -> None:
    new, old = SIGNING_KEY.replace("74", "75"), SIGNING_KEY
    of_engine = {"INNGEST_SIGNING_KEY": new, "INNGEST_SIGNING_KEY_FALLBACK": old}
    of_app = {"INNGEST_SIGNING_KEY": old, "INNGEST_SIGNING_KEY_FALLBACK": new}
    events = {"INNGEST_EVENT_KEY": "an-event-key"}
    bearer = {"authorization": f"Bearer {new}"}
    with (
        running_engine(tmp_path / "engine", headers=bearer, **of_engine, **events) as engine,
        running_app(engine, tmp_path, **of_app, **events, INNGEST_DEV="0"),
    ):
        event_id = engine.send("ts/steps", "an-event-key", n=1)
        assert engine.output(event_id, "ts-steps") == {"a": {"n": 2}, "b": 4, "c": 8}


def steps_of(world: World, event_id: str, function: str, op: str) -> list[Any]:
    """The spans of one kind a run has so far."""
    return [span for span in spans_of(world, event_id, function) if span["stepOp"] == op]


def spans_of(world: World, event_id: str, function: str) -> list[Any]:
    """What the trace of a run shows so far, in the order in which its steps were settled."""
    run_id = world.engine.runs(event_id)[function]["run_id"]
    query = "query Q($id: String!) { run(runID: $id) { trace { childrenSpans { name stepOp } } } }"
    response = world.engine.client.post(
        "/v0/gql", json={"query": query, "variables": {"id": run_id}}
    )
    spans: list[Any] = response.json()["data"]["run"]["trace"]["childrenSpans"]
    return spans
