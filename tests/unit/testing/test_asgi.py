import anyio
import pytest

from rawr.http import Receive, Scope, Send
from rawr.testing.asgi import ASGIClient


async def test_chunks_are_seen_as_they_are_sent() -> None:
    go_on = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"two"})

    async with ASGIClient(app).stream("GET", "/") as exchange:
        assert (exchange.status, exchange.headers) == (200, {"a": "b"})
        assert await exchange.chunk() == b"one"
        go_on.set()
        assert await exchange.chunk() == b"two"
        with pytest.raises(anyio.EndOfStream):
            await exchange.chunk()


async def test_what_the_application_raises_is_raised_to_the_test() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await ASGIClient(app).request("GET", "/")


async def test_leaving_a_stream_disconnects() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        while (message := await receive())["type"] != "http.disconnect":
            seen.append(message["type"])
        await send({"type": "http.response.body", "body": b"late"})
        seen.append("gone")

    async with ASGIClient(app).stream("GET", "/"):
        pass
    assert seen == ["http.request", "gone"]


async def test_the_scope_says_what_was_asked() -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    client = ASGIClient(app, headers={"X-All": "1"}, client=None)
    response = await client.request("PUT", "/a%20b?q=%20", headers={"X-One": "2"})
    assert (response.status, response.text) == (204, "")
    (scope,) = scopes
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
        "/a b",
        b"/a%20b",
        b"q=%20",
    )
    assert scope["headers"] == [(b"x-all", b"1"), (b"x-one", b"2")]
    assert (scope["method"], scope["client"]) == ("PUT", None)
