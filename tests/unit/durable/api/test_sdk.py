"""The official SDK against the engine, both over real loopback HTTP."""

import base64
import contextlib
import datetime as dt
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import inngest
import pytest

from rawr.durable.api import APISettings, create_engine_api, request_sync
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, RunView
from rawr.durable.ingress import create_ingress

from .conftest import API, CLOUD, EVENT_KEY, SIGNING_KEY, served

RUNS_OF_EVENT = (
    "query GetRunFromEventID($event_id: ID!) "
    "{ event(query: {eventId: $event_id}) { functionRuns { id } } }"
)
RUN = (
    "query GetRun($run_id: String!) { run(runID: $run_id) { output status } "
    "runTrigger(runID: $run_id) { payloads } }"
)
STEPS = (
    "query GetHistory($run_id: String!) "
    "{ run(runID: $run_id) { trace { childrenSpans { name outputID } } } }"
)
OUTPUT = (
    "query GetHistory($output_id: String!) { runTraceSpanOutputByID(outputID: $output_id) "
    "{ data error { message name stack } } }"
)

Define = Callable[[inngest.Inngest], "inngest.Function[Any]"]


class World:
    """An engine, its HTTP surface and an SDK client that knows it by URL."""

    def __init__(self, engine: Engine, settings: APISettings, origin: str) -> None:
        self.engine = engine
        self.settings = settings
        self.api = API(engine, APISettings())
        self.client = inngest.Inngest(
            app_id="app",
            is_production=not settings.is_dev,
            signing_key=SIGNING_KEY,
            event_key=EVENT_KEY,
            api_base_url=origin,
            event_api_base_url=origin,
            logger=logging.getLogger("test"),
        )

    @contextlib.asynccontextmanager
    async def serving(self, *define: Define, checkpointing: bool = False) -> AsyncIterator[None]:
        """Serve functions through the ingress and have the engine ask for their registration."""
        functions = [one(self.client) for one in define]
        ingress = create_ingress(
            self.client, functions, signing_keys=[SIGNING_KEY], checkpointing=checkpointing
        )
        async with served(ingress) as origin, httpx2.AsyncClient(trust_env=False) as http:
            url = f"{origin}/api/inngest"
            kind = self.settings.kind
            await request_sync(url, client=http, kind=kind, signing_key=SIGNING_KEY)
            yield
            await ingress.close()

    async def close(self) -> None:
        """Close the connections the SDK itself leaves open."""
        await self.api.client.aclose()
        await self.client._http_client._http_client.aclose()
        self.client._http_client._http_client_sync.close()

    async def send(self, name: str, **data: Any) -> str:
        (event_id,) = await self.client.send(inngest.Event(name=name, data=data))
        return event_id

    async def run_of(self, event_id: str) -> RunView:
        (run,) = await self.engine.runs_of_event(event_id)
        return await self.engine.wait_run(run.id)


@pytest.fixture(params=["dev", "cloud"])
async def world(request: pytest.FixtureRequest, engine: Engine) -> AsyncIterator[World]:
    settings = APISettings() if request.param == "dev" else CLOUD
    app = create_engine_api(engine, settings=settings)
    async with served(app) as origin:
        world = World(engine, settings, origin)
        yield world
        await world.close()


def three_steps(client: inngest.Inngest) -> inngest.Function[Any]:
    @client.create_function(fn_id="three", trigger=inngest.TriggerEvent(event="app/three"))
    async def three(ctx: inngest.Context) -> int:
        async def number(value: int) -> int:
            return value

        first = await ctx.step.run("first", number, 1)
        await ctx.step.sleep("nap", dt.timedelta(milliseconds=1))
        second = await ctx.step.run("second", number, first + 1)
        return await ctx.step.run("third", number, first + second)

    return three


def failing(client: inngest.Inngest) -> inngest.Function[Any]:
    @client.create_function(fn_id="bad", trigger=inngest.TriggerEvent(event="app/bad"), retries=0)
    def bad(ctx: inngest.ContextSync) -> None:
        def step() -> None:
            raise ValueError("no good")

        ctx.step.run("risky", step)

    return bad


