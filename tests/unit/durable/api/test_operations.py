"""The second REST API, bulk cancellations, apps and metrics."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rawr.durable.domain.event import EventDraft
from rawr.durable.engine import Engine
from rawr.durable.metrics import EngineMetrics
from rawr.durable.protocol.call import app_uuid, function_uuid

from .conftest import API, registration, running

UNKNOWN = "01JQDAE4RQF8MBCR55T5AK4KXS"


async def add(call: Any, _api: API) -> tuple[int, Any]:
    if "a" in call["steps"]:
        return 200, call["steps"]["a"]["data"]
    return 206, [{"op": "StepRun", "id": "a", "name": "add", "displayName": "add", "data": 3}]


async def nap(_call: Any, _api: API) -> tuple[int, Any]:
    return 206, [{"op": "Sleep", "id": "s", "name": "1h"}]


async def test_runs_are_listed_in_pages_newest_first(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        (event_id,) = await world.engine.send([EventDraft(name="app/bye", data={})])
        (second,) = await world.engine.runs_of_event(event_id)
        await world.engine.wait_run(second.id)
        first_page = (await world.api.call("GET", "/v2/runs?limit=1")).json()
        assert [run["id"] for run in first_page["data"]] == [second.id]
        assert first_page["page"] == {"cursor": second.id, "hasMore": True, "limit": 1}
        cursor = first_page["page"]["cursor"]
        last = (await world.api.call("GET", f"/api/v2/runs?limit=1&cursor={cursor}")).json()
        assert [run["id"] for run in last["data"]] == [world.run_id]
        assert last["page"]["hasMore"] is False


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("functionId=app-hello&status=COMPLETED", True),
        (f"functionId={function_uuid('app-hello')}", True),
        ("status=failed", False),
    ],
)
async def test_runs_are_found_by_function_and_status(
    tmp_path: Path, query: str, *, found: bool
) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        listed = (await world.api.call("GET", f"/v2/runs?{query}")).json()["data"]
        assert [run["id"] for run in listed] == ([world.run_id] if found else [])


async def test_a_run_and_its_trace_are_shown(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        shown = (await world.api.call("GET", f"/v2/runs/{world.run_id}")).json()["data"]
        assert (shown["status"], shown["output"]) == ("COMPLETED", 3)
        assert shown["function"]["slug"] == "app-hello"
        trace = (await world.api.call("GET", f"/v2/runs/{world.run_id}/trace")).json()["data"]
        spans = trace["rootSpan"]["childrenSpans"]
        assert [(span["name"], span["stepOp"]) for span in spans] == [
            ("add", "RUN"),
            ("function success", None),
        ]
        of_event = await world.api.call("GET", f"/v2/events/{shown['eventIds'][0]}/runs")
        assert [run["id"] for run in of_event.json()["data"]] == [world.run_id]


async def test_a_run_is_repeated_whole_or_from_a_step(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        for body in (None, {"fromStep": {"stepId": "a"}}):
            response = await world.api.call("POST", f"/v2/runs/{world.run_id}/rerun", json=body)
            again = await world.engine.wait_run(response.json()["data"]["runId"])
            assert (again.original_run_id, again.output) == (world.run_id, b"3")
        changed = {"fromStep": {"stepId": "a", "input": [1]}}
        refused = await world.api.call("POST", f"/v2/runs/{world.run_id}/rerun", json=changed)
        (error,) = refused.json()["errors"]
        assert "cannot replace a step's arguments" in error["message"]


async def test_runs_are_replayed_by_status_and_expression(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()

        async def replay(**body: Any) -> httpx2.Response:
            body = {"functionId": "app-hello", **body}
            return await world.api.call("POST", "/v2/replays", json=body)

        assert (await replay()).json()["data"] == {"replayed": 0}
        again = await replay(statuses=["COMPLETED"], **{"if": "event.name == 'app/bye'"})
        assert again.json()["data"] == {"replayed": 1}
        for body in ({"statuses": ["running"]}, {"if": "event."}, {"createdAfter": "soon"}):
            assert (await replay(**body)).status_code == 400


async def test_a_paused_function_starts_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()

        async def start() -> str:
            (event_id,) = await world.engine.send([EventDraft(name="app/bye", data={})])
            (run,) = await world.engine.runs_of_event(event_id)
            return (await world.engine.wait_run(run.id)).status.value

        url = "/v2/apps/app/functions/hello"
        assert (await world.api.call("POST", f"{url}/pause")).json()["data"]["paused"] is True
        (function,) = (await world.api.call("GET", "/v2/functions")).json()["data"]
        assert function["pausedAt"].endswith("Z")
        assert await start() == "skipped"
        assert (await world.api.call("POST", f"{url}/resume")).json()["data"]["paused"] is False
        assert await start() == "completed"
        assert (await world.api.call("POST", "/v2/apps/app/functions/x/pause")).status_code == 404


async def test_a_run_is_cancelled_once(tmp_path: Path) -> None:
    async with running(tmp_path, nap) as world:
        first = await world.api.call("POST", f"/v2/runs/{world.run_id}/cancel")
        assert first.json()["data"] == {"runId": world.run_id}
        again = await world.api.call("POST", f"/v2/runs/{world.run_id}/cancel")
        assert again.status_code == 409
        assert again.json()["errors"][0]["code"] == "run_ended"


async def test_what_a_run_still_has_to_do_is_shown(tmp_path: Path) -> None:
    async with running(tmp_path, nap) as world:
        await world.engine.settle()
        response = await world.api.call("GET", f"/v1/runs/{world.run_id}/jobs")
        (job,) = response.json()["data"]
        assert (job["kind"], job["step_id"], job["status"]) == ("resume", "s", "scheduled")
        assert (await world.api.call("GET", f"/v1/runs/{UNKNOWN}/jobs")).status_code == 404


async def test_a_function_is_invoked(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        url = "/v2/apps/app/functions/hello/invoke"
        invoked = (await world.api.call("POST", url, json={"data": {"n": 1}})).json()["data"]
        assert (await world.engine.wait_run(invoked["runId"])).output == b"3"
        missing = await world.api.call("POST", "/v2/apps/app/functions/bye/invoke")
        assert missing.status_code == 404


async def test_events_are_listed_in_pages(api: API) -> None:
    await api.send([{"name": "app/a", "id": "mine"}, {"name": "app/b"}])
    page = (await api.call("GET", "/v2/events?limit=1")).json()
    assert ([one["name"] for one in page["data"]], page["page"]["hasMore"]) == (["app/b"], True)
    rest = (await api.call("GET", f"/v2/events?cursor={page['page']['cursor']}")).json()
    assert [one["eventId"] for one in rest["data"]] == ["mine"]
    assert [one["name"] for one in (await api.call("GET", "/v2/events?name=app/a")).json()["data"]]


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("GET", f"/v2/runs/{UNKNOWN}", 404, "not_found"),
        ("GET", "/v2/runs/nonsense", 400, "bad_request"),
        ("GET", "/v2/runs?status=asleep", 400, "bad_request"),
        ("GET", "/v2/runs?functionId=nobody", 404, "function_not_found"),
        ("GET", "/v2/runs?limit=0", 400, "bad_request"),
        ("GET", "/v2/events?receivedAfter=tomorrow", 400, "bad_request"),
        ("GET", f"/v2/events/{UNKNOWN}/runs", 404, "not_found"),
        ("POST", f"/v2/runs/{UNKNOWN}/cancel", 404, "run_not_found"),
        ("POST", f"/v2/runs/{UNKNOWN}/rerun", 404, "run_not_found"),
        ("GET", "/v2/apps/nobody/functions", 404, "not_found"),
        ("GET", "/v2/nowhere", 404, None),
    ],
)
async def test_errors_of_the_second_api_are_a_list(
    api: API, method: str, url: str, status: int, code: str | None
) -> None:
    response = await api.call(method, url)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["code"]) == (status, code)


class Sleepers:
    """Runs that sleep, one for each number."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.ids: list[str] = []

    async def start(self, count: int) -> None:
        for number in range(count):
            draft = EventDraft(name="app/bye", data={"n": number})
            (event_id,) = await self.world.engine.send([draft])
            (run,) = await self.world.engine.runs_of_event(event_id)
            self.ids.append(run.id)
        await self.world.engine.settle()

    async def statuses(self) -> list[str]:
        views = [await self.world.engine.get_run(run_id) for run_id in self.ids]
        return [view.status.value for view in views]


