"""What the HTTP transport adds: signatures, redirects, streams, limits, unreachable apps."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import inngest
import pytest
from inngest._internal import comm_lib, const, net, server_lib
from tests.unit.durable.protocol.test_call import EVENT

from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.op import Errored, Returned
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import Run, RunState
from rawr.durable.engine import EngineSettings
from rawr.durable.engine._http import HTTPTransport
from rawr.durable.engine._outbound import Outbound
from rawr.durable.engine.transport import Call
from rawr.testing.clock import VirtualClock

KEY = "signkey-test-7468697320697320612074657374206b6579"

Handler = Callable[[httpx2.Request], httpx2.Response]


async def post(handler: Handler, *, step_id: str | None = None, keys: tuple[str, ...] = ()) -> Any:
    transport = HTTPTransport(
        Outbound(
            timeout=EngineSettings().call_timeout,
            client=httpx2.AsyncClient(transport=httpx2.MockTransport(handler)),
        ),
        clock=VirtualClock(start_ms=time.time_ns() // 1_000_000),
        signing_keys=keys,
    )
    run = Run(id="R", function_id="app-fn", events=(EVENT,), created_at=0, max_attempts=1)
    call = Call(
        function=FunctionConfig(
            id="app-fn",
            name="fn",
            app_id="app",
            url="http://app.test/api/inngest?fnId=app-fn&stepId=step&x=1",
        ),
        state=RunState(run=run),
        item=QueueItem(
            id=1,
            run_id="R",
            function_id="app-fn",
            kind=ItemKind.CALL,
            due_at=0,
            max_attempts=1,
            step_id=step_id,
        ),
        request_id="Q",
    )

    async def journal(_op: Any) -> bytes:
        raise AssertionError("HTTP commits no step during a call")

    try:
        return await transport.call(call, journal)
    finally:
        await transport.close()


def ok(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, headers={"X-Inngest-SDK": "py"}, content=b"1")


async def test_the_url_names_the_function_and_the_step() -> None:
    urls: list[httpx2.URL] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        urls.append(request.url)
        return ok(request)

    assert await post(handler) == Returned(output=b"1")
    await post(handler, step_id="abc")
    assert [dict(url.params) for url in urls] == [
        {"fnId": "app-fn", "stepId": "step", "x": "1"},
        {"fnId": "app-fn", "stepId": "abc", "x": "1"},
    ]


async def test_the_sdk_accepts_the_signature() -> None:
    verdicts: list[object] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        verdicts.append(
            net.validate_request_sig(
                body=request.content,
                headers=dict(request.headers.items()),
                mode=server_lib.ServerKind.CLOUD,
                signing_key=KEY,
                signing_key_fallback=None,
            )
        )
        return ok(request)

    await post(handler, keys=(KEY,))
    assert verdicts == [KEY]


async def test_without_a_key_calls_are_unsigned() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert "x-inngest-signature" not in request.headers
        return ok(request)

    await post(handler)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_keeps_method_and_body(status: int) -> None:
    bodies: list[tuple[str, bytes]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        bodies.append((request.method, request.content))
        if request.url.path == "/api/inngest":
            return httpx2.Response(status, headers={"location": "/moved"})
        return ok(request)

    assert await post(handler) == Returned(output=b"1")
    assert bodies[0] == bodies[1]
    assert bodies[0][0] == "POST"


async def test_endless_redirects_are_an_error() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(307, headers={"location": "/again"})

    response = await post(handler)
    assert isinstance(response, Errored)
    assert "redirected" in response.error.message


async def test_an_unreachable_app_is_a_retried_error() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("connection refused")

    response = await post(handler)
    assert isinstance(response, Errored)
    assert response.no_retry is False
    assert "could not be called: connection refused" in response.error.message


async def test_an_answer_above_8_mib_is_not_read_to_its_end() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"x-inngest-sdk": "py"}, content=b" " * 9_000_000)

    response = await post(handler)
    assert isinstance(response, Errored)
    assert "output_too_large" in response.error.message


async def test_streamed_answers_work_end_to_end(host: Any) -> None:
    @host.function("streamed", "app/go")
    async def streamed(ctx: inngest.Context) -> object:
        async def step() -> int:
            return 1

        return await ctx.step.run("one", step)

    await host.start()
    if host.transport == "http":
        host.app.handlers["app"] = comm_lib.CommHandler(
            client=host.client,
            enable_unauthed_sync=None,
            framework=server_lib.Framework.FAST_API,
            functions=host._functions,
            streaming=const.Streaming.FORCE,
        )
    event = await host.send("app/go")
    await host.engine.settle()
    assert await host.output(event) == 1


async def test_signed_calls_work_end_to_end(host: Any) -> None:
    host.client = inngest.Inngest(app_id="app", is_production=True, signing_key=KEY, event_key="k")
    host.settings = EngineSettings(signing_keys=(KEY,))

    @host.function("signed", "app/go")
    async def signed(ctx: inngest.Context) -> str:
        return "ok"

    # The SDK judges by the machine's clock.
    host.clock.move_to(max(host.clock.now_ms(), time.time_ns() // 1_000_000))
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    assert json.loads((await host.run(event)).output) == "ok"
