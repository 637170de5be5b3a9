"""Our clients against our own handlers, in process: both ends agree with themselves."""

import datetime as dt
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import Field

from rawr.client import (
    ASGITransport,
    CallContext,
    ConnectionLost,
    HTTPLink,
    OpenAPILink,
    ReconnectLink,
    RPCLink,
    TimedOut,
    contract_method,
    create_client,
)
from rawr.contract import (
    Contract,
    ORPCError,
    TypedError,
    get,
    post,
    procedure,
    with_event_meta,
)
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.procedure import Call, implement
from rawr.schema import UNDEFINED, File, RegExp, Schema, Undefined, Url
from rawr.wire import Map


class Everything(Schema):
    text: str
    whole: int
    number: float
    flag: bool
    nothing: None
    moment: dt.datetime
    day: dt.date
    money: Decimal
    url: Url
    expression: RegExp
    members: frozenset[int]
    by_number: dict[int, str]
    maybe: int | Undefined = UNDEFINED
    nested: "Everything | None" = None


class Query(Schema):
    id: int
    tags: tuple[str, ...] = ()
    since: dt.datetime | None = None
    limits: dict[int, float] = Field(default_factory=dict)


class Tick(Schema):
    n: int
    at: dt.datetime


class Line(msgspec.Struct, rename="camel"):
    unit_price: int
    due: dt.datetime | None = None


class Missing(TypedError[Query], code="MISSING", status=404):
    """Missing."""


class Own(Contract, prefix="/own"):
    every = post("/every").input(Everything).output(Everything)
    find = get("/things/{id}").input(Query).output(Query).errors(Missing)
    lines = post("/lines").input(Line).output(list[Line])
    ticks = get("/ticks").input(Query).streams(Tick).errors(Missing)
    upload = post("/upload").input(File).output(File)
    nothing = procedure()
    slow = procedure().output(str)
    broken = procedure().output(str)


NOW = dt.datetime(2022, 1, 1, 12, 0, 0, 123000, tzinfo=dt.UTC)
EVERYTHING = Everything(
    text="ü\u2028",
    whole=2**70,
    number=0.1,
    flag=True,
    nothing=None,
    moment=NOW,
    day=NOW.date(),
    money=Decimal("1.50"),
    url=Url("https://x.y/"),
    expression=RegExp("a", "i"),
    members=frozenset({1, 2}),
    by_number={1: "a"},
)


class Log:
    """What handlers saw of their callers leaving."""

    def __init__(self) -> None:
        self.cancelled = anyio.Event()
        self.closed = anyio.Event()


os = implement(Own, Log)


@os.handler(Own.every)
async def every(context: Log, input: Everything) -> Everything:
    return input


@os.handler(Own.find)
async def find(context: Log, input: Query) -> Query:
    if input.id == 404:
        raise Missing(input)
    return input


@os.handler(Own.lines)
async def lines(context: Log, input: Line) -> list[Line]:
    return [input, Line(input.unit_price + 1)]


@os.stream(Own.ticks)
async def ticks(context: Log, input: Query, call: Call[Log]) -> AsyncIterator[Tick]:
    try:
        for n in range(int(call.last_event_id or -1) + 1, input.id):
            yield with_event_meta(Tick(n=n, at=NOW), id=str(n), retry=0)
        if input.tags == ("fail",):
            raise Missing(input)
        if input.tags == ("break",) and call.last_event_id is None:
            raise ConnectionError
        if input.tags == ("wait",):
            await anyio.sleep_forever()
    finally:
        context.closed.set()


@os.handler(Own.upload)
async def upload(context: Log, input: File) -> File:
    return File(input.content[::-1], input.media_type, f"re-{input.name}")


@os.handler(Own.nothing)
async def nothing(context: Log) -> None:
    return None


@os.handler(Own.slow)
async def slow(context: Log) -> str:
    try:
        await anyio.sleep_forever()
    finally:
        context.cancelled.set()
    return ""


@os.handler(Own.broken)
async def broken(context: Log) -> str:
    raise ValueError("secret")


ROUTER = os.router()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture(params=["rpc", "rpc with GET", "openapi"])
async def link(request: pytest.FixtureRequest, log: Log) -> AsyncIterator[HTTPLink]:
    handler: RPCHandler[Log] | OpenAPIHandler[Log]
    handler = OpenAPIHandler(ROUTER) if request.param == "openapi" else RPCHandler(ROUTER)
    async with ASGITransport(handler.asgi(prefix="/x", context=log)) as transport:
        if request.param == "openapi":
            yield OpenAPILink("http://hq/x", client=transport)
        else:
            method: Any = contract_method if "GET" in request.param else "POST"
            yield RPCLink("http://hq/x", client=transport, method=method)