async def test_runs_are_cancelled_by_expression(tmp_path: Path) -> None:
    async with running(tmp_path, nap) as world:
        sleepers = Sleepers(world)
        await sleepers.start(3)
        body = {"app_id": "app", "function_id": "hello", "if": "event.data.n > 0"}
        done = (await world.api.call("POST", "/v1/cancellations", json=body)).json()["data"]
        assert done["cancelled"] == 2
        assert await sleepers.statuses() == ["running", "cancelled", "cancelled"]
        listed = (await world.api.call("GET", "/v1/cancellations")).json()["data"]
        assert [one["id"] for one in listed] == [done["id"]]
        url = f"/v1/cancellations/{done['id']}"
        assert (await world.api.call("DELETE", url)).status_code == 204
        assert (await world.api.call("DELETE", url)).status_code == 404


async def test_runs_are_cancelled_by_time(tmp_path: Path) -> None:
    async with running(tmp_path, nap) as world:
        sleepers = Sleepers(world)
        await sleepers.start(2)
        soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        for window, count in (
            ({"started_after": soon}, 0),
            ({"started_before": "2020-01-01T00:00:00Z"}, 0),
            ({"started_before": soon}, 3),
        ):
            body = {"function_id": "app-hello", **window}
            response = await world.api.call("POST", "/v1/cancellations", json=body)
            assert response.json()["data"]["cancelled"] == count


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"function_id": "nobody"}, 404),
        ({"function_id": "app-hello", "if": "event.data.n >"}, 400),
        ({"function_id": "app-hello", "started_after": "soon"}, 400),
        ({}, 400),
    ],
)
async def test_a_cancellation_that_makes_no_sense_is_refused(
    api: API, body: dict[str, str], status: int
) -> None:
    await api.call("POST", "/fn/register", json=registration())
    assert (await api.call("POST", "/v1/cancellations", json=body)).status_code == status


