"""The interop matrix: what may travel, over which transports, and what each side must see.

Rows times transports are the cells; each is tested in both directions (our clients against a
real server, real clients against ours) unless `IMPOSSIBLE` says why it cannot be. The
procedures' twin in JavaScript is `tests/node/peers/interop_cases.mjs`.
"""

import datetime as dt
import math
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, TypeAlias

from rawr.contract import (
    Contract,
    ORPCError,
    TypedError,
    event_result,
    get,
    post,
    with_event_meta,
)
from rawr.procedure import Call, Router, implement
from rawr.schema import UNDEFINED, RegExp, Schema
from rawr.wire import INVALID_DATE, Map, MapEntries, SetMembers

from .golden_cases import DAY, FILES, VALUES
from .golden_router import ANY

Row: TypeAlias = str
Transport: TypeAlias = str
Cell: TypeAlias = tuple[Row, Transport]

GET_TRANSPORTS: Final = ("rpc get", "batch get")
BATCHES: Final = ("batch streaming", "batch buffered", "batch get")
TRANSPORTS: Final = ("rpc post", "rpc get", "openapi", "websocket", *BATCHES)

ERRORS: Final[Mapping[str, tuple[bool, str, int, str, object]]] = {
    # kind: (defined, code, status, message, data)
    "defined": (True, "PAYMENT", 402, "pay", {"amt": 1}),
    "undeclaredData": (False, "PAYMENT", 402, "PAYMENT", {"amt": "x"}),
    "common": (False, "CONFLICT", 409, "Conflict", UNDEFINED),
    "custom": (False, "CUSTOM", 500, "CUSTOM", {"d": DAY}),
    "ownStatus": (False, "TEAPOT", 418, "short and stout", UNDEFINED),
    "unexpected": (False, "INTERNAL_SERVER_ERROR", 500, "Internal server error", UNDEFINED),
    "badOutput": (False, "INTERNAL_SERVER_ERROR", 500, "Output validation failed", UNDEFINED),
}

STREAMS: Final[Mapping[str, tuple[list[object], object]]] = {
    # kind: (items, what comes last: a result or an error's code)
    "items": ([{"n": 1}, {"at": DAY}, UNDEFINED], UNDEFINED),
    "result": ([{"n": 1}], {"total": 3}),
    "meta": ([{"n": 1}], UNDEFINED),
    "resume": ([{"n": 42}], UNDEFINED),
    "declaredError": ([{"n": 1}], "PAYMENT"),
    "unexpectedError": ([{"n": 1}], "INTERNAL_SERVER_ERROR"),
    "empty": ([], UNDEFINED),
    "tally": ([{"n": 1}], {"total": 3}),
    "tallyWrong": ([{"n": 1}], "EVENT_ITERATOR_VALIDATION_FAILED"),
    "tallyNothing": ([{"n": 1}], "EVENT_ITERATOR_VALIDATION_FAILED"),
}

ROWS: Final[tuple[Row, ...]] = (
    *(f"value {name}" for name in VALUES),
    *(f"stored value {name}" for name in VALUES),
    *(f"file {name}" for name in FILES),
    *(f"stored file {name}" for name in FILES),
    *(f"error {kind}" for kind in ERRORS),
    "error invalidInput",
    "error notFound",
    "error strictGet",
    *(f"stream {kind}" for kind in STREAMS),
)

_NO_STREAM: Final = "batches carry no event iterators: such a call answers 500 and goes alone"
_NO_FILE: Final = "batches carry no files: the answer would be 500"
_STRICT_GET: Final = {
    "rpc post": "strict GET is about GET",
    "openapi": "OpenAPI routes by method: another one is not found",
    "websocket": "websocket handlers do not check the method",
    "batch streaming": "strict GET is about GET",
    "batch buffered": "strict GET is about GET",
}

IMPOSSIBLE: Final[Mapping[Cell, str]] = {
    **{(f"stream {kind}", batch): _NO_STREAM for kind in STREAMS for batch in BATCHES},
    **{(f"stored file {name}", batch): _NO_FILE for name in FILES for batch in BATCHES},
    **{("error strictGet", transport): reason for transport, reason in _STRICT_GET.items()},
}
"""Cells no transport can have, each with the reason the protocol gives."""

CELLS: Final[tuple[Cell, ...]] = tuple(
    (row, transport)
    for row in ROWS
    for transport in TRANSPORTS
    if (row, transport) not in IMPOSSIBLE
)


class Name(Schema):
    name: str


class Kind(Schema):
    kind: str


class Number(Schema):
    n: float


class Total(Schema):
    total: int


