"""WebSocketLink against a real @orpc/server 1.16.1 on the `ws` library.

Values, errors, streams and files are in the interop matrix; here is what only sockets do.
"""

import datetime as dt
import socket
from collections.abc import AsyncIterator

import anyio
import pytest
from tests.wire.node_server import ANY, Fixtures, Kind, node_server
from tests.wire.serving import serving

from rawr.client import (
    CallContext,
    ConnectFailed,
    ConnectionLost,
    HandshakeRefused,
    Reconnect,
    ReconnectLink,
    Redirected,
    TimedOut,
    WebSocketLink,
    create_client,
)
from rawr.contract import Contract, EventIterator, ORPCError, procedure
from rawr.http import RPCHandler
from rawr.procedure import implement

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

__all__ = ["node_server"]

pytestmark = pytest.mark.node


@pytest.fixture
def url(node_server: str) -> str:
    return node_server.replace("http:", "ws:")


@pytest.fixture
async def orpc(url: str) -> AsyncIterator[Fixtures]:
    async with WebSocketLink(f"{url}/ws") as link:
        yield create_client(Fixtures, link)


async def test_many_calls_share_one_socket(orpc: Fixtures) -> None:
    answers: dict[int, object] = {}

    async def call(number: int) -> None:
        answers[number] = await orpc.echo({"n": number})

    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(call, number)
    assert answers == {number: {"n": number} for number in range(100)}


async def test_streams_and_calls_run_at_the_same_time(orpc: Fixtures) -> None:
    async with (
        await orpc.stream(Kind(kind="forever")) as one,
        await orpc.stream(Kind(kind="forever", from_=100)) as two,
    ):
        for step in range(5):
            assert (await anext(one)).n == step
            assert await orpc.echo(step) == step
            assert (await anext(two)).n >= 0


async def eventually_seen(orpc: Fixtures, event: str) -> None:
    with anyio.fail_after(10):
        while event not in await orpc.events():  # noqa: ASYNC110 - the server cannot call us
            await anyio.sleep(0.005)


async def test_closing_a_stream_stops_the_producer(orpc: Fixtures) -> None:
    async with await orpc.stream(Kind(kind="forever")) as events:
        await anext(events)
    await eventually_seen(orpc, "closed:forever")


async def test_cancelling_a_call_reaches_the_handler(orpc: Fixtures) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(orpc.slow)
        await eventually_seen(orpc, "started:slow")
        tasks.cancel_scope.cancel()
    await eventually_seen(orpc, "aborted")


async def test_a_call_times_out_alone(orpc: Fixtures) -> None:
    with pytest.raises(TimedOut, match=r"slow did not answer within 0\.05 s"):
        await orpc.slow(context=CallContext(timeout=0.05))
    assert await orpc.echo(1) == 1


class Items(AsyncIterator[object]):
    """Items to send. The real server loses those that come together with their request."""

    def __init__(self, *items: object) -> None:
        self._items = iter(items)
        self.closed = anyio.Event()

    async def __anext__(self) -> object:
        await anyio.sleep(0.02)
        try:
            item = next(self._items)
        except StopIteration:
            raise StopAsyncIteration from None
        if isinstance(item, Exception):
            raise item
        return item

    async def aclose(self) -> None:
        self.closed.set()


async def test_an_iterator_can_be_sent(orpc: Fixtures) -> None:
    answer = await orpc.collect(Items(1, {"at": EPOCH}, 2**64))
    assert answer == [
        "number:1",
        {"at": "date:1970-01-01T00:00:00.000Z"},
        "bigint:18446744073709551616",
    ]


async def test_a_failure_to_produce_reaches_the_handler(orpc: Fixtures) -> None:
    with pytest.raises(ORPCError) as caught:
        await orpc.collect(Items(1, ORPCError("CONFLICT")))
    assert caught.value.code == "CONFLICT"


async def test_the_server_may_stop_reading(orpc: Fixtures) -> None:
    items = Items(1, "enough", *range(1000))
    assert await orpc.collect(items) == ["number:1"]
    with anyio.fail_after(5):
        await items.closed.wait()


async def test_handshake_headers_reach_the_server(url: str) -> None:
    async with WebSocketLink(f"{url}/ws", connect_headers={"x-tenant": "acme"}) as link:
        answer = await create_client(Fixtures, link).inspect()
    assert answer["headers"]["x-tenant"] == "acme"


async def test_a_broken_connection_fails_the_stream(url: str) -> None:
    async with WebSocketLink(f"{url}/cut-ws") as link:
        client = create_client(Fixtures, link)
        events = await client.stream(Kind(kind="drops"))
        assert (await anext(events)).n == 1
        with pytest.raises(ConnectionLost, match="websocket closed"):
            await anext(events)
        with pytest.raises(ConnectionLost, match="reconnect"):
            await client.echo(1)


async def test_a_stream_resumes_over_broken_connections(url: str) -> None:
    async with WebSocketLink(f"{url}/cut-ws", reconnect=Reconnect()) as link:
        client = create_client(Fixtures, ReconnectLink(link))
        async with await client.stream(Kind(kind="drops")) as events:
            assert [item.n async for item in events] == [1, 2, 3, 4]


async def test_frames_beyond_the_limit_end_the_connection(url: str) -> None:
    async with WebSocketLink(f"{url}/ws", max_response_bytes=10_000) as link:
        with pytest.raises(ConnectionLost, match="1009"):
            await create_client(Fixtures, link).echo("x" * 20_000)


async def test_a_server_may_refuse_the_handshake(url: str) -> None:
    async with WebSocketLink(f"{url}/elsewhere") as link:
        with pytest.raises(HandshakeRefused, match="403"):
            await create_client(Fixtures, link).nothing()


async def test_a_redirect_is_not_followed(url: str) -> None:
    async with WebSocketLink(f"{url}/moved-ws") as link:
        with pytest.raises(Redirected) as caught:
            await create_client(Fixtures, link).nothing()
    assert (caught.value.status, caught.value.location) == (307, "/ws")


async def test_nobody_listening_is_a_failure_to_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with WebSocketLink(f"ws://user:secret@127.0.0.1:{port}/ws") as link:
        with pytest.raises(ConnectFailed, match="Cannot reach ws://127") as caught:
            await create_client(Fixtures, link).nothing()
    assert "secret" not in str(caught.value)


class Uploads(Contract):
    total = procedure().input(ANY).output(int)
    doubled = procedure().input(ANY).streams(int)


@pytest.fixture
async def ours() -> AsyncIterator[Uploads]:
    """Our own server, which loses no items."""
    os = implement(Uploads)

    @os.handler(Uploads.total)
    async def total(_context: None, input: EventIterator[int]) -> int:
        return sum([item async for item in input])

    @os.stream(Uploads.doubled)
    async def doubled(_context: None, input: EventIterator[int]) -> AsyncIterator[int]:
        async for item in input:
            yield item * 2

    with serving(RPCHandler(os.router()).websocket()) as url:
        async with WebSocketLink(url.replace("http:", "ws:")) as link:
            yield create_client(Uploads, link)


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


async def test_items_may_follow_their_request_at_once(ours: Uploads) -> None:
    assert await ours.total(numbers(500)) == sum(range(500))


async def test_streams_go_both_ways_at_the_same_time(ours: Uploads) -> None:
    async with await ours.doubled(numbers(500)) as events:
        assert [item async for item in events] == [number * 2 for number in range(500)]
