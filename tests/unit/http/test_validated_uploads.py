"""Event iterators that clients send, by a contract that says what the items are."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from rawr.contract import (
    Contract,
    EventIterator,
    InvalidItem,
    event_iterator,
    post,
)
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.http.plugins import SmartCoercion
from rawr.procedure import implement
from rawr.schema import Schema
from rawr.testing.asgi import ASGIClient, ASGIResponse


class Number(Schema):
    some_number: int


class Uploads(Contract):
    total = post("/total").input(event_iterator(Number)).output(int)
    doubled = post("/doubled").input(event_iterator(Number)).streams(Number)
    tolerant = post("/tolerant").input(event_iterator(Number)).output(str)


os = implement(Uploads)


@os.handler(Uploads.total)
async def total(context: None, input: EventIterator[Number]) -> int:
    return sum([number.some_number async for number in input])


@os.stream(Uploads.doubled)
async def doubled(context: None, input: EventIterator[Number]) -> AsyncIterator[Number]:
    async for number in input:
        yield Number(some_number=number.some_number * 2)


@os.handler(Uploads.tolerant)
async def tolerant(context: None, input: EventIterator[Number]) -> str:
    try:
        return str([number.some_number async for number in input])
    except InvalidItem as error:
        return str(error.__cause__)


ROUTER = os.router()


async def upload(protocol: str, name: str, *items: str) -> ASGIResponse:
    make: Any = RPCHandler if protocol == "rpc" else OpenAPIHandler
    handler = make(ROUTER, plugins=[SmartCoercion()])
    body = "".join(f"data: {item}\n\n" for item in items).encode()
    headers = {"content-type": "text/event-stream"}
    return await ASGIClient(handler.asgi()).request("POST", f"/{name}", headers=headers, body=body)


GOOD = {
    "rpc": ['{"json":{"someNumber":1}}', '{"json":{"someNumber":2}}'],
    "openapi": ['{"someNumber":1}', '{"someNumber":2}'],
}
BAD = {"rpc": '{"json":{"someNumber":"x"}}', "openapi": '{"someNumber":"x"}'}


@pytest.mark.parametrize("protocol", ["rpc", "openapi"])
async def test_handlers_get_typed_items(protocol: str) -> None:
    response = await upload(protocol, "total", *GOOD[protocol])
    assert response.status == 200
    assert response.json() == ({"json": 3} if protocol == "rpc" else 3)


@pytest.mark.parametrize("protocol", ["rpc", "openapi"])
async def test_a_bad_item_fails_the_call_when_it_is_reached(protocol: str) -> None:
    response = await upload(protocol, "total", *GOOD[protocol], BAD[protocol])
    told = response.json()["json"] if protocol == "rpc" else response.json()
    assert response.status == 500
    assert told == {
        "defined": False,
        "code": "EVENT_ITERATOR_VALIDATION_FAILED",
        "status": 500,
        "message": "Event iterator validation failed",
    }


async def test_a_handler_may_say_more_of_a_bad_item() -> None:
    response = await upload("rpc", "tolerant", BAD["rpc"])
    assert "someNumber: Input should be a valid integer" in response.json()["json"]


async def test_what_is_no_iterator_is_refused() -> None:
    response = await ASGIClient(RPCHandler(ROUTER).asgi()).request("POST", "/total", body=b"{}")
    assert response.status == 400
    assert response.json()["json"]["data"] == {
        "issues": [{"message": "Expect event iterator", "path": []}]
    }


async def test_items_stream_both_ways() -> None:
    response = await upload("openapi", "doubled", *GOOD["openapi"], BAD["openapi"])
    assert 'event: message\ndata: {"someNumber":4}' in response.text
    assert response.text.endswith(
        'event: error\ndata: {"defined":false,"code":"EVENT_ITERATOR_VALIDATION_FAILED",'
        '"status":500,"message":"Event iterator validation failed"}\n\n'
    )
