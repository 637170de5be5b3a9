"""A host for scenarios: the official SDK's functions on an engine, over either transport."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import inngest
import pytest
from inngest._internal import comm_lib, server_lib

from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, EngineSettings, RunView
from rawr.durable.protocol.call import events_json, memos_json
from rawr.testing.clock import VirtualClock

APP_URL = "http://app.test/api/inngest"


class FixedIds:
    """Real ULIDs on the virtual clock, and no jitter."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        from rawr.durable.engine import SystemIds

        self._system = SystemIds(now_ms)

    def ulid(self) -> str:
        return self._system.ulid()

    def jitter(self) -> float:
        return 0.0


class SDKApp:
    """An SDK app behind HTTP, without a socket: requests go straight to the SDK's handler."""

    def __init__(self) -> None:
        self.handlers: dict[str, comm_lib.CommHandler] = {}
        self.requests: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        function_id = request.url.params["fnId"]
        app_id = next(app for app in self.handlers if function_id.startswith(f"{app}-"))
        answer = await self.handlers[app_id].post(
            comm_lib.CommRequest(
                body=request.content,
                headers=dict(request.headers.items()),
                public_path=None,
                query_params=dict(request.url.params.items()),
                raw_request=None,
                request_url=str(request.url),
                serve_origin=None,
                serve_path=None,
            )
        )
        if answer.stream is not None:
            chunks = [chunk async for chunk in answer.stream()]
            return httpx2.Response(
                answer.status_code, headers=answer.headers, content=b"".join(chunks)
            )
        body = answer.body_bytes()
        assert isinstance(body, bytes)
        return httpx2.Response(answer.status_code, headers=answer.headers, content=body)


class Host:
    """One engine with the functions of a test, on a virtual clock, restartable."""

    def __init__(self, data_dir: Path, transport: str) -> None:
        self.clock = VirtualClock(start_ms=time.time_ns() // 1_000_000)
        self.client = inngest.Inngest(app_id="app", is_production=False)
        self.transport = transport
        self.app = SDKApp()
        self.settings = EngineSettings()
        self._data_dir = data_dir
        self._functions: list[inngest.Function[Any]] = []
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        assert self._engine is not None
        return self._engine

    def function(self, fn_id: str, event: str, **options: Any) -> Any:
        options.setdefault("trigger", inngest.TriggerEvent(event=event))
        create = self.client.create_function(fn_id=fn_id, **options)

        def register(handler: Any) -> Any:
            function = create(handler)
            self._functions.append(function)
            return function

        return register

    async def start(self) -> Engine:
        self._engine = await Engine.open(
            self._data_dir,
            clock=self.clock,
            ids=FixedIds(self.clock.now_ms),
            settings=self.settings,
            http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(self.app)),
        )
        await self._serve()
        self.engine.bind_client(self.client)
        await self.engine.start()
        return self.engine

    async def crash(self) -> None:
        """Drop the engine with whatever it was doing."""
        await self.engine.close()
        self._engine = None

    async def restart(self) -> Engine:
        await self.crash()
        return await self.start()

    async def send(self, name: str, data: dict[str, Any] | None = None, **more: Any) -> str:
        ids = await self.engine.send([self.draft(name, data, **more)])
        return ids[0]

    def draft(self, name: str, data: dict[str, Any] | None = None, **more: Any) -> EventDraft:
        return EventDraft(name=name, data=data or {}, **more)

    async def advance(self, seconds: float) -> None:
        """Move time forward, from one due item to the next."""
        await self.engine.settle()
        end = self.clock.now_ms() + round(seconds * 1000)
        while (due := self.engine.next_due_at()) is not None and due <= end:
            self.clock.move_to(max(due, self.clock.now_ms()))
            await self.engine.settle()
        self.clock.move_to(end)
        await self.engine.settle()

    async def runs(self, event_id: str) -> list[RunView]:
        return await self.engine.runs_of_event(event_id)

    async def run(self, event_id: str) -> RunView:
        (run,) = await self.runs(event_id)
        return run

    async def output(self, event_id: str) -> Any:
        """The output of the one run of an event, which must have completed."""
        run = await self.run(event_id)
        assert run.status is RunStatus.COMPLETED, run
        assert run.output is not None
        return json.loads(run.output)

    async def fetch_batch(self, run_id: str) -> list[inngest.Event]:
        """What `GET /v0/runs/{id}/batch` gives the SDK."""
        state = await self.engine.run_state(run_id)
        return [
            inngest.Event.model_validate(one) for one in json.loads(events_json(state.run.events))
        ]

    async def fetch_steps(self, run_id: str) -> dict[str, object]:
        """What `GET /v0/runs/{id}/actions` gives the SDK."""
        steps: dict[str, object] = json.loads(
            memos_json((await self.engine.run_state(run_id)).memos)
        )
        return steps

    async def _serve(self) -> None:
        if not self._functions:
            return
        if self.transport == "in_process":
            await self.engine.serve(self.client, self._functions)
            return
        self.app.handlers[self.client.app_id] = comm_lib.CommHandler(
            client=self.client,
            enable_unauthed_sync=None,
            framework=server_lib.Framework.FAST_API,
            functions=self._functions,
            streaming=None,
        )
        await self.engine.register(registration(self.client.app_id, self._functions))


def registration(app_id: str, functions: Sequence[inngest.Function[Any]]) -> bytes:
    configs = comm_lib.get_function_configs(APP_URL, {one.id: one for one in functions})
    assert not isinstance(configs, Exception)
    shapes = [config.to_dict() for config in configs]
    return json.dumps(
        {"appname": app_id, "url": APP_URL, "sdk": "py:v0.5.19", "functions": shapes}
    ).encode()


Start = Callable[[], Awaitable[Engine]]


@pytest.fixture(params=["in_process", "http"])
async def host(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Host]:
    """A host whose functions a test adds before `await host.start()`."""
    async with AsyncExitStack() as stack:
        host = Host(tmp_path / "engine", request.param)

        async def stop() -> None:
            if host._engine is not None:
                await host.engine.close()

        stack.push_async_callback(stop)
        yield host
