"""What tools of the SDKs ask of the graph."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rawr.durable.domain.event import EventDraft
from rawr.durable.engine import Engine
from rawr.durable.protocol.call import app_uuid, function_uuid

from .conftest import API, registration, running
from .test_operations import UNKNOWN, add, nap


async def test_the_trace_of_a_run_leads_to_its_outputs(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        run = (
            await world.api.graphql(
                "query Q($id: String!) { run(runID: $id) { status output isBatch eventName "
                "cronSchedule function { slug app { externalID } } "
                "trace(preview: true) { status outputID "
                "childrenSpans { name stepOp outputID duration } } } }",
                id=world.run_id,
            )
        )["data"]["run"]
        assert (run["status"], run["output"], run["isBatch"]) == ("COMPLETED", "3", False)
        assert (run["eventName"], run["cronSchedule"]) == ("app/bye", None)
        assert run["function"] == {"slug": "app-hello", "app": {"externalID": "app"}}
        step, end = run["trace"]["childrenSpans"]
        assert (step["name"], step["stepOp"], end["name"]) == ("add", "RUN", "function success")
        for output_id in (run["trace"]["outputID"], step["outputID"]):
            output = await world.api.graphql(
                "query Q($id: String!) { runTraceSpanOutputByID(outputID: $id) "
                "{ data error { message name } } }",
                id=output_id,
            )
            assert output["data"]["runTraceSpanOutputByID"] == {"data": "3", "error": None}
        trigger = await world.api.graphql(
            "query Q($id: String!) { runTrigger(runID: $id) "
            "{ eventName IDs payloads isBatch batchID cron } }",
            id=world.run_id,
        )
        assert trigger["data"]["runTrigger"]["eventName"] == "app/bye"
        other = await world.api.graphql(
            "query Q($id: String!) { functionRun(query: {functionRunId: $id}) { status } "
            "runTrace(runID: $id) { isRoot } }",
            id=world.run_id,
        )
        assert other["data"] == {
            "functionRun": {"status": "COMPLETED"},
            "runTrace": {"isRoot": True},
        }


RUNS = """query Q($first: Int, $after: String, $filter: RunsFilterV2!) {
    runs(first: $first, after: $after, filter: $filter,
         orderBy: [{field: QUEUED_AT, direction: DESC}]) {
        edges { cursor node { id status } } pageInfo { hasNextPage endCursor } totalCount } }"""


async def test_runs_are_listed_in_pages_and_counted(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        ids = [world.run_id]
        for _ in range(2):
            (event_id,) = await world.engine.send([EventDraft(name="app/bye", data={})])
            ids += [run.id for run in await world.engine.runs_of_event(event_id)]
        await world.engine.settle()

        async def page(first: int, after: str | None = None, **wanted: Any) -> Any:
            answer = await world.api.graphql(RUNS, first=first, after=after, filter=wanted)
            return answer["data"]["runs"]

        newest = await page(2)
        assert [edge["node"]["id"] for edge in newest["edges"]] == [ids[2], ids[1]]
        assert newest["pageInfo"] == {"hasNextPage": True, "endCursor": ids[1]}
        assert newest["totalCount"] == 3
        last = await page(2, ids[1])
        assert [edge["cursor"] for edge in last["edges"]] == [ids[0]]
        function = function_uuid("app-hello")
        for wanted, count in (
            ({"status": ["COMPLETED", "FAILED"], "functionIDs": [function]}, 3),
            ({"status": ["FAILED"]}, 0),
            ({"from": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}, 3),
            ({"from": "2100-01-01T00:00:00Z"}, 0),
            ({"until": "2020-01-01T00:00:00Z"}, 0),
        ):
            assert (await page(1, **wanted))["totalCount"] == count


async def test_events_are_listed_with_their_runs(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        query = """{ eventsV2(first: 1, filter: {eventNames: ["app/bye"]}) {
            edges { node { id name raw runs { id } } } pageInfo { hasNextPage } } }"""
        page = (await world.api.graphql(query))["data"]["eventsV2"]
        node = page["edges"][0]["node"]
        assert (node["name"], node["runs"]) == ("app/bye", [{"id": world.run_id}])
        assert json.loads(node["raw"])["name"] == "app/bye"
        one = await world.api.graphql(f'{{ eventV2(id: "{node["id"]}") {{ name occurredAt }} }}')
        assert one["data"]["eventV2"]["name"] == "app/bye"


async def test_functions_and_apps_are_listed(api: API) -> None:
    await api.call("POST", "/fn/register", json=registration())
    answer = await api.graphql(
        "{ functions { slug app { name } triggers { type value condition } } apps { name "
        'functions { name } } functionBySlug(query: {functionSlug: "app-hello"}) { id } }'
    )
    (function,) = answer["data"]["functions"]
    assert function["triggers"] == [
        {"type": "EVENT", "value": "app/hello", "condition": "event.data.n > 1"},
        {"type": "EVENT", "value": "app/bye", "condition": None},
        {"type": "CRON", "value": "TZ=Europe/Paris 0 9 * * 1", "condition": None},
    ]
    assert answer["data"]["apps"] == [{"name": "app", "functions": [{"name": "hello"}]}]
    assert answer["data"]["functionBySlug"] == {"id": function_uuid("app-hello")}


async def test_a_run_is_cancelled_and_repeated(tmp_path: Path) -> None:
    async with running(tmp_path, nap) as world:
        cancel = f'mutation {{ cancelRun(runID: "{world.run_id}") {{ status }} }}'
        assert (await world.api.graphql(cancel))["data"] == {"cancelRun": {"status": "CANCELLED"}}
        again = await world.api.graphql(cancel)
        assert again["errors"][0]["extensions"] == {"code": "run_ended"}
        rerun = await world.api.graphql(f'mutation {{ rerun(runID: "{world.run_id}") }}')
        view = await world.engine.get_run(rerun["data"]["rerun"])
        assert view is not None
        assert view.original_run_id == world.run_id


async def test_a_run_is_repeated_from_a_step(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        mutation = "mutation M($id: ULID!, $step: RerunFromStepInput) {{ rerun({}) }}"
        query = mutation.format("runID: $id, fromStep: $step")
        again = await world.api.graphql(query, id=world.run_id, step={"stepID": "a"})
        assert (await world.engine.wait_run(again["data"]["rerun"])).output == b"3"
        changed = await world.api.graphql(
            query, id=world.run_id, step={"stepID": "a", "input": "[1]"}
        )
        assert "cannot replace a step's arguments" in changed["errors"][0]["message"]
        broken = await world.api.graphql(query, id=world.run_id, step={"stepID": "a", "input": "["})
        assert "must be JSON" in broken["errors"][0]["message"]


async def test_a_function_is_invoked(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        query = 'mutation { invokeFunction(functionSlug: "app-hello", data: {n: 1}) }'
        assert (await world.api.graphql(query))["data"] == {"invokeFunction": True}
        (newest, _) = await world.engine.list_runs()
        event = await world.engine.get_event(newest.event_ids[0])
        assert event is not None
        assert event.data["n"] == 1


async def test_an_app_is_added_and_taken_away(engine: Engine) -> None:
    async def app(_request: httpx2.Request) -> httpx2.Response:
        await engine.register(json.dumps(registration()).encode())
        return httpx2.Response(200)

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(app))
    api = API(engine, http_client=client)
    async with api.client, client:
        create = 'mutation {{ createApp(input: {{url: "{}"}}) {{ name }} }}'
        created = await api.graphql(create.format("http://app.test/api/inngest"))
        assert created["data"] == {"createApp": {"name": "app"}}
        elsewhere = await api.graphql(create.format("http://other.test/api/inngest"))
        assert elsewhere["errors"][0]["extensions"] == {"code": "not_found"}
        deleted = await api.graphql(f'mutation {{ deleteApp(id: "{app_uuid("app")}") }}')
        assert deleted["data"] == {"deleteApp": "app"}
        assert engine.functions() == []
        by_name = await api.graphql('mutation { deleteAppByName(name: "app") }')
        assert by_name["data"] == {"deleteAppByName": True}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ('{ runs(filter: {query: "x"}) { totalCount } }', '"query" is not supported'),
        ("{ runs(filter: 1) { totalCount } }", "must be an object"),
        ('{ runs(filter: {status: ["ASLEEP"]}) { totalCount } }', "status must be one of"),
        ("{ runs(filter: {status: [1]}) { totalCount } }", "must be a list of strings"),
        ('{ runs(filter: {functionIDs: ["x"]}) { totalCount } }', "could not find function"),
        ("{ runs(first: 0) { totalCount } }", "a number from 1 to 400"),
        ("{ runs(orderBy: [{field: ENDED_AT}]) { totalCount } }", "Runs come newest first"),
        ('{ eventsV2(filter: {eventNames: ["a", "b"]}) { edges { cursor } } }', "one name"),
        (f'{{ run(runID: "{UNKNOWN}") {{ id }} }}', "No run has the id"),
        (f'mutation {{ cancelRun(runID: "{UNKNOWN}") {{ id }} }}', "No run has the id"),
        (f'mutation {{ rerun(runID: "{UNKNOWN}") }}', "No run has the id"),
        ('mutation { invokeFunction(functionSlug: "x") }', "could not find function"),
        ('mutation { deleteApp(id: "x") }', "No app has the id"),
        ('mutation { createApp(input: {url: "http://127.0.0.1:1"}) { id } }', "cannot be reached"),
        ("mutation { cancelRun { id } }", 'argument "runID" must be a string'),
    ],
)
async def test_errors_say_what_is_wrong(api: API, query: str, said: str) -> None:
    (error,) = (await api.graphql(query))["errors"]
    assert said in error["message"]
    assert error["extensions"]["code"]
