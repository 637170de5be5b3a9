"""Link and transport wrappers against a real @orpc/server 1.16.1."""

import anyio
import httpx2
import pytest
from tests.wire.node_server import (
    Failures,
    Fixtures,
    Kind,
    Number,
    Payment,
    node_server,
)

from rawr.client import (
    BatchTransport,
    ConnectionLost,
    DedupeTransport,
    Failure,
    HTTPRequest,
    HTTPResponse,
    HTTPXTransport,
    ReconnectLink,
    RetryLink,
    RPCLink,
    Success,
    SyncClient,
    Transport,
    contract_method,
    create_client,
    safe,
)
from rawr.contract import EventIterator, ORPCError
from rawr.wire.batch import BatchMode

__all__ = ["node_server"]

pytestmark = pytest.mark.node


class Recording(Transport):
    """Notes what is really sent."""

    def __init__(self) -> None:
        self.inner = HTTPXTransport()
        self.requests: list[HTTPRequest] = []

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        self.requests.append(request)
        return await self.inner.send(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


async def no_sleep(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("mode", ["streaming", "buffered"])
async def test_calls_of_one_moment_travel_together(node_server: str, mode: BatchMode) -> None:
    transport = Recording()
    results: dict[int, object] = {}
    async with BatchTransport(transport, mode=mode) as together:
        link = RPCLink(f"{node_server}/rpc", client=together, headers={"x-a": "1"})
        client = create_client(Fixtures, link)

        async def call(number: int) -> None:
            results[number] = await client.describe({"n": number, "big": 2**64 + number})

        async with anyio.create_task_group() as tasks:
            for number in range(3):
                tasks.start_soon(call, number)
    assert results == {
        number: {"n": f"number:{number}", "big": f"bigint:{2**64 + number}"} for number in range(3)
    }
    (request,) = transport.requests
    assert request.url == f"{node_server}/rpc/describe/__batch__"
    assert request.headers["x-orpc-batch"] == mode


async def test_each_call_of_a_batch_has_its_own_outcome(node_server: str) -> None:
    transport = Recording()
    async with BatchTransport(transport) as together:
        client = create_client(Fixtures, RPCLink(f"{node_server}/rpc", client=together))
        outcomes: dict[str, object] = {}

        async def note(name: str, call: object) -> None:
            outcomes[name] = await safe(call)  # type: ignore[arg-type]  # calls of several types

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(note, "ok", client.validate({"n": 1}))
            tasks.start_soon(note, "declared", client.orpc_error("defined"))
            tasks.start_soon(note, "missing", client.missing())
            tasks.start_soon(note, "nothing", client.nothing())
            tasks.start_soon(note, "stream", client.stream(Kind(kind="plain")))
    assert len(transport.requests) == 2  # no batch can carry the stream
    assert outcomes["ok"] == Success(2)
    assert outcomes["nothing"] == Success(None)
    declared, missing, stream = (outcomes[name] for name in ("declared", "missing", "stream"))
    assert isinstance(declared, Failure)
    assert isinstance(declared.error, Payment)
    assert isinstance(missing, Failure)
    assert isinstance(missing.error, ORPCError)
    assert missing.error.code == "NOT_FOUND"
    assert isinstance(stream, Success)
    assert isinstance(stream.data, EventIterator)
    await stream.data.aclose()


async def test_reads_and_writes_are_batched_apart(node_server: str) -> None:
    transport = Recording()
    async with BatchTransport(transport, max_size=2) as together:
        link = RPCLink(f"{node_server}/rpc", client=together, method=contract_method)
        client = create_client(Fixtures, link)
        async with anyio.create_task_group() as tasks:
            for number in range(3):
                tasks.start_soon(client.getme, number)
                tasks.start_soon(client.echo, number)
    urls = sorted(request.url.partition("?")[0] for request in transport.requests)
    assert urls == [
        f"{node_server}/rpc/{path}"
        for path in ("echo", "echo/__batch__", "getme", "getme/__batch__")
    ]


async def test_equal_reads_share_one_request(node_server: str) -> None:
    transport = Recording()
    link = RPCLink(f"{node_server}/rpc", client=DedupeTransport(transport), method=contract_method)
    async with link:
        client = create_client(Fixtures, link)
        async with anyio.create_task_group() as tasks:
            for number in (1, 1, 2, 1):
                tasks.start_soon(client.getme, number)
    assert len(transport.requests) == 2


async def test_a_busy_server_is_asked_again(node_server: str) -> None:
    async with RPCLink(f"{node_server}/rpc") as link:
        client = create_client(Fixtures, RetryLink(link, max_attempts=3, sleep=no_sleep))
        assert await client.flaky(Failures(failures=2)) == 3


async def test_a_broken_stream_goes_on_where_it_stopped(node_server: str) -> None:
    transport = Recording()
    async with RPCLink(f"{node_server}/cut", client=transport) as link:
        client = create_client(Fixtures, ReconnectLink(link, sleep=no_sleep))
        async with await client.stream(Kind(kind="drops")) as events:
            items = [item async for item in events]
    assert [item.n for item in items] == [1, 2, 3, 4]
    resumed_after = [request.headers.get("last-event-id") for request in transport.requests]
    assert resumed_after == [None, "1", "2", "3", "4"]


async def test_without_reconnecting_a_broken_stream_fails(node_server: str) -> None:
    async with RPCLink(f"{node_server}/cut") as link:
        events = await create_client(Fixtures, link).stream(Kind(kind="forever"))
        with pytest.raises(ConnectionLost):
            [item async for item in events]


def test_threads_call_and_iterate(node_server: str) -> None:
    with SyncClient(Fixtures, lambda: RPCLink(f"{node_server}/rpc")) as orpc:
        assert orpc.call(orpc.client.validate, {"n": 1}) == 2
        items = list(orpc.iterate(orpc.client.stream, Kind(kind="plain")))
        assert items == [Number(n=1), Number(n=2)]
        with pytest.raises(Payment):
            orpc.call(orpc.client.orpc_error, "defined")


async def test_a_client_of_the_application_is_used_and_left_open(node_server: str) -> None:
    async with httpx2.AsyncClient(headers={"x-app": "1"}) as client:
        async with RPCLink(f"{node_server}/rpc", client=client) as link:
            answer = await create_client(Fixtures, link).inspect()
        assert answer["headers"]["x-app"] == "1"
        assert not client.is_closed
