"""The newest of the official TypeScript SDK against `rawr engine`: models, deferred functions,
metadata, streamed answers and durable endpoints.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.acceptance.engine import RunningEngine, running_app, running_engine, until

pytestmark = [pytest.mark.acceptance, pytest.mark.node]

SIGNING_KEY = "signkey-test-7468697320697320612074657374206b6579"


class World:
    def __init__(self, engine: RunningEngine, app: httpx2.Client) -> None:
        self.engine = engine
        self.app = app

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.app.get(path, **options)

    def ended_run(self, function: str) -> dict[str, Any]:
        """The newest run of an endpoint, once it has ended."""

        def look() -> dict[str, Any] | None:
            runs = self.engine.client.get("/v2/runs").json()["data"]
            found = [run for run in runs if run["function"]["slug"] == function]
            return found[0] if found and found[0]["endedAt"] else None

        run: dict[str, Any] = until(look)
        return run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("extras")
    with (
        running_engine(directory / "engine") as engine,
        running_app(engine, directory, peer="inngest_extras.mjs") as origin,
        httpx2.Client(base_url=origin, trust_env=False, timeout=30) as app,
    ):
        yield World(engine, app)


def test_a_model_is_asked_by_the_engine_and_wrapped_calls_are_steps(world: World) -> None:
    event_id = world.engine.send("tsx/infers", question="why?")
    assert world.engine.output(event_id, "tsx-infers") == {
        "said": "You said: why?",
        "key": "Bearer sk-test",
        "wrapped": 42,
    }


def test_a_model_that_refuses_raises_in_the_function(world: World) -> None:
    event_id = world.engine.send("tsx/refused")
    output = world.engine.output(event_id, "tsx-refused")
    assert "400" in output["message"]
    assert "no messages" in output["message"]


def test_deferred_functions_start_when_the_run_has_ended(world: World) -> None:
    event_id = world.engine.send("tsx/defers", to="me")
    parent = world.engine.ended(event_id, "tsx-defers")
    assert parent["output"] == 2
    mailed = until(lambda: mailed_by(world, "tsx-defers", 2))
    assert {event["data"]["to"] for event in mailed} == {"me", "late"}
    scheduled = world.engine.get("/v1/events", name="inngest/deferred.schedule")
    for event in scheduled:
        if event["data"]["_inngest"]["parent_run_id"] == parent["run_id"]:
            run = world.engine.ended(event["internal_id"], "tsx-mails")
            assert run["output"]["parent"]["runId"] == parent["run_id"]


def test_what_a_run_that_fails_has_deferred_starts_once(world: World) -> None:
    event_id = world.engine.send("tsx/defers.fails")
    run = world.engine.ended(event_id, "tsx-defers-and-fails")
    assert run["status"] == "Failed"
    assert run["output"]["message"] == "attempt 1"
    (mail,) = until(lambda: mailed_by(world, "tsx-defers-and-fails", 1))
    assert mail["data"]["to"] == "after failure"


def mailed_by(world: World, parent: str, count: int) -> list[Any] | None:
    mailed = world.engine.get("/v1/events", name="tsx/mailed")
    found = [event for event in mailed if event["data"]["parent"] == parent]
    return found if len(found) >= count else None


def test_metadata_of_steps_and_runs_is_kept_and_shown(world: World) -> None:
    event_id = world.engine.send("tsx/annotates")
    run = world.engine.ended(event_id, "tsx-annotates")
    assert run["output"] == "annotated"
    query = (
        "query Q($id: String!) { run(runID: $id) { trace { metadata { kind values }"
        " childrenSpans { name metadata { scope kind values updatedAt } } } } }"
    )
    body = {"query": query, "variables": {"id": run["run_id"]}}
    trace = world.engine.client.post("/v0/gql", json=body).json()["data"]["run"]["trace"]
    kinds = {
        (span["name"], one["kind"]): one["values"]
        for span in trace["childrenSpans"]
        for one in span["metadata"]
    }
    kinds |= {("", one["kind"]): one["values"] for one in trace["metadata"]}
    assert ("", "userland.label") in kinds or ("label", "userland.label") in kinds
    assert kinds["measured", "userland.size"] == {"rows": 3}
    assert any(kind == "inngest.score" for _, kind in kinds)


def test_the_end_of_a_run_is_published_to_who_subscribes(world: World) -> None:
    event_id = world.engine.send("tsx/watched")
    run_id = world.engine.runs(event_id)["tsx-watched"]["run_id"]
    message = world.get("/watch", params={"run": run_id}).json()
    assert message == {
        "kind": "run",
        "topic": "$run",
        "data": {"status": "Completed", "output": {"n": 7}},
    }


def test_answers_may_be_streamed(world: World) -> None:
    event_id = world.engine.send("streamed/slow")
    assert world.engine.output(event_id, "streamed-slow") == "ab"


def test_an_endpoint_answers_itself_and_its_run_is_kept(world: World) -> None:
    response = world.get("/endpoints/quick", params={"n": "1"})
    assert (response.status_code, response.json()) == (200, {"b": 2})
    assert world.ended_run("GET /endpoints/quick")["status"] == "COMPLETED"


def test_an_endpoint_that_waits_sends_its_caller_to_its_output(world: World) -> None:
    response = world.app.post("/endpoints/long?n=5", json={"k": 2, "a": 1})
    assert response.status_code == 302
    output = httpx2.get(response.headers["location"], trust_env=False, timeout=30)
    assert output.status_code == 200
    # The SDK reports the body of an answer as a JSON text.
    assert json.loads(output.json()) == {"a": 1, "b": 6, "c": 7}


def test_an_endpoint_whose_step_fails_is_called_again(world: World) -> None:
    response = world.get("/endpoints/flaky")
    assert response.status_code == 302
    output = httpx2.get(response.headers["location"], trust_env=False, timeout=30)
    assert json.loads(output.json()) == {"tries": 2}


def test_an_endpoint_that_fails_for_good_says_so(world: World) -> None:
    response = world.get("/endpoints/doomed")
    output = httpx2.get(response.headers["location"], trust_env=False, timeout=30)
    assert output.status_code == 500
    assert output.json()["message"] == "give up"


def test_the_output_of_an_endpoint_needs_its_token(world: World) -> None:
    response = world.get("/endpoints/doomed")
    url, _, _ = response.headers["location"].partition("?")
    assert httpx2.get(url, trust_env=False).status_code == 401


def test_a_stream_goes_on_where_the_engine_takes_over(world: World) -> None:
    assert world.get("/stream").json() == {"pieces": ["one", "two"], "body": '{"done":true}'}


def test_endpoints_and_their_calls_are_signed_where_there_are_keys(tmp_path: Path) -> None:
    keys = {"INNGEST_SIGNING_KEY": SIGNING_KEY, "INNGEST_EVENT_KEY": "an-event-key"}
    bearer = {"authorization": f"Bearer {SIGNING_KEY}"}
    with (
        running_engine(tmp_path / "engine", headers=bearer, **keys) as engine,
        running_app(engine, tmp_path, peer="inngest_extras.mjs", **keys, INNGEST_DEV="0") as origin,
    ):
        response = httpx2.post(
            f"{origin}/endpoints/long?n=1", json={"k": 2, "a": 1}, trust_env=False
        )
        assert response.status_code == 302
        output = httpx2.get(response.headers["location"], trust_env=False, timeout=30)
        assert json.loads(output.json()) == {"a": 1, "b": 2, "c": 3}
