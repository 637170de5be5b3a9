"""Runs that an app's endpoints execute, metadata, and messages about runs, over HTTP."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import websockets

from rawr.durable.api import create_engine_api
from rawr.durable.engine import Engine

from .conftest import API, CLOUD, SIGNING_KEY, served

RUN_ID = "01JQDAE4RQF8MBCR55T5AK4KXS"
RESULT = {
    "status": 201,
    "headers": {"content-type": "text/plain", "x-mark": "here", "content-length": "9"},
    "body": "done",
}
COMPLETE = {"op": "RunComplete", "id": "0737c22d3bfae812339732d14d8c7dbd6dc4e09c", "data": RESULT}


def step(name: str) -> dict[str, Any]:
    return {"op": "StepRun", "id": name, "name": name, "data": 1}


def new_run(*steps: dict[str, Any], run_id: str = RUN_ID, **data: Any) -> dict[str, Any]:
    shape = {"domain": "http://app.test", "method": "GET", "path": "/buy", **data}
    return {"run_id": run_id, "event": {"data": shape}, "steps": list(steps), "retries": 2}


@pytest.mark.parametrize("prefix", ["/v1/checkpoint", "/v1/http/runs"])
async def test_an_endpoints_run_is_begun_reported_and_read(api: API, prefix: str) -> None:
    begun = await api.call("POST", prefix, json=new_run(step("a")))
    assert begun.status_code == 200
    data = begun.json()["data"]
    assert data["run_id"] == RUN_ID
    assert data["fn_id"]
    assert data["app_id"]
    reported = await api.call("POST", f"{prefix}/{RUN_ID}/steps", json={"steps": [COMPLETE]})
    assert (reported.status_code, reported.content) == (200, b"")
    output = await api.call("GET", f"{prefix}/{RUN_ID}/output", params={"token": data["token"]})
    assert (output.status_code, output.text) == (201, "done")
    assert output.headers["x-mark"] == "here"
    assert output.headers["content-length"] == "4"


async def test_an_output_needs_the_token_of_its_run(api: API) -> None:
    await api.call("POST", "/v1/checkpoint", json=new_run(COMPLETE))
    other = "01JQDAE4RQF8MBCR55T5AK4KXT"
    begun = await api.call("POST", "/v1/checkpoint", json=new_run(COMPLETE, run_id=other))
    data = begun.json()["data"]
    for token in ("", "nonsense", data["token"], data["realtime_token"]):
        path = f"/v1/checkpoint/{RUN_ID}/output"
        assert (await api.call("GET", path, params={"token": token})).status_code == 401


async def test_the_output_of_a_cancelled_run_is_not_found(api: API) -> None:
    begun = await api.call("POST", "/v1/checkpoint", json=new_run(step("a")))
    await api.call("DELETE", f"/v1/runs/{RUN_ID}")
    path = f"/v1/checkpoint/{RUN_ID}/output"
    output = await api.call("GET", path, params={"token": begun.json()["data"]["token"]})
    assert output.status_code == 404


async def test_a_run_id_belongs_to_one_endpoint(api: API) -> None:
    await api.call("POST", "/v1/checkpoint", json=new_run())
    assert (await api.call("POST", "/v1/checkpoint", json=new_run())).status_code == 200
    refused = await api.call("POST", "/v1/checkpoint", json=new_run(path="/sell"))
    assert refused.status_code == 409
    assert refused.json()["code"] == "run_exists"


@pytest.mark.parametrize(
    "body",
    [
        {},
        new_run(run_id="R"),
        new_run({"op": "Teleport", "id": "a"}),
        {"run_id": RUN_ID, "event": {}},
    ],
)
async def test_what_begins_no_run_is_refused(api: API, body: Any) -> None:
    response = await api.call("POST", "/v1/checkpoint", json=body)
    assert response.status_code == 400
    assert response.json()["error"]


async def test_beginning_a_run_needs_a_signing_key_in_cloud(cloud: API) -> None:
    assert (await cloud.call("POST", "/v1/checkpoint", json=new_run())).status_code == 401
    bearer = {"authorization": f"Bearer {SIGNING_KEY}"}
    begun = await cloud.call("POST", "/v1/checkpoint", json=new_run(), headers=bearer)
    assert begun.status_code == 200
    path = f"/v1/runs/{RUN_ID}/metadata"
    assert (await cloud.call("POST", path, json={"metadata": []})).status_code == 401


async def test_metadata_is_attached_to_runs_and_steps_and_shown(api: API) -> None:
    await api.call("POST", "/v1/checkpoint", json=new_run(COMPLETE))
    path = f"/v1/runs/{RUN_ID}/metadata"
    label = {"kind": "userland.label", "op": "set", "values": {"x": 1}}
    for target in ({"run_id": RUN_ID}, {"run_id": RUN_ID, "step_id": "a", "step_index": 0}):
        sent = await api.call("POST", path, json={"target": target, "metadata": [label]})
        assert sent.status_code == 200
    shown = (await api.call("GET", path)).json()["data"]
    assert [(one["scope"], one["step_id"]) for one in shown] == [
        ("run", None),
        ("step", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ]
    assert shown[0]["values"] == {"x": 1}
    large = {"kind": "userland.large", "op": "set", "values": {"x": "x" * 70_000}}
    assert (await api.call("POST", path, json={"metadata": [large]})).status_code == 413
    other = "/v1/runs/01JQDAE4RQF8MBCR55T5AK4KXT/metadata"
    assert (await api.call("POST", other, json={"metadata": [label]})).status_code == 404
    assert (await api.call("GET", other)).status_code == 404


class Served:
    """The engine's HTTP surface on a socket."""

    def __init__(self, url: str, http: httpx2.AsyncClient) -> None:
        self.url = url
        self.http = http

    async def post(self, path: str, body: Any) -> Any:
        response = await self.http.post(path, json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def token(self, *topics: str) -> str:
        wanted = [{"channel": RUN_ID, "name": topic, "kind": "run"} for topic in topics]
        jwt: str = (await self.post("/v1/realtime/token", wanted))["jwt"]
        return jwt


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Served]:
    async with (
        served(create_engine_api(engine), ws="websockets-sansio") as url,
        httpx2.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        yield Served(url, http)


async def test_what_a_run_and_its_steps_come_to_is_published(server: Served) -> None:
    await server.post("/v1/checkpoint", new_run(step("unheard")))
    token = await server.token("$step", "$run", "b")
    url = f"{server.url.replace('http', 'ws', 1)}/v1/realtime/connect?token={token}"
    async with websockets.connect(url, proxy=None) as socket:
        await server.post(f"/v1/checkpoint/{RUN_ID}/steps", {"steps": [step("b")]})
        await server.post(f"/v1/checkpoint/{RUN_ID}/steps", {"steps": [COMPLETE]})
        messages = [json.loads(await socket.recv()) for _ in range(3)]
    assert [(one["kind"], one["topic"]) for one in messages] == [
        ("step", "$step"),
        ("step", "b"),
        ("run", "$run"),
    ]
    assert messages[0]["data"] == {"data": 1}
    assert messages[2]["data"] == {"status": "Completed", "output": RESULT}
    assert {one["fn_slug"] for one in messages} == {"GET /buy"}


async def test_an_endpoints_stream_reaches_its_caller_as_it_is(server: Served) -> None:
    begun = await server.post("/v1/checkpoint", new_run(step("a")))
    token = begun["data"]["realtime_token"]
    async with server.http.stream("GET", "/v1/realtime/sse", params={"token": token}) as stream:
        tee = f"/v1/realtime/publish/tee?channel={RUN_ID}"
        sent = await server.http.post(tee, content=b"event: inngest.stream\ndata: 1\n\n")
        assert sent.status_code == 200
        async for chunk in stream.aiter_bytes():
            assert chunk == b"event: inngest.stream\ndata: 1\n\n"
            break
    assert (await server.http.post("/v1/realtime/publish/tee")).status_code == 400


async def test_the_fallback_signing_key_opens_the_routes_too(engine: Engine) -> None:
    settings = type(CLOUD)(
        kind="cloud", event_keys=["k"], signing_keys=["signkey-test-" + "ab" * 16, SIGNING_KEY]
    )
    api = API(engine, settings)
    bearer = {"authorization": f"Bearer {SIGNING_KEY}"}
    async with api.client:
        assert (await api.call("GET", "/v1/apps", headers=bearer)).status_code == 200
