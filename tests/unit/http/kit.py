"""A contract that goes through every rule of the handlers, and clients for it."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from rawr.contract import (
    Contract,
    ORPCError,
    TypedError,
    get,
    procedure,
    with_event_meta,
)
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.procedure import Call, Router, implement
from rawr.schema import File, Schema
from rawr.testing.asgi import ASGIClient


class Number(Schema):
    n: int


class Paid(Schema):
    amount: int


class PaymentRequired(TypedError[Paid], code="PAYMENT", status=402):
    """Pay first."""


class Unauthorized(TypedError[None], code="UNAUTHORIZED"):
    """Sign in first."""


class Deeper(Contract):
    ping = procedure().output(str)


Nested: Any = type("Nested", (Contract,), {"a b/c": procedure().output(str)}, camel_case=False)


class Fixture(Contract):
    echo = procedure().input(Any).output(Any)
    nothing = procedure()
    validate = procedure().input(Number).output(Number)
    optional = procedure().input(Number | None).output(bool)  # type: ignore[arg-type]  # checkers do not see a union as a type
    bad_output = procedure().output(Number)
    plain_error = procedure()
    fail = procedure().input(str).errors(PaymentRequired)
    get_only = get().input(Number).output(Number)
    stream = procedure().input(str).streams(Number).errors(PaymentRequired)
    file = procedure().input(File).output(File)
    suspend = procedure().output(str)
    guarded = procedure().output(str).errors(Unauthorized)
    deeper: Deeper


Json: TypeAlias = Any


class Gate:
    """Lets a test hold a handler, and see what became of it."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()
        self.left: list[str] = []


os = implement(Fixture, Gate)
deeper = implement(Deeper, Gate)


@deeper.handler(Deeper.ping)
async def ping(context: Gate) -> str:
    return "pong"


@os.handler(Fixture.echo)
async def echo(context: Gate, input: Any) -> Any:
    return input


@os.handler(Fixture.nothing)
async def nothing(context: Gate) -> None:
    return None


@os.handler(Fixture.validate)
async def validate(context: Gate, input: Number) -> Number:
    return input


@os.handler(Fixture.optional)
async def optional(context: Gate, input: Number | None) -> bool:
    return input is None


@os.handler(Fixture.bad_output)
async def bad_output(context: Gate) -> Number:
    wrong: Any = {"n": "not a number"}
    return wrong


@os.handler(Fixture.plain_error)
async def plain_error(context: Gate) -> None:
    raise RuntimeError("the password is hunter2")


@os.handler(Fixture.fail)
async def fail(context: Gate, input: str) -> None:
    match input:
        case "typed":
            raise PaymentRequired(Paid(amount=3))
        case "same":
            raise ORPCError("PAYMENT", status=402, data={"amount": 4})
        case "other status":
            raise ORPCError("PAYMENT", status=403, data={"amount": 4})
        case "other data":
            raise ORPCError("PAYMENT", status=402, data="much")
        case "dated":
            raise ORPCError("CUSTOM", data={"d": dt.datetime(1970, 1, 1, tzinfo=dt.UTC)})
        case _:
            raise ORPCError("CUSTOM", data=object())


@os.handler(Fixture.get_only)
async def get_only(context: Gate, input: Number) -> Number:
    return input


@os.stream(Fixture.stream)
async def stream(context: Gate, input: str, call: Call[Gate]) -> AsyncIterator[Number]:
    try:
        if call.last_event_id is not None:
            yield Number(n=int(call.last_event_id) + 1)
            return
        yield Number(n=1)
        match input:
            case "meta":
                yield with_event_meta(Number(n=2), id="e2", retry=1500, comments=("hello",))
            case "typed":
                raise PaymentRequired(Paid(amount=3))
            case "plain":
                raise RuntimeError("the password is hunter2")
            case "unencodable":
                raise ORPCError("CUSTOM", data=object())
            case "bad item":
                wrong: Any = {"n": "x"}
                yield wrong
            case "endless":
                context.entered.set()
                await context.opened.wait()
                yield Number(n=2)
    finally:
        context.left.append("stream")


@os.handler(Fixture.file)
async def file(context: Gate, input: File) -> File:
    return input


@os.handler(Fixture.suspend)
async def suspend(context: Gate) -> str:
    context.entered.set()
    try:
        await context.opened.wait()
    except asyncio.CancelledError:
        context.left.append("cancelled")
        raise
    return "done"


@os.handler(Fixture.guarded)
async def guarded(context: Gate) -> str:
    return "secret"


def fixture_router() -> Router[Gate]:
    return os.router(deeper=deeper.router())


def rpc_client(context: object = None, **options: Any) -> ASGIClient:
    """A client of the fixture on `/rpc`."""
    handler = RPCHandler(fixture_router(), **options)
    return ASGIClient(handler.asgi(prefix="/rpc", context=context or Gate()))


def openapi_client(router: Router[Any], context: object = None, **options: Any) -> ASGIClient:
    """A client of a router on `/api`."""
    return ASGIClient(OpenAPIHandler(router, **options).asgi(prefix="/api", context=context))
