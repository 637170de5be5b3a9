"""The short way answers as the long way does, which a transparent interceptor asks for."""

import datetime as dt
from typing import Any

import pytest
from tests.unit.http.kit import Gate, Number, fixture_router, rpc_client

from rawr.contract import Contract, ORPCError, post, procedure
from rawr.http import OpenAPICodec, OpenAPIHandler, Request, Respond, Response, RPCCodec, RPCHandler
from rawr.http._codec import Codec
from rawr.http._direct import make_shortcut
from rawr.http._operation import Operations
from rawr.http._routes import NO_PARAMS
from rawr.procedure import Call, Next, Procedure, Router, implement
from rawr.schema import Schema
from rawr.testing.asgi import ASGIClient, ASGIResponse
from rawr.wire.openapi import OpenAPISerializer
from rawr.wire.rpc import RPCSerializer


class Order(Schema):
    customer_id: str
    count: int = 1


class Receipt(Schema):
    text: str
    total: int
    paid_at: dt.datetime | None = None


class Shop(Contract):
    order = post("/orders").input(Order).output(Receipt)
    guarded = post("/guarded").input(Order).output(Receipt)
    created = post("/created").route(success_status=201).input(Any).output(Any)
    told = post("/told").input(Order).output(list[Any])
    nothing = post("/nothing")
    read = post("/orders/{customerId}").input(Order).output(Receipt)


shop = implement(Shop, str)


@shop.handler(Shop.order)
async def order(context: str, input: Order) -> Receipt:
    if input.count == 0:
        raise ORPCError("CONFLICT", data={"for": context})
    if input.count < 0:
        wrong: Any = {"text": None}
        return wrong
    paid_at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC) if input.count == 2 else None
    return Receipt(text=f"{context}: {input.customer_id}", total=input.count, paid_at=paid_at)


async def counting(call: Call[str], next: Next[str]) -> object:
    return await next(call.with_context(f"guarded {call.context}"))


shop.use(counting).handler(Shop.guarded)(order)
shop.handler(Shop.read)(order)


@shop.handler(Shop.created)
async def created(context: str, input: Any) -> Any:
    return input


@shop.handler(Shop.told)
async def told(context: str, input: Order, call: Call[str, Order]) -> list[Any]:
    return [context, input, call.input is input, ".".join(call.path), call.last_event_id]


@shop.handler(Shop.nothing)
async def nothing(context: str) -> None:
    return None


async def transparent(request: Request, next: Respond) -> Response:
    return await next(request)


BODIES = {
    "plain": '{"customerId":"c1"}',
    "text": '{"customerId":"\\u00e9 \\u2028 \\ud83d\\ude00 \\" \\\\ /\\b\\u0001"}',
    "largest safe": '{"customerId":"c1","count":9007199254740991}',
    "unsafe": '{"customerId":"c1","count":9007199254740993}',
    "negative unsafe as text": '{"customerId":"-9007199254740993"}',
    "beyond 64 bits": '{"customerId":"c1","count":123456789012345678901234567890}',
    "a date": '{"customerId":"c1","count":2}',
    "refused": '{"customerId":"c1","count":0}',
    "bad output": '{"customerId":"c1","count":-1}',
    "by Python's name": '{"customer_id":"c1"}',
    "unknown": '{"customerId":"c1","more":1}',
    "coerced": '{"customerId":"c1","count":"7"}',
    "twice": '{"customerId":"c1","customerId":"c2"}',
    "lone surrogate": '{"customerId":"\\ud800"}',
    "null": "null",
    "array": "[]",
    "number": "1e400",
    "literal": "NaN",
    "cut off": '{"customerId":"c1"',
    "two": '{"customerId":"c1"}{}',
    "nothing": "",
    "empty": "{}",
    "deep": "[" * 300 + "]" * 300,
}
PATHS = ("order", "guarded", "created", "told", "nothing")
ENVELOPES = ('{"json":%s}', '{"json":%s,"meta":[]}', '{"meta":null,"json":%s}', "%s")
HEADERS = (
    {},
    {"content-type": "application/json"},
    {"content-type": "application/json; charset=utf-8"},
    {"content-type": "text/plain"},
    {"content-type": "application/x-www-form-urlencoded"},
    {"content-disposition": 'attachment; filename="a.json"'},
    {"content-type": "application/json", "last-event-id": "7"},
    {"content-length": "9" * 30},
)


def summary(response: ASGIResponse) -> tuple[object, ...]:
    return response.status, sorted(response.headers.items()), response.body


async def differences(
    short: ASGIClient, long: ASGIClient, path: str, body: bytes, headers: dict[str, str]
) -> list[object]:
    given, expected = [
        summary(await client.request("POST", path, body=body, headers=headers))
        for client in (short, long)
    ]
    return [] if given == expected else [given, expected]


def shop_clients(make: Any, prefix: str, context: object = "ada") -> tuple[ASGIClient, ASGIClient]:
    short, long = make(shop.router()), make(shop.router(), interceptors=[transparent])
    return (
        ASGIClient(short.asgi(prefix=prefix, context=context)),
        ASGIClient(long.asgi(prefix=prefix, context=context)),
    )