@pytest.fixture
def own(link: HTTPLink) -> Own:
    return create_client(Own, link)


async def test_every_type_of_a_model_arrives_as_it_was_sent(own: Own) -> None:
    value = EVERYTHING
    assert await own.every(value) == value
    nested = value.model_copy(update={"nested": value, "maybe": 3})
    assert await own.every(nested) == nested


async def test_get_reads_path_and_query(own: Own) -> None:
    query = Query(id=7, tags=("a b", "c&d"), since=NOW, limits={1: 0.5, 2: 1.0})
    assert await own.find(query) == query


async def test_declared_errors_are_their_classes(own: Own) -> None:
    with pytest.raises(Missing) as caught:
        await own.find(Query(id=404))
    assert caught.value.data == Query(id=404)


async def test_structs_are_schemas_too(own: Own) -> None:
    assert await own.lines(Line(1, NOW)) == [Line(1, NOW), Line(2)]


async def test_no_output_is_none(own: Own) -> None:
    assert await own.nothing() is None


async def test_files_go_both_ways(own: Own) -> None:
    answer = await own.upload(File(b"abc", "text/csv", 'é "x".csv'))
    assert answer == File(b"cba", "text/csv", 're-é "x".csv')


async def test_streams_give_typed_items(own: Own) -> None:
    async with await own.ticks(Query(id=3)) as events:
        assert [item async for item in events] == [Tick(n=n, at=NOW) for n in range(3)]
    assert events.last_event_id == "2"


async def test_streams_resume(own: Own) -> None:
    async with await own.ticks(Query(id=5), last_event_id="2") as events:
        assert [item.n async for item in events] == [3, 4]


async def test_streams_end_with_declared_errors(own: Own) -> None:
    events = await own.ticks(Query(id=1, tags=("fail",)))
    await anext(events)
    with pytest.raises(Missing):
        await anext(events)


async def test_closing_a_stream_reaches_the_handler(own: Own, log: Log) -> None:
    async with await own.ticks(Query(id=1, tags=("wait",))) as events:
        await anext(events)
    with anyio.fail_after(5):
        await log.closed.wait()


async def test_a_timeout_reaches_the_handler(own: Own, log: Log) -> None:
    with pytest.raises(TimedOut):
        await own.slow(context=CallContext(timeout=0.05))
    with anyio.fail_after(5):
        await log.cancelled.wait()


async def test_unexpected_failures_tell_nothing(own: Own) -> None:
    with pytest.raises(ORPCError, match="Internal server error") as caught:
        await own.broken()
    assert (caught.value.status, caught.value.data) == (500, UNDEFINED)


async def test_reconnecting_passes_on_what_is_no_broken_connection(link: HTTPLink) -> None:
    client = create_client(Own, ReconnectLink(link))
    events = await client.ticks(Query(id=2, tags=("break",)))
    with pytest.raises(ORPCError, match="Internal server error"):
        [item async for item in events]


class Loose(Contract):
    echo = procedure().input(object).output(object)


@pytest.fixture(scope="module")
def loose_router() -> Any:
    implementer = implement(Loose)

    @implementer.handler(Loose.echo)
    async def echo(context: None, input: object) -> object:
        return input

    return implementer.router()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(min_value=-(2**53), max_value=2**53).map(lambda number: number + 0.0)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.datetimes(timezones=st.just(dt.UTC)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), children, max_size=4)
        | st.frozensets(st.integers() | st.text("abc"), max_size=4).map(set)
        | st.dictionaries(st.integers(), children, min_size=1, max_size=4).map(Map)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(VALUES)
async def test_any_value_survives_the_round_trip(loose_router: Any, value: object) -> None:
    app = RPCHandler(loose_router).asgi(prefix="/rpc", context=None)
    async with ASGITransport(app) as transport:
        client = create_client(Loose, RPCLink("http://hq/rpc", client=transport))
        assert await client.echo(value) == value


async def test_an_application_that_fails_is_a_lost_connection() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("x")

    async def stops(scope: Any, receive: Any, send: Any) -> None:
        return

    async def half(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ValueError("x")

    for app in (fails, stops, half):
        async with ASGITransport(app) as transport:
            client = create_client(Loose, RPCLink("http://hq/rpc", client=transport))
            with pytest.raises(ConnectionLost):
                await client.echo(1)


async def test_an_asgi_transport_must_be_entered() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    client = create_client(Loose, RPCLink("http://hq/rpc", client=ASGITransport(app)))
    with pytest.raises(RuntimeError, match="async with ASGITransport"):
        await client.echo(1)
