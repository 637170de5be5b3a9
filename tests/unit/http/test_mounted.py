"""Handlers inside the applications of other frameworks, served by their own rules."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from litestar import Litestar, asgi, get
from litestar.types import Receive as LitestarReceive, Scope as LitestarScope, Send as LitestarSend
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from tests.unit.http.kit import Gate, fixture_router
from tests.unit.http.sockets import connected

from rawr.http import ASGIApp, OpenAPIHandler, RPCHandler
from rawr.http.plugins import Batch
from rawr.testing.asgi import ASGIClient


def rpc() -> ASGIApp:
    return RPCHandler(fixture_router(), plugins=[Batch()]).asgi(prefix="/rpc", context=Gate())


def openapi() -> ASGIApp:
    return OpenAPIHandler(fixture_router()).asgi(prefix="/api", context=Gate())


def socket() -> ASGIApp:
    return RPCHandler(fixture_router()).websocket(context=Gate())


async def hello(_request: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


def in_starlette() -> ASGIApp:
    return Starlette(
        routes=[
            Route("/hello", hello),
            Mount("/rpc", rpc()),
            Mount("/api", openapi()),
            WebSocketRoute("/ws", socket()),
        ]
    )


def in_fastapi() -> ASGIApp:
    app = FastAPI()
    app.get("/hello", response_class=PlainTextResponse)(lambda: "hello")
    app.mount("/rpc", rpc())
    app.mount("/api", openapi())
    app.router.routes.append(WebSocketRoute("/ws", socket()))
    return app


def in_litestar() -> ASGIApp:
    @get("/hello", media_type="text/plain", sync_to_thread=False)
    def say_hello() -> str:
        return "hello"

    def mounted(path: str, app: ASGIApp) -> object:
        @asgi(path, is_mount=True, copy_scope=True)
        async def serve(scope: LitestarScope, receive: LitestarReceive, send: LitestarSend) -> None:
            await app(scope, receive, send)  # type: ignore[arg-type]  # its own words for ASGI

        return serve

    handlers = [mounted("/rpc", rpc()), mounted("/api", openapi()), mounted("/ws", socket())]
    return Litestar([say_hello, *handlers], openapi_config=None)  # type: ignore[list-item, return-value]  # likewise


FRAMEWORKS = [in_starlette, in_fastapi, in_litestar]


@pytest.fixture(params=FRAMEWORKS, ids=lambda make: make.__name__)
def app(request: pytest.FixtureRequest) -> ASGIApp:
    make: Callable[[], ASGIApp] = request.param
    return make()


async def test_both_protocols_are_served_beside_the_frameworks_own_routes(app: ASGIApp) -> None:
    client = ASGIClient(app, headers={"host": "hq.example"})
    assert (await client.request("GET", "/hello")).text == "hello"
    rpc = await client.request("POST", "/rpc/deeper/ping", body=b"{}")
    assert (rpc.status, rpc.body) == (200, b'{"json":"pong"}')
    api = await client.request("POST", "/api/validate", body=b'{"n":1}')
    assert (api.status, api.body) == (200, b'{"n":1}')


async def test_paths_are_matched_as_they_were_sent(app: ASGIApp) -> None:
    client = ASGIClient(app, headers={"host": "hq.example"})
    assert (await client.request("POST", "/rpc/%65cho", body=b"{}")).status == 404
    assert (await client.request("POST", "/rpc/echo?x=1", body=b"{}")).status == 200


async def test_what_a_handler_does_not_match_is_its_own_404(app: ASGIApp) -> None:
    client = ASGIClient(app, headers={"host": "hq.example"})
    missing = await client.request("POST", "/rpc/missing", body=b"{}")
    assert (missing.status, missing.json()["json"]["code"]) == (404, "NOT_FOUND")
    assert (await client.request("POST", "/elsewhere")).status == 404


async def test_streams_and_batches_go_through(app: ASGIApp) -> None:
    client = ASGIClient(app, headers={"host": "hq.example"})
    stream = await client.request("POST", "/rpc/stream", body=b'{"json":"short"}')
    assert stream.body.endswith(b"event: done\ndata: {}\n\n")
    batch = await client.request(
        "POST",
        "/rpc/__batch__",
        headers={"x-orpc-batch": "buffered"},
        body=b'[{"url":"http://h/rpc/echo","body":{"json":1}}]',
    )
    assert batch.json() == [{"index": 0, "status": 200, "body": {"json": 1}}]


async def test_websockets_go_through(app: ASGIApp) -> None:
    async with connected(app, path="/ws") as connection:
        connection.say({"i": "1", "p": {"u": "/echo", "b": {"json": 1}}})
        assert await connection.hear() == {"i": "1", "p": {"b": {"json": 1}}}
