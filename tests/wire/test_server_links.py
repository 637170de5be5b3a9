"""The plugins and helpers of real clients, each against what our server offers it."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.node_peer import ask_node, peers_installed

from rawr.contract import (
    Contract,
    ORPCError,
    TypedError,
    event_result,
    get,
    post,
    procedure,
    with_event_meta,
)
from rawr.http import (
    ASGIApp,
    OpenAPIHandler,
    Receive,
    Request,
    RPCHandler,
    Scope,
    Send,
)
from rawr.http.plugins import (
    Batch,
    Compression,
    CSRFProtection,
    MemoryRateLimiter,
    RateLimit,
    ResponseHeaders,
    response_headers,
)
from rawr.procedure import Call, Router, implement
from rawr.schema import Schema
from rawr.wire.rpc import CustomType

from .golden_router import ANY, identity
from .serving import serving

pytestmark = pytest.mark.node

EXPECTED_CASES = 21


class Number(Schema):
    n: int


class Sum(Schema):
    sum: int


class Key(Schema):
    key: str


class Gone(TypedError[Number], code="GONE", status=410):
    """gone"""


class Linked(Contract):
    echo = post("/echo").input(ANY).output(ANY)
    double = get("/double").input(Number).output(Number)
    lying = post("/lying").output(int)
    watch = get("/watch").input(Key).streams(Number, returns=Sum)
    gone = post("/gone").errors(Gone)
    limited = procedure().input(str).output(str)
    counted = get().input(Key).output(int)


@dataclass(frozen=True)
class Money:
    amount: str


MONEY = CustomType(tag=20, type=Money, serialize=lambda money: money.amount, deserialize=Money)


class Cut(Exception):
    """The connection breaks here."""


def router() -> Router[None]:
    os, times = implement(Linked), Counter[str]()

    @os.handler(Linked.echo)
    async def echo(_context: None, input: Any) -> Any:
        response_headers().append("x-added", "echo")
        return await identity(None, input)

    @os.handler(Linked.double)
    async def double(_context: None, input: Number) -> Number:
        return Number(n=2 * input.n)

    @os.handler(Linked.lying)
    async def lying(_context: None) -> int:
        return 5

    @os.handler(Linked.gone)
    async def gone(_context: None) -> None:
        raise Gone(Number(n=4))

    @os.handler(Linked.limited)
    async def limited(_context: None, input: str) -> str:
        return "let in"

    @os.handler(Linked.counted)
    async def counted(_context: None, input: Key) -> int:
        times[input.key] += 1
        return times[input.key]

    @os.stream(Linked.watch)
    async def watch(_context: None, input: Key, call: Call[None, Key]) -> AsyncIterator[Number]:
        times[input.key] += 1
        if input.key.startswith("busy") and times[input.key] < 3:
            raise ORPCError("SERVICE_UNAVAILABLE")
        return numbers(int(call.last_event_id or 0), is_cut=input.key.startswith("cut"))

    return os.router()


async def numbers(after: int, *, is_cut: bool) -> AsyncIterator[Number]:
    for n in range(after + 1, 4):
        yield with_event_meta(Number(n=n), id=str(n), retry=7)
        if is_cut and n < 3:
            raise Cut
    yield event_result(Sum(sum=6))


def by_client(request: Request) -> str | None:
    """Limits the one procedure that says so, for each client by itself."""
    is_limited = request.operation.name == "limited"
    return request.headers.get("x-client") if is_limited else None


def own_error_body(error: ORPCError[Any]) -> object | None:
    return {"problem": error.code, "detail": error.dump_data()} if error.code == "GONE" else None


def application() -> ASGIApp:
    limit = RateLimit(MemoryRateLimiter(limit=1, period_seconds=1), key=by_client)
    plugins = [CSRFProtection(), Compression(), ResponseHeaders(), limit]
    served = router()
    rpc = RPCHandler(
        served, plugins=[*plugins, Batch()], custom_types=[MONEY], max_body_bytes=100_000
    ).asgi(prefix="/rpc")
    openapi = OpenAPIHandler(served, plugins=plugins, encode_error_body=own_error_body)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def cutting(message: Any) -> None:
            if b"event: error" in message.get("body", b""):
                raise ConnectionResetError("cut where an event iterator failed")
            await send(message)

        if scope["type"] == "lifespan" or not await openapi.handle(
            scope, receive, cutting, prefix="/api"
        ):
            await rpc(scope, receive, cutting)

    return app


def test_plugins_of_real_clients_work_with_our_server(subtests: pytest.Subtests) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    with serving(application()) as base_url:
        outcome = ask_node("peers/links.mjs", {"baseUrl": base_url})
    assert len(outcome) == EXPECTED_CASES
    for name, failure in outcome.items():
        with subtests.test(name):
            assert failure is None
