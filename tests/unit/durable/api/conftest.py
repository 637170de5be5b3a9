"""An engine of its own for each test, reached without a socket or over real loopback HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
import uvicorn
from starlette.types import ASGIApp

from rawr.durable.api import APISettings, create_engine_api
from rawr.durable.domain.event import EventDraft
from rawr.durable.engine import Engine, EngineSettings, RunView
from rawr.durable.metrics import EngineMetrics

SIGNING_KEY = "signkey-test-7468697320697320612074657374206b6579"
EVENT_KEY = "an-event-key"
CLOUD = APISettings(kind="cloud", event_keys=[EVENT_KEY, "other"], signing_keys=[SIGNING_KEY])


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with await Engine.open(
        tmp_path / "engine", settings=EngineSettings(signing_keys=[SIGNING_KEY])
    ) as engine:
        yield engine


class API:
    """A client of the engine's HTTP surface in process."""

    def __init__(
        self,
        engine: Engine,
        settings: APISettings | None = None,
        *,
        metrics: EngineMetrics | None = None,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        app = create_engine_api(engine, settings=settings, metrics=metrics, http_client=http_client)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://engine.test")

    async def call(self, method: str, url: str, **options: Any) -> httpx2.Response:
        return await self.client.request(method, url, **options)

    async def send(self, body: object, **options: Any) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        return await self.call("POST", "/e/key", content=content, headers=headers, **options)

    async def graphql(self, query: str, **variables: Any) -> Any:
        response = await self.call("POST", "/v0/gql", json={"query": query, "variables": variables})
        assert response.status_code == 200
        return response.json()


@pytest.fixture
async def api(engine: Engine) -> AsyncIterator[API]:
    api = API(engine)
    async with api.client:
        yield api


@pytest.fixture
async def cloud(engine: Engine) -> AsyncIterator[API]:
    api = API(engine, CLOUD)
    async with api.client:
        yield api


class _QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(
    app: ASGIApp, *, ws: Literal["none", "websockets-sansio"] = "none"
) -> AsyncIterator[str]:
    """The app on a free loopback port; yields its origin."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, lifespan="off", ws=ws, log_level="warning"
    )
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event for it
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


def registration(app_id: str = "app", url: str = "http://app.test/api/inngest") -> dict[str, Any]:
    return {
        "appname": app_id,
        "url": url,
        "sdk": "py:v0.5.19",
        "functions": [
            {
                "id": f"{app_id}-hello",
                "name": "hello",
                "steps": {
                    "step": {
                        "id": "step",
                        "name": "step",
                        "runtime": {"type": "http", "url": f"{url}?fnId={app_id}-hello"},
                        "retries": {"attempts": 0},
                    }
                },
                "triggers": [
                    {"event": "app/hello", "expression": "event.data.n > 1"},
                    {"event": "app/bye"},
                    {"cron": "TZ=Europe/Paris 0 9 * * 1"},
                ],
            }
        ],
    }


SDK = {"x-inngest-sdk": "inngest-js:v4.24.0", "x-inngest-req-version": "2"}

Script = Callable[[Any, API], Awaitable[tuple[int, Any]]]


class World:
    def __init__(self, engine: Engine, api: API, run_id: str) -> None:
        self.engine = engine
        self.api = api
        self.run_id = run_id

    async def ended(self) -> RunView:
        return await self.engine.wait_run(self.run_id)


@contextlib.asynccontextmanager
async def running(
    tmp_path: Path, script: Script, *, metrics: EngineMetrics | None = None
) -> AsyncIterator[World]:
    """An engine with a run of an app whose answers a script gives."""

    async def app(request: httpx2.Request) -> httpx2.Response:
        status, body = await script(json.loads(request.content), api)
        return httpx2.Response(status, json=body, headers=SDK)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(app))
    async with await Engine.open(tmp_path / "engine", http_client=http, observer=metrics) as engine:
        api = API(engine, metrics=metrics)
        async with api.client:
            await engine.register(json.dumps(registration()).encode())
            (event_id,) = await engine.send([EventDraft(name="app/bye", data={})])
            (run,) = await engine.runs_of_event(event_id)
            yield World(engine, api, run.id)
