"""Event iterators that clients send."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from rawr.contract import Contract, EventIterator, ORPCError, post, procedure
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.http._upload import MAX_BUFFERED_ITEMS, Upload
from rawr.procedure import Router, implement
from rawr.testing.asgi import ASGIClient, ASGIResponse
from rawr.wire import ErrorEvent
from rawr.wire.event_iterator import IteratorDecoder
from rawr.wire.openapi import OpenAPISerializer

SSE = {"content-type": "text/event-stream"}


class Uploads(Contract):
    collect = procedure().input(Any).output(Any)
    doubled = procedure().input(Any).streams(Any)
    first = procedure().input(Any).output(Any)
    ignore = procedure().input(Any).output(str)
    failing = procedure().input(Any).output(Any)
    into = post("/into/{id}").route(input_structure="detailed").input(Any).output(Any)


class Watched:
    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.left: list[str] = []


os = implement(Uploads, Watched)


@os.handler(Uploads.collect)
async def collect(context: Watched, input: EventIterator[Any]) -> Any:
    try:
        context.entered.set()
        items = [[item, input.last_event_id] async for item in input]
    except asyncio.CancelledError:
        context.left.append("cancelled")
        raise
    return {"items": items, "result": input.result}


@os.stream(Uploads.doubled)
async def doubled(context: Watched, input: EventIterator[Any]) -> AsyncIterator[Any]:
    async for item in input:
        yield item * 2


@os.handler(Uploads.first)
async def first(context: Watched, input: EventIterator[Any]) -> Any:
    async with input:
        item = await anext(input)
    return [item, [more async for more in input]]


@os.handler(Uploads.ignore)
async def ignore(context: Watched, input: EventIterator[Any]) -> str:
    return "ignored"


@os.handler(Uploads.failing)
async def failing(context: Watched, input: EventIterator[Any]) -> Any:
    try:
        async for _ in input:
            pass
    except ORPCError as error:
        return {"code": error.code, "data": error.data}
    except ErrorEvent as error:
        return {"event": error.data}


@os.handler(Uploads.into)
async def into(context: Watched, input: Any) -> Any:
    items = [item async for item in input["body"]]
    return {"id": input["params"]["id"], "items": items}


def router() -> Router[Watched]:
    return os.router()


def client(context: Watched | None = None, **options: Any) -> ASGIClient:
    handler = RPCHandler(router(), **options)
    return ASGIClient(handler.asgi(prefix="/rpc", context=context or Watched()))


async def upload(name: str, *chunks: bytes, **options: Any) -> ASGIResponse:
    return await client(**options).request("POST", f"/rpc/{name}", headers=SSE, body=chunks)


async def test_items_arrive_in_order_however_they_are_cut() -> None:
    whole = (
        b': \n\nevent: message\nid: e1\ndata: {"json":1}\n\n'
        b'event: message\ndata: {"json":"1970-01-01T00:00:00.000Z","meta":[[1]]}\n\n'
        b'event: done\ndata: {"json":"end"}\n\n'
    )
    expected = (
        b'{"json":{"items":[[1,"e1"],["1970-01-01T00:00:00.000Z","e1"]],"result":"end"},'
        b'"meta":[[1,"items",1,0]]}'
    )
    for size in (1, 7, len(whole)):
        chunks = [whole[i : i + size] for i in range(0, len(whole), size)]
        response = await upload("collect", *chunks)
        assert (response.status, response.body) == (200, expected)


async def test_a_stream_that_just_ends_returned_nothing() -> None:
    response = await upload("collect", b'data: {"json":1}\n\n')
    assert response.json() == {"json": {"items": [[1, None]]}}


async def test_a_stream_may_be_empty() -> None:
    assert (await upload("collect", b"")).json() == {"json": {"items": []}}


async def test_output_streams_while_input_does() -> None:
    async with client().exchange(
        "POST", "/rpc/doubled", headers=SSE, body=[b'data: {"json":1}\n\n'], complete=False
    ) as exchange:
        await exchange.start()
        assert await exchange.chunk() == b": \n\n"
        assert await exchange.chunk() == b'event: message\ndata: {"json":2}\n\n'


async def test_a_handler_may_stop_reading() -> None:
    response = await upload("first", b'data: {"json":1}\n\ndata: {"json":2}\n\n')
    assert response.json() == {"json": [1, []]}


async def test_a_handler_need_not_read_at_all() -> None:
    assert (await upload("ignore", b'data: {"json":1}\n\n')).json() == {"json": "ignored"}


@pytest.mark.parametrize(
    "body", [b"data: {\n\n", b'data: {"json":1,"meta":{}}\n\n', b"event: message\ndata: cut"]
)
async def test_a_stream_that_cannot_be_read_is_a_bad_request(body: bytes) -> None:
    response = await upload("collect", b'data: {"json":1}\n\n', body)
    assert response.status == 400
    assert response.json()["json"]["message"].startswith("Malformed event: ")


async def test_an_event_longer_than_a_body_may_be_is_a_bad_request() -> None:
    response = await upload("collect", b"data: ", b"1" * 50, b"\n\n", max_body_bytes=40)
    assert response.status == 400


async def test_a_stream_may_be_longer_than_a_body() -> None:
    chunks = [b'data: {"json":1}\n\n'] * 50
    response = await upload("collect", *chunks, max_body_bytes=40)
    assert len(response.json()["json"]["items"]) == 50


async def test_the_clients_failure_is_raised_in_the_handler() -> None:
    body = (
        b'event: error\ndata: {"json":{"defined":false,"code":"X","status":500,'
        b'"message":"x","data":1}}\n\n'
    )
    assert (await upload("failing", body)).json() == {"json": {"code": "X", "data": 1}}
    assert (await upload("failing", b'event: error\ndata: {"json":7}\n\n')).json() == {
        "json": {"event": 7}
    }


async def test_the_client_leaving_cancels_the_handler() -> None:
    context = Watched()
    with anyio.fail_after(5):
        async with client(context).exchange(
            "POST", "/rpc/collect", headers=SSE, body=[b""], complete=False
        ) as exchange:
            await context.entered.wait()
            exchange.disconnect()
            await exchange.ended()
    assert context.left == ["cancelled"]


async def test_the_openapi_protocol_takes_plain_events() -> None:
    handler = OpenAPIHandler(router())
    api = ASGIClient(handler.asgi(prefix="/api", context=Watched()))
    body = b'event: message\ndata: {"n":1}\n\nevent: done\ndata: 5\n\n'
    response = await api.request("POST", "/api/collect", headers=SSE, body=body)
    assert response.json() == {"items": [[{"n": 1}, None]], "result": 5}
    response = await api.request("POST", "/api/into/x", headers=SSE, body=body)
    assert response.json() == {"id": "x", "items": [{"n": 1}]}


async def test_a_file_of_events_is_a_file() -> None:
    headers = {**SSE, "content-disposition": 'attachment; filename="a.txt"'}
    response = await client().request("POST", "/rpc/ignore", headers=headers, body=b"data: 1\n\n")
    assert response.json() == {"json": "ignored"}


def decoder() -> IteratorDecoder:
    return IteratorDecoder(OpenAPISerializer())


async def test_reading_pauses_until_the_handler_takes_an_item() -> None:
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"data: 1\n\n", "more_body": True}

    items = Upload(decoder(), receive=receive)

    async def pump() -> None:
        while True:
            await items.receive()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pump)
        await anyio.wait_all_tasks_blocked()
        assert asked == MAX_BUFFERED_ITEMS
        await anext(items)
        await anyio.wait_all_tasks_blocked()
        assert asked == MAX_BUFFERED_ITEMS + 1
        tasks.cancel_scope.cancel()


async def test_no_event_is_lost_when_the_pump_is_cancelled() -> None:
    messages = [b"data: 1\n\ndata: 2\n\n", b"data: 3\n\n"]

    async def receive() -> dict[str, Any]:
        body = messages.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(messages)}

    items = Upload(decoder(), receive=receive, max_items=2)
    await items.receive()
    with anyio.move_on_after(0):
        await items.receive()
    assert [await anext(items), await anext(items)] == [1, 2]
    await items.receive()
    assert [item async for item in items] == [3]


async def test_stopping_tells_the_client_once_and_only_while_it_sends() -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("stop")

    items = Upload(decoder(), on_stop=tell)
    await items.aclose()
    await items.aclose()
    assert told == ["stop"]
    ended = Upload(decoder(), on_stop=tell)
    ended.end()
    await ended.aclose()
    assert told == ["stop"]


async def test_a_failure_replaces_what_was_not_read() -> None:
    items = Upload(decoder())
    await items.feed(b"data: 1\n\ndata: 2\n\n")
    assert await anext(items) == 1
    items.fail(ORPCError("TIMEOUT"))
    items.fail(ORPCError("CONFLICT"))
    await items.feed(b"data: 3\n\n")
    items.end()
    with pytest.raises(ORPCError, match="Request Timeout"):
        await anext(items)
    assert [item async for item in items] == []


async def test_a_reader_is_woken_when_the_stream_is_abandoned() -> None:
    items = Upload(decoder())
    async with anyio.create_task_group() as tasks:

        async def read() -> None:
            assert [item async for item in items] == []

        tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        items.abandon()
