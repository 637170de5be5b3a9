"""The procedures of `tests/node/peers.mjs`, served by us."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from rawr.contract import (
    Contract,
    ORPCError,
    ProcedureContract,
    TypedError,
    get,
    post,
    procedure,
    put,
    with_event_meta,
)
from rawr.procedure import Call, Router, implement
from rawr.schema import UNDEFINED, Schema, SchemaMode

from .golden_cases import DAY, EPOCH, FILES, VALUES


class Whatever:
    """A schema that takes values as the wire gives them."""

    def validate(self, value: object) -> Any:
        return value

    def dump(self, value: Any) -> object:
        return value

    def json_schema(
        self, mode: SchemaMode = "input", *, ref_template: str = ""
    ) -> dict[str, object]:
        return {}


ANY = Whatever()


class Number(Schema):
    n: int


class Amount(Schema):
    amt: int


class Payment(TypedError[Amount], code="PAYMENT", status=402):
    """pay"""


class Lost(Schema):
    a: int


class Gone(TypedError[Lost], code="GONE", status=410):
    """gone"""


class Planet(Schema):
    id: str
    tags: list[str] | None = None


def anything(start: ProcedureContract[None, None]) -> ProcedureContract[Any, Any]:
    return start.input(ANY).output(ANY)


Nested: type[Contract] = type(
    "Nested", (Contract,), {"a b/c": anything(procedure())}, camel_case=False
)


class RPC(Contract):
    echo = anything(procedure())
    nothing = procedure()
    read = anything(get())
    value = anything(procedure())
    file = anything(procedure())
    validate = procedure().input(Number).output(int)
    bad_output = procedure().output(str)
    plain_error = procedure()
    conflict = procedure()
    custom = procedure()
    teapot = procedure()
    defined = procedure().errors(Payment)
    undeclared_data = procedure().errors(Payment)
    stream = procedure().input(ANY).streams(ANY)
    typed_stream = procedure().streams(Number)
    resume = procedure().input(Number).streams(Number)
    endless = procedure().streams(Number)
    slow = procedure()
    left = procedure().output(int)
    nested: Nested  # type: ignore[valid-type]  # made by a call: its procedure has no Python name


class OpenAPI(Contract):
    find = get("/planets/{id}").input(Planet).output(Planet)
    search = anything(get("/planets"))
    create = anything(post("/planets").route(success_status=201))
    value = anything(post("/value"))
    file = anything(post("/file"))
    nothing = post("/nothing")
    upload = post("/upload").input(ANY).output(str)
    gone = post("/gone").errors(Gone)
    stream = post("/stream").input(ANY).streams(ANY)
    reflect = anything(post("/reflect"))
    rest = anything(get("/rest/{+path}"))
    detailed = anything(
        put("/detailed/{id}").route(input_structure="detailed", output_structure="detailed")
    )


async def identity(_context: None, input: Any) -> Any:
    return input


async def stored_value(_context: None, input: Any) -> Any:
    return VALUES[input if isinstance(input, str) else input["name"]]


async def stored_file(_context: None, input: Any) -> Any:
    return FILES[input if isinstance(input, str) else input["name"]]


async def nothing(_context: None) -> None:
    return None


def raising(error: Exception) -> Any:
    async def handler(_context: None) -> Any:
        raise error

    return handler


async def rpc_stream(_context: None, input: Any) -> AsyncIterator[Any]:
    match input:
        case "items":
            yield {"n": 1}
            yield DAY
            yield UNDEFINED
        case "meta":
            yield with_event_meta({"d": EPOCH}, id="e2", retry=1500, comments=("hello",))
        case "error":
            yield 1
            raise ORPCError("TEAPOT", status=418, data=1)
        case "plainError":
            raise RuntimeError("secret")
        case _:
            return


async def typed_stream(_context: None) -> AsyncIterator[Any]:
    yield {"n": "wrong"}


async def openapi_stream(_context: None, input: Any) -> AsyncIterator[Any]:
    yield {"d": DAY}
    yield UNDEFINED
    if input.get("fails"):
        raise ORPCError("TEAPOT", status=418, data={"at": DAY})


def rpc_router() -> Router[None]:
    os, nested = implement(RPC), implement(Nested)
    nested.handler(Nested.contract_procedures["a b/c"])(identity)
    for contract in (RPC.echo, RPC.read):
        os.handler(contract)(identity)
    os.handler(RPC.nothing)(nothing)
    os.handler(RPC.value)(stored_value)
    os.handler(RPC.file)(stored_file)

    @os.handler(RPC.validate)
    async def validate(_context: None, input: Number) -> int:
        return input.n

    @os.handler(RPC.bad_output)
    async def bad_output(_context: None) -> Any:
        return 1

    os.handler(RPC.plain_error)(raising(RuntimeError("secret")))
    os.handler(RPC.conflict)(raising(ORPCError("CONFLICT")))
    os.handler(RPC.custom)(raising(ORPCError("CUSTOM", data={"d": EPOCH})))
    os.handler(RPC.teapot)(raising(ORPCError("TEAPOT", status=418, message="short and stout")))
    os.handler(RPC.defined)(raising(Payment(Amount(amt=1))))
    os.handler(RPC.undeclared_data)(raising(ORPCError("PAYMENT", status=402, data={"amt": "x"})))
    os.stream(RPC.stream)(rpc_stream)
    os.stream(RPC.typed_stream)(typed_stream)
    _long_running(os)
    return os.router(nested=nested.router())


def _long_running(os: Any) -> None:
    """Procedures whose callers may leave; `left` counts those who did."""
    left: list[str] = []

    @os.stream(RPC.resume)
    async def resume(_context: None, input: Number, call: Call[None]) -> AsyncIterator[Number]:
        yield Number(n=int(call.last_event_id or 0) + input.n)

    @os.stream(RPC.endless)
    async def endless(_context: None) -> AsyncIterator[Number]:
        try:
            yield Number(n=1)
            await asyncio.Event().wait()
        finally:
            left.append("endless")

    @os.handler(RPC.slow)
    async def slow(_context: None) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("slow")

    @os.handler(RPC.left)
    async def count(_context: None) -> int:
        return len(left)


async def detailed(_context: None, input: Any) -> Any:
    headers = {"x-seen": input.pop("headers").get("x-own", "")}
    return {"status": 202, "headers": headers, "body": input}


def openapi_router() -> Router[None]:
    os = implement(OpenAPI)

    @os.handler(OpenAPI.find)
    async def find(_context: None, input: Planet) -> Planet:
        return input

    @os.handler(OpenAPI.upload)
    async def upload(_context: None, _input: Any) -> str:
        return "ok"

    for contract in (OpenAPI.search, OpenAPI.create, OpenAPI.reflect, OpenAPI.rest):
        os.handler(contract)(identity)
    os.handler(OpenAPI.value)(stored_value)
    os.handler(OpenAPI.file)(stored_file)
    os.handler(OpenAPI.nothing)(nothing)
    os.handler(OpenAPI.detailed)(detailed)
    os.handler(OpenAPI.gone)(raising(Gone(Lost(a=1))))
    os.stream(OpenAPI.stream)(openapi_stream)
    return os.router()
