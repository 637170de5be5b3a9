"""Event iterators that go over a websocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from tests.unit.client.fake_socket import (
    FakeNetwork,
    FakeSocket,
    answer,
    event_frame,
)
from tests.unit.client.fakes import ANY
from tests.unit.client.websocket_peer import URL, Peer, served

from rawr.client import (
    ConnectionLost,
    WebSocketLink,
    create_client,
)
from rawr.contract import Contract, ORPCError, event_result, procedure, with_event_meta
from rawr.schema import UNDEFINED


class Numbers(AsyncIterator[int]):
    """Items to send, and what became of them."""

    def __init__(self, *items: int | Exception, result: object = UNDEFINED) -> None:
        self._items = iter(items)
        self.result = result
        self.closed = anyio.Event()

    async def __anext__(self) -> int:
        await anyio.lowlevel.checkpoint()
        item = next(self._items, None)
        if item is None:
            raise StopAsyncIteration
        if isinstance(item, Exception):
            raise item
        return item

    async def aclose(self) -> None:
        self.closed.set()


class Uploads(Contract):
    total = procedure().input(ANY).output(int)


@asynccontextmanager
async def uploading(source: AsyncIterator[Any]) -> AsyncIterator[tuple[Peer, FakeSocket]]:
    network = FakeNetwork()
    async with WebSocketLink(URL, connect=network) as link:
        client = create_client(Uploads, link)
        peer = Peer(network, client)  # type: ignore[arg-type]  # another contract than most
        async with served(peer, client.total(source)) as socket:
            head = {"u": "/total", "h": {"content-type": "text/event-stream"}}
            assert await socket.sent() == {"i": "1", "p": head}
            yield peer, socket


async def test_an_iterator_is_sent_item_by_item() -> None:
    source = Numbers(1, 2, result=3)
    async with uploading(source) as (peer, socket):
        for n in (1, 2):
            assert await socket.sent() == event_frame("1", n)
        assert await socket.sent() == event_frame("1", 3, event="done")
        socket.give(answer("1", 6))
    assert peer.answers == [6]
    assert source.closed.is_set()


async def test_a_generator_sends_its_result() -> None:
    async def items() -> AsyncIterator[Any]:
        yield 1
        yield event_result(3)

    async with uploading(items()) as (_, socket):
        assert await socket.sent() == event_frame("1", 1)
        assert await socket.sent() == event_frame("1", 3, event="done")
        socket.give(answer("1", 1))


async def test_a_generator_without_result_sends_an_empty_one() -> None:
    async def items() -> AsyncIterator[Any]:
        yield with_event_meta(1, id="a", retry=5)

    async with uploading(items()) as (_, socket):
        assert await socket.sent() == event_frame("1", 1, meta={"id": "a", "retry": 5})
        assert await socket.sent() == {"i": "1", "t": 3, "p": {"e": "done", "d": {}}}
        socket.give(answer("1", 1))


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (ORPCError("CONFLICT"), "CONFLICT", "Conflict"),
        (ORPCError("X", data=object()), "INTERNAL_SERVER_ERROR", "Internal server error"),
        (ValueError("secret"), "INTERNAL_SERVER_ERROR", "Internal server error"),
    ],
    ids=["oRPC", "unencodable", "other"],
)
async def test_an_iterator_that_fails_tells_the_server(
    failure: Exception, code: str, message: str
) -> None:
    async with uploading(Numbers(1, failure)) as (_, socket):
        await socket.sent()
        frame = await socket.sent()
        assert frame["p"]["e"] == "error"
        error = frame["p"]["d"]["json"]
        assert (error["code"], error["message"]) == (code, message)
        socket.give(answer("1", 1))


@pytest.mark.parametrize("frame", [{"i": "1", "t": 4}, answer("1", 1)], ids=["abort", "answer"])
async def test_the_server_may_stop_an_upload(frame: dict[str, object]) -> None:
    source = Numbers(*range(100_000))
    async with uploading(source) as (_, socket):
        assert await socket.sent() == event_frame("1", 0)
        socket.give(frame)
        await source.closed.wait()
        socket.give(answer("1", 1))


async def test_a_lost_connection_stops_an_upload() -> None:
    source = Numbers(*range(100_000))
    async with uploading(source) as (peer, socket):
        await socket.sent()
        socket.lose()
        await source.closed.wait()
    assert isinstance(peer.answers[0], ConnectionLost)


async def test_an_upload_ends_with_a_connection_that_is_just_gone() -> None:
    source = Numbers(*range(100_000))
    async with uploading(source) as (_, socket):
        await socket.sent()
        socket.closed = True
        await source.closed.wait()
        socket.lose()