class Amount(Schema):
    amt: int


class Payment(TypedError[Amount], code="PAYMENT", status=402):
    """pay"""


class Interop(Contract, errors=[Payment]):
    echo = post("/echo").input(ANY).output(ANY)
    read = get("/read").input(ANY).output(ANY)
    stored = get("/stored/{name}").input(Name).output(ANY)
    file = get("/file/{name}").input(Name).output(ANY)
    fail = get("/fail/{kind}").input(Kind).output(str)
    validate = get("/validate").input(ANY).output(float)
    stream = get("/stream/{kind}").input(Kind).streams(ANY)
    tally = get("/tally/{kind}").input(Kind).streams(ANY, returns=ANY)
    missing = post("/missing").output(str)


class Served(Contract, errors=[Payment]):
    """What our server has of it: all but the missing one, with strict input."""

    echo = Interop.echo
    read = Interop.read
    stored = Interop.stored
    file = Interop.file
    fail = Interop.fail
    validate = get("/validate").input(Number).output(float)
    stream = Interop.stream
    tally = get("/tally/{kind}").input(Kind).streams(Number, returns=Total)


def as_json(value: Any) -> Any:
    """The value after a trip through the OpenAPI protocol, which is plain JSON."""
    for kind, convert in _AS_JSON:
        if isinstance(value, kind):
            return convert(value)
    return value


def _list_as_json(members: Any) -> list[Any]:
    return [None if item is UNDEFINED else as_json(item) for item in members]


_AS_JSON: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (type(INVALID_DATE), lambda _: None),
    (dt.datetime, lambda value: value.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
    (RegExp, str),
    (bool, bool),
    (int, lambda value: value if abs(value) < 2**53 else str(value)),
    (float, lambda value: value if math.isfinite(value) else None),
    (Map, lambda value: _list_as_json(value.items())),
    (dict, lambda value: {k: as_json(v) for k, v in value.items() if v is not UNDEFINED}),
    ((MapEntries, SetMembers, list, set, tuple), _list_as_json),
)


def with_numbers(value: Any) -> Any:
    """The value with digits read as numbers, as JavaScript's small bigints and forms need."""
    if isinstance(value, list | tuple):
        return [with_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: with_numbers(item) for key, item in value.items()}
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d+", value) else value


def router() -> Router[None]:
    """The procedures, served by us."""
    os = implement(Served)

    @os.handler(Served.stored)
    async def stored(_context: None, input: Name) -> Any:
        return VALUES[input.name]

    @os.handler(Served.file)
    async def file(_context: None, input: Name) -> Any:
        return FILES[input.name]

    @os.handler(Served.validate)
    async def validate(_context: None, input: Number) -> float:
        return input.n

    @os.stream(Served.stream)
    async def stream(_context: None, input: Kind, call: Call[None]) -> AsyncIterator[Any]:
        return _items(input.kind, call.last_event_id)

    @os.stream(Served.tally)
    async def tally(_context: None, input: Kind) -> AsyncIterator[Number]:
        yield Number(n=1)
        if input.kind != "tallyNothing":
            yield event_result({"total": 3 if input.kind == "tally" else "three"})

    for contract in (Served.echo, Served.read):
        os.handler(contract)(_identity)
    os.handler(Served.fail)(_fail)
    return os.router()


async def _identity(_context: None, input: Any) -> Any:
    return input


async def _fail(_context: None, input: Kind) -> Any:
    match input.kind:
        case "defined":
            raise Payment(Amount(amt=1))
        case "undeclaredData":
            raise ORPCError("PAYMENT", status=402, data={"amt": "x"})
        case "common":
            raise ORPCError("CONFLICT")
        case "custom":
            raise ORPCError("CUSTOM", data={"d": DAY})
        case "ownStatus":
            raise ORPCError("TEAPOT", status=418, message="short and stout")
        case "unexpected":
            raise RuntimeError("secret")
        case _:
            return 5


async def _items(kind: str, last_event_id: str | None) -> AsyncIterator[Any]:
    match kind:
        case "items":
            yield {"n": 1}
            yield {"at": DAY}
            yield UNDEFINED
        case "result":
            yield {"n": 1}
            yield event_result({"total": 3})
        case "meta":
            yield with_event_meta({"n": 1}, id="e1", retry=1500, comments=("hello",))
        case "resume":
            yield with_event_meta({"n": int(last_event_id or 0) + 1}, id="e2")
        case "declaredError":
            yield {"n": 1}
            raise Payment(Amount(amt=7))
        case "unexpectedError":
            yield {"n": 1}
            raise RuntimeError("secret")
