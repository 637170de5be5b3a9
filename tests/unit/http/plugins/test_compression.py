import gzip
import zlib

import pytest
from tests.unit.http.kit import rpc_client

from rawr.http import Request, Respond, Response
from rawr.http._response import Header
from rawr.http.plugins import Compression
from rawr.testing.asgi import ASGIResponse


def echo(text_length: int) -> bytes:
    return b'{"json":"%b"}' % (b"a" * text_length)


async def ask(
    accepted: str | None, body: bytes, *, headers: list[Header] | None = None, **options: int
) -> ASGIResponse:
    async def replacing(request: Request, next: Respond) -> Response:
        response = await next(request)
        response.headers = response.headers if headers is None else headers
        return response

    client = rpc_client(plugins=[Compression(**options)], interceptors=[replacing])
    sent = {} if accepted is None else {"accept-encoding": accepted}
    return await client.request("POST", "/rpc/echo", headers=sent, body=body)


async def test_a_large_body_is_compressed_as_asked() -> None:
    for accepted, decompress in (("gzip", gzip.decompress), ("deflate", zlib.decompress)):
        response = await ask(accepted, echo(2000))
        assert response.headers["content-encoding"] == accepted
        assert response.headers["content-length"] == str(len(response.body))
        assert response.headers["vary"] == "Accept-Encoding"
        assert len(response.body) < 100
        assert decompress(response.body) == echo(2000)


async def test_a_huge_body_is_compressed_beside_the_loop() -> None:
    response = await ask("gzip", echo(300_000))
    assert gzip.decompress(response.body) == echo(300_000)


@pytest.mark.parametrize("length", [1012, 1013])
async def test_bodies_below_the_threshold_stay_as_they_are(length: int) -> None:
    response = await ask("gzip", echo(length))
    assert ("content-encoding" in response.headers) is (length == 1013)
    assert response.headers["vary"] == "Accept-Encoding"


async def test_the_threshold_can_be_set() -> None:
    assert "content-encoding" in (await ask("gzip", echo(10), threshold_bytes=1)).headers


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (None, None),
        ("", None),
        ("br", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=0, deflate", "deflate"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("gzip;q=0, *", "deflate"),
        ("gzip;q=x", None),
        ("deflate, gzip", "gzip"),
        ("GZip ; q=0.5", "gzip"),
    ],
)
async def test_clients_say_what_they_accept(accepted: str | None, chosen: str | None) -> None:
    assert (await ask(accepted, echo(2000))).headers.get("content-encoding") == chosen


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"image/png")],
        [(b"content-type", b"text/event-stream")],
        [(b"content-type", b"application/jsonp")],
        [],
        [(b"content-type", b"application/json"), (b"content-encoding", b"br")],
        [(b"content-type", b"application/json"), (b"cache-control", b"public, No-Transform")],
    ],
)
async def test_what_must_not_or_cannot_be_compressed_stays(headers: list[Header]) -> None:
    response = await ask("gzip", echo(2000), headers=headers)
    assert response.body == echo(2000)
    assert "vary" not in response.headers


@pytest.mark.parametrize(
    "content_type",
    ["text/html; charset=utf-8", "Application/JSON", "application/problem+json", "image/svg+xml"],
)
async def test_text_of_many_kinds_is_compressed(content_type: str) -> None:
    headers = [(b"content-type", content_type.encode()), (b"vary", b"Origin")]
    response = await ask("gzip", echo(2000), headers=headers)
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Origin, Accept-Encoding"


async def test_streams_go_out_event_by_event() -> None:
    client = rpc_client(plugins=[Compression()])
    response = await client.request(
        "POST", "/rpc/stream", headers={"accept-encoding": "gzip"}, body=b'{"json":"short"}'
    )
    assert "content-encoding" not in response.headers
    assert response.body.startswith(b": \n\n")


async def test_chunks_of_unknown_length_go_out_as_they_are() -> None:
    async def chunks(request: Request, next: Respond) -> Response:
        async def body() -> object:
            yield b"a" * 2000
            yield b"b"

        return Response(headers=[(b"content-type", b"text/plain")], body=body())  # type: ignore[arg-type]  # an async generator of bytes

    client = rpc_client(plugins=[Compression()], interceptors=[chunks])
    response = await client.request("POST", "/rpc/echo", headers={"accept-encoding": "gzip"})
    assert response.body == b"a" * 2000 + b"b"


def test_other_encodings_are_not_known() -> None:
    with pytest.raises(ValueError, match=r"\['br'\]"):
        Compression(encodings=["gzip", "br"])
