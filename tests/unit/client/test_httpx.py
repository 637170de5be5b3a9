"""Sending with httpx2 and httpx: their failures become ours, and nothing else changes."""

from collections.abc import AsyncIterator

import httpx
import httpx2
import pytest

from rawr.client import (
    ConnectFailed,
    ConnectionLost,
    HTTPRequest,
    HTTPXTransport,
    LinkError,
    ProtocolError,
    TimedOut,
)
from rawr.client._httpx import HTTPClient

REQUEST = HTTPRequest(method="POST", url="http://hq.example/rpc/ping?x=1", body=b"{}")

FAILURES: dict[str, type[LinkError]] = {
    "ConnectError": ConnectFailed,
    "ConnectTimeout": ConnectFailed,
    "PoolTimeout": ConnectFailed,
    "ProxyError": ConnectFailed,
    "UnsupportedProtocol": ConnectFailed,
    "ReadTimeout": TimedOut,
    "WriteTimeout": TimedOut,
    "ReadError": ConnectionLost,
    "WriteError": ConnectionLost,
    "CloseError": ConnectionLost,
    "RemoteProtocolError": ConnectionLost,
    "LocalProtocolError": ProtocolError,
    "DecodingError": ProtocolError,
}


def transport_of(library: str, handle: object) -> HTTPXTransport:
    client: HTTPClient
    if library == "httpx2":
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))  # type: ignore[arg-type]  # a handler
    else:
        client = httpx.AsyncClient(transport=httpx.MockTransport(handle))  # type: ignore[arg-type]  # a handler
    return HTTPXTransport(client)


@pytest.mark.parametrize("library", ["httpx2", "httpx"])
@pytest.mark.parametrize("name", FAILURES)
async def test_every_failure_of_the_library_becomes_a_link_error(library: str, name: str) -> None:
    module = httpx2 if library == "httpx2" else httpx

    def handle(request: object) -> object:
        raise getattr(module, name)("boom")

    with pytest.raises(LinkError, match=r"http://hq\.example/rpc/ping") as caught:
        await transport_of(library, handle).send(REQUEST)
    assert type(caught.value) is FAILURES[name]
    assert type(caught.value.__cause__).__name__ == name


def test_no_failure_of_httpx2_is_forgotten() -> None:
    leaves = {
        name
        for name, value in vars(httpx2).items()
        if isinstance(value, type)
        and issubclass(value, httpx2.RequestError)
        and not any(
            issubclass(other, value) and other is not value
            for other in vars(httpx2).values()
            if isinstance(other, type)
        )
    }
    # Redirects are never followed, and httpx2's own event reader is not used.
    assert leaves - {"TooManyRedirects", "SSEError"} == set(FAILURES)


@pytest.mark.parametrize("library", ["httpx2", "httpx"])
async def test_a_body_that_breaks_off_is_a_lost_connection(library: str) -> None:
    module = httpx2 if library == "httpx2" else httpx

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        raise module.ReadError("boom")

    def handle(request: object) -> object:
        return module.Response(200, content=body())

    response = await transport_of(library, handle).send(REQUEST)
    with pytest.raises(ConnectionLost):
        [chunk async for chunk in response.chunks]
    await response.close()


async def test_requests_and_responses_pass_unchanged() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        assert (request.method, str(request.url)) == ("POST", REQUEST.url)
        assert request.content == b"{}"
        assert request.headers.get("last-event-id") == "ü"
        return httpx2.Response(418, headers=[("X-A", "1"), ("x-a", "2")], content=b"tea")

    request = HTTPRequest(
        method=REQUEST.method,
        url=REQUEST.url,
        headers={"last-event-id": "ü"},
        body=REQUEST.body,
    )
    response = await transport_of("httpx2", handle).send(request)
    assert (response.status, response.headers["x-a"]) == (418, "1, 2")
    assert b"".join([chunk async for chunk in response.chunks]) == b"tea"
    await response.close()


async def test_redirects_are_answers() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(302, headers={"location": "http://evil.example/"})

    async with httpx2.AsyncClient(
        transport=httpx2.MockTransport(handle), follow_redirects=True
    ) as client:
        response = await HTTPXTransport(client).send(REQUEST)
        assert response.status == 302
        await response.close()


async def test_an_invalid_url_cannot_be_reached() -> None:
    async with httpx2.AsyncClient() as client:
        with pytest.raises(ConnectFailed):
            await HTTPXTransport(client).send(HTTPRequest(method="GET", url="http://[::1"))


async def test_a_port_nobody_listens_on_cannot_be_reached() -> None:
    transport = HTTPXTransport()
    try:
        with pytest.raises(ConnectFailed, match="Check the URL and the server") as caught:
            await transport.send(HTTPRequest(method="GET", url="http://127.0.0.1:1/rpc"))
        assert caught.value.retryable
    finally:
        await transport.aclose()


async def test_the_transports_own_client_keeps_no_cookies() -> None:
    transport = HTTPXTransport()
    jar = transport._own_client().cookies.jar  # type: ignore[attr-defined]  # an httpx2 client
    request = httpx2.Request("GET", "http://hq.example/")
    response = httpx2.Response(200, headers={"set-cookie": "session=1"}, request=request)
    httpx2.Cookies(jar).extract_cookies(response)
    assert list(jar) == []
    await transport.aclose()


async def test_other_clients_are_refused_with_advice() -> None:
    class Other:
        def build_request(self, *_: object, **__: object) -> None: ...

        async def send(self, *_: object, **__: object) -> None: ...

    with pytest.raises(TypeError, match="wrap other clients in a Transport"):
        await HTTPXTransport(Other()).send(REQUEST)


async def test_messages_tell_no_passwords() -> None:
    transport = HTTPXTransport()
    request = HTTPRequest(method="GET", url="http://me:hunter2@127.0.0.1:1/rpc?token=x")
    try:
        with pytest.raises(ConnectFailed, match=r"http://127\.0\.0\.1:1/rpc:") as caught:
            await transport.send(request)
        assert "hunter2" not in str(caught.value)
    finally:
        await transport.aclose()


async def test_a_header_that_is_none_is_the_callers_mistake() -> None:
    transport = HTTPXTransport()
    request = HTTPRequest(method="GET", url="http://127.0.0.1:1/", headers={"x-a": "1\r\nx-b: 2"})
    try:
        with pytest.raises(LinkError):
            await transport.send(request)
    finally:
        await transport.aclose()
