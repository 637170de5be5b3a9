from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.unit.http.kit import Fixture, Gate, fixture_router, rpc_client

from rawr.contract import ORPCError
from rawr.http import ASGIApp, OpenAPIHandler, Receive, Request, RPCHandler, Scope, Send
from rawr.testing.asgi import ASGIClient


async def test_a_factory_sees_the_matched_request() -> None:
    seen: list[Request] = []

    async def make(request: Request) -> Gate:
        seen.append(request)
        return Gate()

    response = await rpc_client(make).request(
        "POST",
        "/rpc/deeper/ping?a=1",
        headers=[("X-One", "1"), ("X-Many", "a"), ("X-Many", "b")],
        body=b"{}",
    )
    assert response.body == b'{"json":"pong"}'
    (request,) = seen
    assert request.method == "POST"
    assert request.raw_path == "/rpc/deeper/ping"
    assert request.query_string == b"a=1"
    assert request.client == ("127.0.0.1", 50000)
    assert request.place.path == ("deeper", "ping")
    assert request.headers == {"x-one": "1", "x-many": "a, b"}
    assert request.headers is request.headers
    assert repr(request) == "<Request POST /rpc/deeper/ping for deeper.ping>"


async def test_a_factory_is_not_asked_for_what_is_not_matched_or_refused() -> None:
    async def make(request: Request) -> Gate:
        raise AssertionError

    client = rpc_client(make)
    assert (await client.request("POST", "/rpc/nowhere")).status == 404
    assert (await client.request("GET", "/rpc/nothing")).status == 405


async def test_a_factory_is_asked_before_the_body_is_read() -> None:
    events: list[str] = []

    async def make(request: Request) -> Gate:
        events.append("context")
        return Gate()

    app = _watching(RPCHandler(fixture_router()).asgi(prefix="/rpc", context=make), events)
    await ASGIClient(app).request("POST", "/rpc/nothing", body=b"{}")
    assert events[:2] == ["context", "receive"]


async def test_a_factory_may_refuse_with_an_error_the_contract_declares() -> None:
    async def make(request: Request) -> Gate:
        raise ORPCError("UNAUTHORIZED", message="no cookie")

    response = await rpc_client(make).request("POST", "/rpc/guarded", body=b"{}")
    assert response.body == (
        b'{"json":{"defined":true,"code":"UNAUTHORIZED","status":401,"message":"no cookie"}}'
    )


async def test_an_undeclared_refusal_is_an_error_all_the_same() -> None:
    async def make(request: Request) -> Gate:
        raise ORPCError("FORBIDDEN")

    response = await rpc_client(make).request("POST", "/rpc/guarded", body=b"{}")
    assert response.status == 403
    assert response.json()["json"]["defined"] is False


async def test_handle_leaves_unmatched_requests_to_the_host() -> None:
    handler = RPCHandler(fixture_router())
    outcome: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        outcome.append(await handler.handle(scope, receive, send, prefix="/rpc", context=Gate()))
        if not outcome[-1]:
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    client = ASGIClient(app)
    assert (await client.request("POST", "/rpc/nothing", body=b"{}")).status == 200
    assert (await client.request("POST", "/elsewhere")).status == 418
    assert outcome == [True, False]


async def test_handle_wants_no_other_scopes() -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError

    handler = RPCHandler(fixture_router())
    assert await handler.handle({"type": "websocket"}, never, never) is False


async def test_a_handler_mounts_in_another_application_under_its_own_prefix() -> None:
    handler = RPCHandler(fixture_router())
    app = Starlette(routes=[Mount("/rpc", handler.asgi(prefix="/rpc", context=Gate()))])
    client = ASGIClient(app)
    response = await client.request("POST", "/rpc/deeper/ping", body=b"{}")
    assert response.body == b'{"json":"pong"}'
    assert (await client.request("POST", "/rpc/nowhere")).json()["json"]["code"] == "NOT_FOUND"


async def test_without_a_prefix_procedures_lie_at_the_root() -> None:
    app = RPCHandler(fixture_router()).asgi(context=Gate())
    response = await ASGIClient(app).request("POST", "/nothing", body=b"{}")
    assert response.status == 200


async def test_a_path_is_encoded_again_for_servers_that_only_decode() -> None:
    inner = RPCHandler(fixture_router()).asgi(prefix="/rpc", context=Gate())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope["raw_path"]
        await inner(scope, receive, send)

    response = await ASGIClient(app).request("POST", "/rpc/deeper/ping", body=b"{}")
    assert response.body == b'{"json":"pong"}'


async def test_the_application_follows_the_lifespan_protocol() -> None:
    app = RPCHandler(fixture_router()).asgi(prefix="/rpc")
    phases = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(phases)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_the_application_closes_websockets() -> None:
    app = RPCHandler(fixture_router()).asgi(prefix="/rpc")
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "websocket"}, receive, send)
    assert sent == ["websocket.close"]


def _watching(inner: ASGIApp, events: list[str]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def watched() -> Any:
            events.append("receive")
            return await receive()

        await inner(scope, watched, send)

    return app


@pytest.mark.parametrize("kind", [RPCHandler, OpenAPIHandler])
def test_what_is_no_router_cannot_be_served(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"such as implement\(\.\.\.\)\.router\(\); .* is none"):
        kind(Fixture)