def waiting(client: inngest.Inngest) -> inngest.Function[Any]:
    @client.create_function(fn_id="wait", trigger=inngest.TriggerEvent(event="app/wait"))
    async def wait(ctx: inngest.Context) -> object:
        event = await ctx.step.wait_for_event(
            "answer",
            event="app/answer",
            if_exp="event.data.id == async.data.id && async.data.score > 3",
            timeout=dt.timedelta(hours=1),
        )
        return None if event is None else event.data["score"]

    return wait


def echoing(client: inngest.Inngest) -> inngest.Function[Any]:
    @client.create_function(fn_id="dir/echo", trigger=inngest.TriggerEvent(event="app/never"))
    async def echo(ctx: inngest.Context) -> object:
        return dict(ctx.event.data)

    return echo


def bulky(client: inngest.Inngest) -> inngest.Function[Any]:
    @client.create_function(fn_id="bulky", trigger=inngest.TriggerEvent(event="app/bulky"))
    async def fat(ctx: inngest.Context) -> int:
        async def text() -> str:
            return "x" * 1_500_000

        texts = [await ctx.step.run(f"text-{n}", text) for n in range(3)]
        return sum(map(len, texts))

    return fat


async def test_a_three_step_function_completes(world: World) -> None:
    async with world.serving(three_steps):
        run = await world.run_of(await world.send("app/three"))
    assert (run.status, run.output) == (RunStatus.COMPLETED, b"3")


async def test_a_batch_of_events_starts_a_run_each(world: World) -> None:
    async with world.serving(three_steps):
        ids = await world.client.send([inngest.Event(name="app/three") for _ in range(5)])
        runs = [await world.run_of(event_id) for event_id in ids]
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert len({run.id for run in runs}) == 5


async def test_a_wait_ends_with_the_event_its_expression_picks(world: World) -> None:
    async with world.serving(waiting):
        event_id = await world.send("app/wait", id=7)
        (run,) = await world.engine.runs_of_event(event_id)
        await world.engine.settle()
        await world.send("app/answer", id=8, score=9)
        await world.send("app/answer", id=7, score=1)
        await world.send("app/answer", id=7, score=5)
        ended = await world.engine.wait_run(run.id)
    assert ended.output is not None
    assert json.loads(ended.output) == 5


async def test_state_too_large_for_a_call_is_fetched_by_the_sdk(world: World) -> None:
    async with world.serving(bulky):
        run = await world.run_of(await world.send("app/bulky"))
    assert (run.status, run.output) == (RunStatus.COMPLETED, b"4500000")


async def test_a_function_is_invoked_by_its_id(world: World) -> None:
    async with world.serving(echoing):
        response = await world.api.call(
            "POST", "/invoke/app-dir/echo", json={"data": {"n": 1, "_inngest": {"fn_id": "x"}}}
        )
        answer = response.json()
        run = await world.run_of(answer["id"])
    assert (response.status_code, answer["status"]) == (200, 200)
    assert run.output is not None
    assert json.loads(run.output)["n"] == 1


async def test_an_event_the_engine_refuses_is_an_error_of_the_client(world: World) -> None:
    with pytest.raises(Exception, match="reserved for internal use"):
        await world.send("inngest/sneaky")


async def test_the_graph_answers_the_queries_of_the_sdks_own_tests(world: World) -> None:
    async with world.serving(three_steps):
        event_id = await world.send("app/three", who="me")
        run = await world.run_of(event_id)
    found = await world.api.graphql(RUNS_OF_EVENT, event_id=event_id)
    assert found == {"data": {"event": {"functionRuns": [{"id": run.id}]}}}

    shown = (await world.api.graphql(RUN, run_id=run.id))["data"]
    assert shown["run"] == {"output": "3", "status": "COMPLETED"}
    payload = json.loads(shown["runTrigger"]["payloads"][0])
    assert (payload["name"], payload["data"]) == ("app/three", {"who": "me"})

    spans = (await world.api.graphql(STEPS, run_id=run.id))["data"]["run"]["trace"]["childrenSpans"]
    assert [span["name"] for span in spans] == [
        "first", "nap", "second", "third", "function success",
    ]  # fmt: skip
    outputs = [
        (await world.api.graphql(OUTPUT, output_id=span["outputID"]))["data"] for span in spans
    ]
    values = [output["runTraceSpanOutputByID"] for output in outputs]
    assert [value["error"] for value in values] == [None] * 5
    assert [json.loads(value["data"]) for value in values] == [1, None, 2, 3, 3]


