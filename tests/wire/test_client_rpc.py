"""RPCLink against a real @orpc/server 1.16.1."""

import datetime as dt
import math
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from tests.wire.node_server import Due, Fixtures, Forbidden, Kind, Number, Payment, node_server

from rawr.client import (
    CallContext,
    ConnectionLost,
    ContractMismatch,
    LinkError,
    ProtocolError,
    Redirected,
    ResponseTooLarge,
    RPCLink,
    TimedOut,
    contract_method,
    create_client,
)
from rawr.contract import EventIterator, ORPCError
from rawr.schema import UNDEFINED, File, RegExp, Url
from rawr.wire import INVALID_DATE, Map, SetMembers

__all__ = ["node_server"]

pytestmark = pytest.mark.node

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
async def orpc(node_server: str) -> AsyncIterator[Fixtures]:
    async with RPCLink(f"{node_server}/rpc") as link:
        yield create_client(Fixtures, link)


VALUES: dict[str, tuple[object, object]] = {
    # name: (what is sent, what JavaScript sees)
    "text": ("ü\u2028\U0001f600", "string:ü\u2028\U0001f600"),
    "integer": (1, "number:1"),
    "whole float": (1.0, "number:1"),
    "float": (1.5, "number:1.5"),
    "small float": (1e-7, "number:1e-7"),
    "true": (True, "boolean:true"),
    "null": (None, "null"),
    "bigint": (2**64, "bigint:18446744073709551616"),
    "safe integer": (2**53 - 1, "number:9007199254740991"),
    "first bigint": (2**53, "bigint:9007199254740992"),
    "date": (
        dt.datetime(2022, 1, 1, 1, 0, 0, 123999, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        "date:2022-01-01T00:00:00.123Z",
    ),
    "invalid date": (INVALID_DATE, "date:invalid"),
    "nan": (math.nan, "nan"),
    "infinity is lost": (math.inf, "null"),
    "undefined": (UNDEFINED, "undefined:undefined"),
    "undefined in a list": ([UNDEFINED, 1], ["undefined:undefined", "number:1"]),
    "undefined in an object": ({"a": UNDEFINED, "b": 1}, {"b": "number:1"}),
    "url": (Url("https://x.y/z?q=1"), "url:https://x.y/z?q=1"),
    "regexp": (RegExp("a\\/b", "gi"), "regexp:/a\\/b/gi"),
    "set": ({1}, {"set": ["number:1"]}),
    "frozenset": (frozenset({EPOCH}), {"set": ["date:1970-01-01T00:00:00.000Z"]}),
    "map": (Map({"k": EPOCH}), {"map": [["string:k", "date:1970-01-01T00:00:00.000Z"]]}),
    "dict with numbers": ({1: 2}, {"map": [["number:1", "number:2"]]}),
    "nested": (
        {"set": SetMembers([Map({1: {2**64}})])},
        {"set": {"set": [{"map": [["number:1", {"set": ["bigint:18446744073709551616"]}]]}]}},
    ),
    "empty object": ({}, {}),
    "file": (File(b"abc", "text/plain", "n.txt"), "file:n.txt:text/plain:3"),
    "file name": ([File(b"", "image/png", 'n é".png')], ['file:n é".png:image/png:0']),
}


@pytest.mark.parametrize("name", VALUES)
async def test_javascript_sees_every_value_as_what_it_is(orpc: Fixtures, name: str) -> None:
    sent, seen = VALUES[name]
    assert await orpc.describe(sent) == seen


async def test_every_javascript_value_arrives_as_its_python_form(orpc: Fixtures) -> None:
    values = await orpc.values()
    assert math.isnan(values.pop("nan"))
    assert values == {
        "text": "ü\u2028x",
        "integer": 1,
        "float": 1.5,
        "yes": True,
        "nul": None,
        "big": 2**64,
        "negative": -5,
        "date": dt.datetime(2022, 1, 1, 0, 0, 0, 123000, tzinfo=dt.UTC),
        "invalid": INVALID_DATE,
        "list": [UNDEFINED, 1],
        "url": Url("https://x.y/z?q=1"),
        "re": RegExp("a\\/b", "gi"),
        "set": {1, EPOCH, UNDEFINED},
        "map": Map({"k": 1, EPOCH: "v"}),
        "nested": {"set": SetMembers([Map({1: 2})])},
    }


LOSSY = {"nan", "infinity is lost", "undefined in an object", "date", "undefined"}


@pytest.mark.parametrize("name", sorted(VALUES.keys() - LOSSY))
async def test_values_come_back_as_they_were_sent(orpc: Fixtures, name: str) -> None:
    sent, _ = VALUES[name]
    assert await orpc.echo(sent) == sent


async def test_dates_come_back_in_utc_with_whole_milliseconds(orpc: Fixtures) -> None:
    answer = await orpc.echo(VALUES["date"][0])
    assert answer == dt.datetime(2022, 1, 1, 0, 0, 0, 123000, tzinfo=dt.UTC)


async def test_undefined_comes_back_as_undefined(orpc: Fixtures) -> None:
    assert await orpc.echo(UNDEFINED) is UNDEFINED


async def test_no_output_is_none(orpc: Fixtures) -> None:
    assert await orpc.nothing() is None


async def test_path_segments_are_escaped(node_server: str) -> None:
    async with RPCLink(f"{node_server}/rpc") as link:
        call: Any = create_client(Fixtures, link).nothing
        call._path = ("nested", "a b/c")
        assert await call() == "deep"


async def test_validation_errors_carry_issues(orpc: Fixtures) -> None:
    with pytest.raises(ORPCError, match="Input validation failed") as caught:
        await orpc.validate({"n": "x"})
    assert (caught.value.code, caught.value.status) == ("BAD_REQUEST", 400)
    (issue,) = caught.value.data["issues"]
    assert issue["path"] == ["n"]


async def test_a_declared_error_is_the_contracts_class(orpc: Fixtures) -> None:
    with pytest.raises(Payment, match="pay") as caught:
        await orpc.orpc_error("defined")
    assert caught.value.data == Due(amt=1, due=EPOCH)
    assert caught.value.defined


async def test_a_declared_error_without_data_is_the_contracts_class(orpc: Fixtures) -> None:
    with pytest.raises(Forbidden, match="not you"):
        await orpc.orpc_error("no-data")


async def test_data_the_server_itself_does_not_declare_makes_the_error_undefined(
    orpc: Fixtures,
) -> None:
    with pytest.raises(ORPCError) as caught:
        await orpc.orpc_error("baddata")
    assert (type(caught.value), caught.value.defined) == (ORPCError, False)


async def test_an_error_only_the_server_declares_stays_an_orpc_error(orpc: Fixtures) -> None:
    with pytest.raises(ORPCError) as caught:
        await orpc.orpc_error("elsewhere")
    assert (type(caught.value), caught.value.code, caught.value.defined) == (
        ORPCError,
        "UNKNOWN_HERE",
        True,
    )


async def test_error_data_has_its_types(orpc: Fixtures) -> None:
    with pytest.raises(ORPCError) as caught:
        await orpc.orpc_error("custom")
    assert (caught.value.status, caught.value.data) == (500, {"d": EPOCH})


async def test_unexpected_failures_tell_nothing(orpc: Fixtures) -> None:
    with pytest.raises(ORPCError, match="Internal server error") as caught:
        await orpc.plain_error()
    assert caught.value.code == "INTERNAL_SERVER_ERROR"


async def test_bad_output_is_the_servers_error(orpc: Fixtures) -> None:
    with pytest.raises(ORPCError, match="Output validation failed"):
        await orpc.bad_output()


async def test_an_unknown_procedure_is_not_found(orpc: Fixtures) -> None:
    with pytest.raises(ORPCError) as caught:
        await orpc.missing()
    assert (caught.value.code, caught.value.data["status"]) == ("NOT_FOUND", 404)


async def test_streams_give_typed_items_and_the_result(orpc: Fixtures) -> None:
    async with await orpc.stream(Kind(kind="plain")) as events:
        items = [item async for item in events]
    assert items == [Number(n=1), Number(n=2)]
    assert events.result == {"total": 3}


async def test_streams_carry_ids_and_retry_times(orpc: Fixtures) -> None:
    async with await orpc.stream(Kind(kind="meta")) as events:
        await anext(events)
        assert (events.last_event_id, events.retry) == ("e1", 10)
        await anext(events)
        assert events.last_event_id == "e2"


async def test_a_stream_resumes_after_an_event(orpc: Fixtures) -> None:
    async with await orpc.stream(Kind(kind="meta"), last_event_id="e7") as events:
        assert [item.n async for item in events] == [1, 8]


async def test_a_stream_may_end_with_a_declared_error(orpc: Fixtures) -> None:
    events = await orpc.stream(Kind(kind="typed-error"))
    assert await anext(events) == Number(n=1)
    with pytest.raises(Payment) as caught:
        await anext(events)
    assert caught.value.data.amt == 7
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_a_stream_may_end_with_an_unexpected_error(orpc: Fixtures) -> None:
    events = await orpc.stream(Kind(kind="plain-error"))
    await anext(events)
    with pytest.raises(ORPCError, match="Internal server error"):
        await anext(events)


async def test_an_empty_stream_just_ends(orpc: Fixtures) -> None:
    events: EventIterator[Number] = await orpc.stream(Kind(kind="empty"))
    assert [item async for item in events] == []
    assert events.result is UNDEFINED


async def eventually_seen(orpc: Fixtures, event: str) -> None:
    """The server notices a closed connection when it notices; ask until it did."""
    with anyio.fail_after(10):
        while event not in await orpc.events():  # noqa: ASYNC110 - the server cannot call us
            await anyio.sleep(0.005)


async def test_closing_a_stream_stops_the_producer(orpc: Fixtures) -> None:
    async with await orpc.stream(Kind(kind="forever")) as events:
        assert (await anext(events)).n == 0
    await eventually_seen(orpc, "closed:forever")


async def test_cancelling_a_call_reaches_the_handler(orpc: Fixtures) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(orpc.slow)
        await eventually_seen(orpc, "started:slow")
        tasks.cancel_scope.cancel()
    await eventually_seen(orpc, "aborted")


async def test_a_call_times_out(orpc: Fixtures) -> None:
    with pytest.raises(TimedOut, match=r"slow did not answer within 0\.05 s"):
        await orpc.slow(context=CallContext(timeout=0.05))


async def test_a_silent_stream_times_out_where_asked(node_server: str) -> None:
    async with RPCLink(f"{node_server}/rpc", event_timeout=0.001) as link:
        events = await create_client(Fixtures, link).stream(Kind(kind="forever"))
        with pytest.raises(TimedOut, match="stream sent nothing"):
            [item async for item in events]


async def test_files_go_both_ways(orpc: Fixtures) -> None:
    answer = await orpc.file(File(b"hello", "text/plain", 'a "b".txt'))
    assert answer == File(b"HELLO", "text/plain", 're-a "b".txt')


async def test_nested_files_go_both_ways(orpc: Fixtures) -> None:
    answer = await orpc.nested_file({"f": [File(b"\x00\xff", "image/png", "é.png")], "d": EPOCH})
    assert answer["got"] == {
        "f": ["file:é.png:image/png:2"],
        "d": "date:1970-01-01T00:00:00.000Z",
    }
    assert answer["files"] == [File(b"abc", "text/plain", 'n é".txt')]
    assert answer["at"] == EPOCH


@pytest.mark.parametrize(
    ("sent", "method", "seen"),
    [
        (UNDEFINED, "GET", "undefined:undefined"),
        ({"d": EPOCH, "s": "a&b ü~*'()"}, "GET", None),
        ("x" * 3000, "POST", None),
        (File(b"x", "text/plain", "x"), "POST", "file:x:text/plain:1"),
    ],
    ids=["undefined", "values", "long URL", "file"],
)
async def test_get_carries_the_input_in_the_url_if_it_can(
    node_server: str, sent: object, method: str, seen: object
) -> None:
    async with RPCLink(f"{node_server}/rpc", method=contract_method) as link:
        client = create_client(Fixtures, link)
        answer = await client.getme(sent)
        assert answer["method"] == method
        assert answer["input"] == (await client.describe(sent) if seen is None else seen)


async def test_get_of_a_post_procedure_is_refused(node_server: str) -> None:
    async with RPCLink(f"{node_server}/rpc", method="GET") as link:
        with pytest.raises(ORPCError) as caught:
            await create_client(Fixtures, link).echo(1)
    assert (caught.value.code, caught.value.status) == ("METHOD_NOT_SUPPORTED", 405)


async def test_headers_reach_the_server(node_server: str) -> None:
    async with RPCLink(f"{node_server}/rpc?tenant=1", headers={"X-A": "link"}) as link:
        client = create_client(Fixtures, link)
        answer = await client.inspect(context=CallContext(headers={"x-b": "call"}))
    assert (answer["headers"]["x-a"], answer["headers"]["x-b"]) == ("link", "call")
    assert answer["url"] == "/rpc/inspect?tenant=1"


NOT_RPC: dict[str, type[LinkError]] = {
    "html": ProtocolError,
    "not-json": ProtocolError,
    "bad-meta": ProtocolError,
    "redirect": Redirected,
    "large": ResponseTooLarge,
    "half-event": ContractMismatch,
}


@pytest.mark.parametrize("kind", NOT_RPC)
async def test_answers_that_are_not_rpc_are_protocol_errors(node_server: str, kind: str) -> None:
    async with RPCLink(f"{node_server}/raw/{kind}", max_response_bytes=50_000) as link:
        with pytest.raises(NOT_RPC[kind]) as caught:
            await create_client(Fixtures, link).plain_error()
    assert caught.value.__notes__ == ["in the call of plainError"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [("bad-gateway", "BAD_GATEWAY"), ("teapot", "MALFORMED_ORPC_ERROR_RESPONSE")],
)
async def test_foreign_error_bodies_become_errors_of_their_status(
    node_server: str, kind: str, code: str
) -> None:
    async with RPCLink(f"{node_server}/raw/{kind}") as link:
        with pytest.raises(ORPCError) as caught:
            await create_client(Fixtures, link).plain_error()
    assert caught.value.code == code
    assert caught.value.data["status"] == caught.value.status


async def test_events_that_stop_half_way_are_a_lost_connection(node_server: str) -> None:
    async with RPCLink(f"{node_server}/raw/half-event") as link:
        events = await create_client(Fixtures, link).stream(Kind(kind="x"))
        assert (await anext(events)).n == 1
        with pytest.raises(ConnectionLost, match="half way"):
            await anext(events)


async def test_event_iterators_go_up_over_http(orpc: Fixtures) -> None:
    async def items() -> AsyncIterator[object]:
        yield {"at": EPOCH}
        yield 2**64

    assert await orpc.collect(items()) == [
        {"at": "date:1970-01-01T00:00:00.000Z"},
        "bigint:18446744073709551616",
    ]
