"""Heads of requests are bounded, however they are cut; bodies are not touched."""

from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from rawr.server import listen
from rawr.server._heads import MAX_HEAD_BYTES, BoundedHeads

OPENING = b"POST / HTTP/1.1\r\nhost: x\r\n"
ENDING = b"content-length: 0\r\nconnection: close\r\n\r\n"


async def echo_length(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that tells how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d" % size
    head = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where a server with bounded heads listens."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        echo_length, http=BoundedHeads, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server._serve, [listener])
        yield listener.getsockname()[1]
        server.should_exit = True


async def answers(port: int, *parts: bytes) -> bytes:
    """Everything a server answers to bytes that come in parts, each read by itself."""
    answer = b""
    async with await anyio.connect_tcp("127.0.0.1", port) as peer:
        for part in parts:
            await peer.send(part)
            await anyio.lowlevel.checkpoint()
        try:
            while True:
                answer += await peer.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_a_head_below_the_bound_is_served(port: int) -> None:
    filling = b"x-fill: " + b"a" * (MAX_HEAD_BYTES - 200) + b"\r\n"
    assert status(await answers(port, OPENING, filling, ENDING)) == 200


async def test_a_head_of_many_fields_is_refused(port: int) -> None:
    many = b"".join(b"x-%d: %b\r\n" % (number, b"a" * 100) for number in range(1000))
    answer = await answers(port, OPENING + many + ENDING)
    assert status(answer) == 431
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("piece", [b"a" * 70_000, b"a" * 1000])
async def test_a_field_that_never_ends_is_refused_while_it_comes(port: int, piece: bytes) -> None:
    pieces = [piece] * (MAX_HEAD_BYTES // len(piece) + 1)
    assert status(await answers(port, OPENING + b"x-long: ", *pieces)) == 431


async def test_a_target_that_never_ends_is_refused(port: int) -> None:
    assert status(await answers(port, b"GET /" + b"a" * (MAX_HEAD_BYTES + 1))) == 431


async def test_what_is_no_request_is_still_a_bad_request(port: int) -> None:
    assert status(await answers(port, b"nonsense\r\n\r\n")) == 400


async def test_a_body_may_be_larger_than_a_head(port: int) -> None:
    size = MAX_HEAD_BYTES * 8
    head = b"content-length: %d\r\nconnection: close\r\n\r\n" % size
    answer = await answers(port, OPENING + head, b"b" * size)
    assert (status(answer), answer.rpartition(b"\r\n")[2]) == (200, b"%d" % size)


async def test_each_request_of_a_connection_has_a_head_of_its_own(port: int) -> None:
    filling = b"x-fill: " + b"a" * (MAX_HEAD_BYTES // 2) + b"\r\n"
    first = OPENING + filling + b"content-length: 2\r\n\r\nhi"
    answer = await answers(port, first, first, OPENING + filling + ENDING)
    assert answer.count(b"HTTP/1.1 200") == 3


async def test_a_head_that_takes_too_long_is_answered_with_408(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rawr.server._heads.HEAD_SECONDS", 0.01)
    assert status(await answers(port, OPENING)) == 408


async def test_a_connection_that_says_nothing_is_closed(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rawr.server._heads.HEAD_SECONDS", 0.01)
    assert await answers(port) == b""


async def test_a_later_head_of_a_connection_has_a_deadline_too(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = OPENING + b"content-length: 2\r\n\r\nhi"
    monkeypatch.setattr("rawr.server._heads.HEAD_SECONDS", 0.05)
    answer = await answers(port, first + OPENING)
    assert [answer.count(b"HTTP/1.1 200"), answer.count(b"HTTP/1.1 408")] == [1, 1]