@pytest.mark.parametrize("procedure_name", PATHS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_rpc_bodies_are_answered_as_on_the_long_way(procedure_name: str, body: str) -> None:
    short, long = shop_clients(RPCHandler, "/rpc")
    for envelope in ENVELOPES:
        content = (envelope % body).encode("utf-8")
        assert not await differences(short, long, f"/rpc/{procedure_name}", content, {})


@pytest.mark.parametrize("path", ["orders", "guarded", "created", "told", "nothing", "orders/c9"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_openapi_bodies_are_answered_as_on_the_long_way(path: str, body: str) -> None:
    short, long = shop_clients(OpenAPIHandler, "/api")
    assert not await differences(short, long, f"/api/{path}", body.encode(), {})


@pytest.mark.parametrize("headers", HEADERS, ids=str)
async def test_headers_mean_what_they_mean_on_the_long_way(headers: dict[str, str]) -> None:
    content = b'{"json":{"customerId":"c1"}}'
    short, long = shop_clients(RPCHandler, "/rpc")
    assert not await differences(short, long, "/rpc/told", content, headers)
    short, long = shop_clients(OpenAPIHandler, "/api")
    assert not await differences(short, long, "/api/told", b'{"customerId":"c1"}', headers)


@pytest.mark.parametrize("how", ["typed", "same", "other status", "other data", "dated", "object"])
async def test_failures_are_told_as_on_the_long_way(how: str) -> None:
    body = f'{{"json":"{how}"}}'.encode()
    short, long = rpc_client(), rpc_client(interceptors=[transparent])
    assert not await differences(short, long, "/rpc/fail", body, {})


@pytest.mark.parametrize("path", ["/rpc/order/", "/rpc/%6frder", "/rpc/order?x=1", "/rpc/orders"])
async def test_other_paths_lead_where_they_lead_on_the_long_way(path: str) -> None:
    short, long = shop_clients(RPCHandler, "/rpc")
    assert not await differences(short, long, path, b'{"json":{"customerId":"c1"}}', {})


async def test_a_factory_is_asked_once_whatever_the_body_is() -> None:
    asked: list[Request] = []

    async def make_context(request: Request) -> str:
        asked.append(request)
        return request.operation.name

    short, _ = shop_clients(RPCHandler, "/rpc", make_context)
    for body in (b'{"json":{"customerId":"c1"}}', b'{"json":{}}', b"{"):
        await short.request("POST", "/rpc/order", body=body)
    assert len(asked) == 3
    response = await short.request("POST", "/rpc/told", body=b'{"json":{"customerId":"c1"}}')
    assert response.body.startswith(b'{"json":["told",')


async def test_a_factory_may_read_the_body() -> None:
    async def make_context(request: Request) -> str:
        return (await request.body()).decode()

    clients = shop_clients(RPCHandler, "/rpc", make_context)
    for body in (b'{"json":{"customerId":"c1"}}', b'{"json":{}}', b"{", b""):
        assert not await differences(*clients, "/rpc/order", body, {})


async def test_a_factory_that_refuses_is_answered_as_on_the_long_way() -> None:
    async def refuse(_request: Request) -> str:
        raise ORPCError("UNAUTHORIZED", defined=True)

    clients = shop_clients(RPCHandler, "/rpc", refuse)
    assert not await differences(*clients, "/rpc/order", b'{"json":{"customerId":"c1"}}', {})
    guarded = rpc_client(refuse).request("POST", "/rpc/guarded", body=b"{}")
    assert b'"defined":true' in (await guarded).body


async def test_a_context_that_can_be_called_is_not_called_again() -> None:
    class Callable:
        def __call__(self) -> None:
            raise AssertionError

        def __str__(self) -> str:
            return "made"

    async def make_context(_request: Request) -> Callable:
        return Callable()

    short, _ = shop_clients(RPCHandler, "/rpc", make_context)
    response = await short.request("POST", "/rpc/order", body=b'{"json":{"customerId":1}}')
    assert response.status == 400
    response = await short.request("POST", "/rpc/order", body=b'{"json":{"customerId":"c1"}}')
    assert response.body == b'{"json":{"text":"made: c1","total":1,"paidAt":null}}'


async def test_a_client_that_left_before_its_body_calls_nothing() -> None:
    gate = Gate()
    client = rpc_client(gate)
    async with client.exchange("POST", "/rpc/suspend", complete=False) as exchange:
        exchange.disconnect()
        await exchange.ended()
    assert not gate.entered.is_set()


def shortcuts(router: Router[Any], codec: Codec) -> set[str]:
    return {
        operation.name
        for operation in Operations(router)
        if make_shortcut((operation, NO_PARAMS), codec) is not None
    }


def test_every_whole_json_call_has_a_shortcut() -> None:
    rpc = shortcuts(fixture_router(), RPCCodec(RPCSerializer()))
    names = {operation.name for operation in Operations(fixture_router())}
    assert rpc == names - {"stream"}
    openapi = OpenAPICodec(OpenAPISerializer(), None)
    assert shortcuts(shop.router(), openapi) == {*PATHS, "read"}


def test_an_answer_without_length_has_no_shortcut() -> None:
    class Quiet(Contract):
        done = post("/done").route(success_status=204)

    quiet = implement(Quiet)

    @quiet.handler(Quiet.done)
    async def done(_context: None) -> None:
        return None

    assert not shortcuts(quiet.router(), OpenAPICodec(OpenAPISerializer(), None))


async def test_validation_left_out_is_left_out_on_the_short_way_too() -> None:
    class Loose(Contract):
        echo = procedure().input(Number).output(Number)

    async def echo(_context: None, input: Any) -> Any:
        return input

    left_out = float("nan")
    loose = Router(
        Loose,
        {
            "echo": Procedure(
                Loose.echo, echo, input_validation_index=left_out, output_validation_index=left_out
            )
        },
    )
    client = ASGIClient(RPCHandler(loose).asgi())
    response = await client.request("POST", "/echo", body=b'{"json":{"n":"text"}}')
    assert response.body == b'{"json":{"n":"text"}}'
