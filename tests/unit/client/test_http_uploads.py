"""Event iterators as bodies of HTTP requests, both protocols, against our own handlers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import httpx2
import pytest
from tests.unit.client.fakes import FakeTransport, plain
from tests.unit.client.test_websocket_uploads import Numbers

from rawr.client import (
    ASGITransport,
    BatchTransport,
    ConnectFailed,
    HTTPLink,
    HTTPRequest,
    HTTPXTransport,
    OpenAPILink,
    RPCLink,
    create_client,
)
from rawr.contract import (
    Contract,
    EventIterator,
    ORPCError,
    event_iterator,
    post,
    with_event_meta,
)
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.procedure import implement


class Uploads(Contract):
    collect = post("/collect").input(event_iterator(int)).output(list[Any])
    doubled = post("/doubled").input(event_iterator(int)).streams(int)
    first = post("/first").input(event_iterator(int)).output(int)
    failing = post("/failing").input(event_iterator(int)).output(str)
    refused = post("/refused").input(event_iterator(int)).output(str)


os = implement(Uploads)


@os.handler(Uploads.collect)
async def collect(context: None, input: EventIterator[int]) -> list[Any]:
    items: list[object] = [item async for item in input]
    return [*items, input.last_event_id, input.result]


@os.stream(Uploads.doubled)
async def doubled(context: None, input: EventIterator[int]) -> AsyncIterator[int]:
    async for item in input:
        yield item * 2


@os.handler(Uploads.first)
async def first(context: None, input: EventIterator[int]) -> int:
    return await anext(input)


@os.handler(Uploads.failing)
async def failing(context: None, input: EventIterator[int]) -> str:
    try:
        return str([item async for item in input])
    except ORPCError as error:
        return error.code


@os.handler(Uploads.refused)
async def refused(context: None, input: EventIterator[int]) -> str:
    raise ORPCError("CONFLICT")


ROUTER = os.router()


@pytest.fixture(params=["rpc", "rpc by GET", "openapi"])
async def link(request: pytest.FixtureRequest) -> AsyncIterator[HTTPLink]:
    handler: Any = (OpenAPIHandler if request.param == "openapi" else RPCHandler)(ROUTER)
    async with ASGITransport(handler.asgi(prefix="/x")) as transport:
        if request.param == "openapi":
            yield OpenAPILink("http://hq/x", client=transport)
        else:
            method: Any = "GET" if "GET" in request.param else "POST"
            yield RPCLink("http://hq/x", client=transport, method=method)


@pytest.fixture
def uploads(link: HTTPLink) -> Uploads:
    return create_client(Uploads, link)


async def test_items_metadata_and_result_arrive(uploads: Uploads) -> None:
    source: Any = Numbers(1, with_event_meta(2, id="e2"), result=3)
    assert await uploads.collect(source) == [1, 2, "e2", 3]
    assert source.closed.is_set()


async def test_items_stream_both_ways_at_once(uploads: Uploads) -> None:
    asked = anyio.Event()

    async def numbers() -> AsyncIterator[int]:
        yield 1
        await asked.wait()
        yield 2

    with anyio.fail_after(5):
        events = await uploads.doubled(numbers())
        assert await anext(events) == 2
        asked.set()
        assert [item async for item in events] == [4]


async def test_leaving_a_stream_both_ways_closes_the_producer(uploads: Uploads) -> None:
    source = Numbers(*range(100_000))
    async with await uploads.doubled(source) as events:
        assert await anext(events) == 0
    with anyio.fail_after(5):
        await source.closed.wait()


@pytest.mark.parametrize("name", ["first", "refused"])
async def test_a_producer_nobody_listens_to_is_closed(uploads: Uploads, name: str) -> None:
    source = Numbers(*range(100_000))
    call: Callable[[Any], Awaitable[Any]] = getattr(uploads, name)
    if name == "refused":
        with pytest.raises(ORPCError, match="Conflict"):
            await call(source)
    else:
        assert await call(source) == 0
    with anyio.fail_after(5):
        await source.closed.wait()


@pytest.mark.parametrize(
    ("failure", "code"),
    [(ORPCError("TEAPOT", status=418), "TEAPOT"), (ValueError("secret"), "INTERNAL_SERVER_ERROR")],
)
async def test_the_server_hears_of_failures_of_the_producer(
    uploads: Uploads, failure: Exception, code: str
) -> None:
    assert await uploads.failing(Numbers(1, failure)) == code


async def test_a_failure_that_cannot_be_told_is_an_internal_one(uploads: Uploads) -> None:
    failure = ORPCError[Any]("TEAPOT", status=418, data=object())
    assert await uploads.failing(Numbers(1, failure)) == "INTERNAL_SERVER_ERROR"


async def test_an_item_of_another_type_is_told_as_a_failure(uploads: Uploads) -> None:
    source: Any = Numbers(1, object())  # type: ignore[arg-type]  # the contract wants integers
    assert await uploads.failing(source) == "INTERNAL_SERVER_ERROR"


async def test_httpx_streams_the_body_and_closes_the_producer() -> None:
    seen: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["content-type"] == "text/event-stream"
        assert "content-length" not in request.headers
        seen.append(request.content)
        return httpx2.Response(200, json={"json": [1]})

    source = Numbers(1)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        uploads = create_client(Uploads, RPCLink("http://hq/rpc", client=client))
        assert await uploads.collect(source) == [1]
    assert seen == [b': \n\nevent: message\ndata: {"json":1}\n\nevent: done\ndata: {}\n\n']
    assert source.closed.is_set()


async def test_a_producer_is_closed_if_the_server_cannot_be_reached() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    source = Numbers(1)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse)) as client:
        uploads = create_client(Uploads, RPCLink("http://hq/rpc", client=HTTPXTransport(client)))
        with pytest.raises(ConnectFailed):
            await uploads.collect(source)
    assert source.closed.is_set()


async def test_uploads_are_never_part_of_a_batch() -> None:
    def alone(request: HTTPRequest) -> Any:
        assert "x-orpc-batch" not in request.headers
        return plain({"json": [1]})

    async with BatchTransport(FakeTransport(alone)) as transport:
        uploads = create_client(Uploads, RPCLink("http://hq/rpc", client=transport))
        assert await uploads.collect(Numbers(1)) == [1]