async def test_the_graph_shows_why_a_run_failed(world: World) -> None:
    async with world.serving(failing):
        run = await world.run_of(await world.send("app/bad"))
    shown = (await world.api.graphql(RUN, run_id=run.id))["data"]["run"]
    assert shown["status"] == "FAILED"
    assert json.loads(shown["output"])["message"] == "no good"
    spans = (await world.api.graphql(STEPS, run_id=run.id))["data"]["run"]["trace"]["childrenSpans"]
    assert [span["name"] for span in spans] == ["risky", "function error"]
    for span in spans:
        output = await world.api.graphql(OUTPUT, output_id=span["outputID"])
        value = output["data"]["runTraceSpanOutputByID"]
        assert value["data"] is None
        assert (value["error"]["name"], value["error"]["message"]) == ("ValueError", "no good")


async def test_the_graph_shows_a_run_that_goes_on(world: World) -> None:
    async with world.serving(waiting):
        event_id = await world.send("app/wait", id=1)
        (run,) = await world.engine.runs_of_event(event_id)
        await world.engine.settle()
        query = STEPS.replace("name outputID", "name outputID status stepOp spanID")
        trace = (await world.api.graphql(query, run_id=run.id))["data"]["run"]["trace"]
        (span,) = trace["childrenSpans"]
        assert (span["name"], span["status"], span["outputID"]) == ("answer", "RUNNING", None)
        assert span["stepOp"] == "WAIT_FOR_EVENT"
        for reference in (span["spanID"], base64.b64encode(run.id.encode()).decode()):
            output = await world.api.graphql(OUTPUT, output_id=reference)
            assert output["data"]["runTraceSpanOutputByID"] == {"data": None, "error": None}


async def test_a_run_is_shown_and_cancelled_over_rest(world: World) -> None:
    async with world.serving(waiting):
        event_id = await world.send("app/wait", id=1)
        (run,) = await world.engine.runs_of_event(event_id)
        batch = await world.api.call("GET", f"/v0/runs/{run.id}/batch")
        assert [event["data"] for event in batch.json()] == [{"id": 1}]
        assert (await world.api.call("GET", f"/v0/runs/{run.id}/actions")).json() == {}

        cancelled = await world.api.call("DELETE", f"/v1/runs/{run.id}")
        assert (cancelled.status_code, cancelled.json()["data"]) == (200, {"run_id": run.id})
    shown = (await world.api.call("GET", f"/v1/runs/{run.id}")).json()["data"]
    assert (shown["status"], shown["event_id"]) == ("Cancelled", event_id)
    (by_event,) = (await world.api.call("GET", f"/v1/events/{event_id}/runs")).json()["data"]
    assert by_event == shown

    again = await world.api.call("DELETE", f"/v0/runs/{run.id}")
    assert (again.status_code, again.json()["code"]) == (409, "run_ended")
    gone = await world.api.call("GET", f"/v0/runs/{run.id}/actions")
    assert gone.status_code == 410
    assert gone.json() == {
        "error": f"runtime state is no longer available for runID: {run.id}",
        "data": None,
        "status": 410,
    }


async def test_cancelling_by_the_older_route_has_no_body(world: World) -> None:
    async with world.serving(waiting):
        event_id = await world.send("app/wait", id=1)
        (run,) = await world.engine.runs_of_event(event_id)
        cancelled = await world.api.call("DELETE", f"/v0/runs/{run.id}")
        assert (cancelled.status_code, cancelled.content) == (204, b"")
        assert (await world.engine.wait_run(run.id)).status is RunStatus.CANCELLED