async def test_apps_and_their_functions_are_listed(api: API) -> None:
    await api.call("POST", "/fn/register", json=registration())
    (app,) = (await api.call("GET", "/v1/apps")).json()["data"]
    assert (app["name"], app["functionCount"]) == ("app", 1)
    for name in ("app", app_uuid("app")):
        response = await api.call("GET", f"/v1/apps/{name}/functions")
        (function,) = response.json()["data"]
        assert (function["slug"], function["maxAttempts"]) == ("app-hello", 1)
    (listed,) = (await api.call("GET", "/v2/functions")).json()["data"]
    assert listed == function


async def test_an_app_is_asked_to_register(engine: Engine) -> None:
    async def app(request: httpx2.Request) -> httpx2.Response:
        assert request.method == "PUT"
        assert json.loads(request.content) == {"url": "http://app.test/api/inngest"}
        await engine.register(json.dumps(registration()).encode())
        return httpx2.Response(200)

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(app))
    api = API(engine, http_client=client)
    async with api.client, client:
        body = {"url": "http://app.test/api/inngest"}
        response = await api.call("POST", "/v2/apps/app/syncs", json=body)
        assert response.json()["data"]["functionCount"] == 1


async def test_an_app_that_cannot_be_asked_is_named(api: API) -> None:
    body = {"url": "http://127.0.0.1:1/api/inngest"}
    response = await api.call("POST", "/v2/apps/app/sync", json=body)
    assert response.status_code == 502
    assert "127.0.0.1:1" in response.json()["errors"][0]["message"]


async def test_metrics_count_what_the_engine_does(tmp_path: Path) -> None:
    async with running(tmp_path, add, metrics=EngineMetrics()) as world:
        await world.ended()
        for url in ("/metrics", "/v1/prom/test"):
            response = await world.api.call("GET", url)
            assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            ended = 'rawr_engine_runs_ended_total{function="app-hello",status="completed"} 1'
            assert ended in response.text.splitlines()


async def test_an_engine_without_metrics_says_so(api: API) -> None:
    assert (await api.call("GET", "/metrics")).status_code == 404
