"""Retrying, reconnecting and waiting for busy servers, in virtual time."""

import json
from email.utils import formatdate
from typing import Any

import anyio
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.client.fakes import (
    DONE,
    Answer,
    Api,
    Busy,
    FakeTransport,
    Item,
    Sleeper,
    event,
    events,
    failure,
    rpc,
)

from rawr.client import (
    CallContext,
    ConnectFailed,
    ConnectionLost,
    FailedAttempt,
    HTTPRequest,
    LinkError,
    ProtocolError,
    ReconnectLink,
    RetryAfterTransport,
    RetryLink,
    RPCLink,
    TimedOut,
    can_repeat,
    create_client,
    growing_delay,
)
from rawr.contract import EventIterator, LinkCall, ORPCError, ProcedureContract

URL = "https://hq.example/rpc"
BUSY = failure("SERVICE_UNAVAILABLE", 503)


def retrying(answers: list[Answer], sleep: Sleeper, **options: Any) -> tuple[Api, FakeTransport]:
    transport = FakeTransport(answers)
    link = RetryLink(RPCLink(URL, client=transport), sleep=sleep, **options)
    return create_client(Api, link), transport


async def test_a_call_is_sent_until_it_succeeds() -> None:
    sleep = Sleeper()
    client, transport = retrying([BUSY, ConnectFailed("x"), rpc("pong")], sleep)
    assert await client.ping() == "pong"
    assert len(transport.requests) == 3
    assert 0.1 <= sleep.slept[0] <= 0.2 <= sleep.slept[1] <= 0.4


async def test_the_last_failure_is_raised() -> None:
    client, transport = retrying([BUSY, BUSY, failure("SERVICE_UNAVAILABLE", 503)], Sleeper())
    with pytest.raises(ORPCError):
        await client.ping()
    assert len(transport.requests) == 3


async def test_a_call_may_choose_its_attempts() -> None:
    client, transport = retrying([BUSY] * 5, Sleeper())
    with pytest.raises(ORPCError):
        await client.ping(context=CallContext(max_attempts=5))
    assert len(transport.requests) == 5
    client, transport = retrying([BUSY] * 5, Sleeper())
    with pytest.raises(ORPCError):
        await client.ping(context=CallContext(max_attempts=1))
    assert len(transport.requests) == 1


async def test_the_caller_may_decide_what_to_repeat_and_when() -> None:
    sleep = Sleeper()
    client, _ = retrying(
        [failure("X", 500), failure("X", 500), rpc("pong")],
        sleep,
        should_retry=lambda attempt: attempt.number < 3,
        delay_seconds=lambda attempt: attempt.number * 10.0,
    )
    assert await client.ping() == "pong"
    assert sleep.slept == [10.0, 20.0]


def attempt_of(
    error: ORPCError[Any] | LinkError, contract: ProcedureContract[Any, Any], number: int = 1
) -> FailedAttempt:
    call = LinkCall(path=("x",), contract=contract, input=None)
    return FailedAttempt(call=call, error=error, number=number)


@pytest.mark.parametrize(
    ("error", "write", "read"),
    [
        (ConnectFailed("x"), True, True),
        (TimedOut("x"), False, True),
        (ConnectionLost("x"), False, True),
        (ProtocolError("x"), False, False),
        (ORPCError("TOO_MANY_REQUESTS"), True, True),
        (ORPCError("SERVICE_UNAVAILABLE"), True, True),
        (ORPCError("BAD_GATEWAY"), False, True),
        (ORPCError("GATEWAY_TIMEOUT"), False, True),
        (ORPCError("INTERNAL_SERVER_ERROR"), False, False),
        (ORPCError("BAD_REQUEST"), False, False),
        (Busy(Item(n=1)), True, True),
    ],
    ids=repr,
)
def test_only_harmless_repetitions_are_made(
    error: ORPCError[Any] | LinkError, write: bool, read: bool
) -> None:
    assert can_repeat(attempt_of(error, Api.write)) is write
    assert can_repeat(attempt_of(error, Api.read)) is read


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=1000))
def test_delays_grow_to_a_limit(number: int) -> None:
    delay = growing_delay(attempt_of(ConnectFailed("x"), Api.ping, number))
    full = min(10.0, 0.2 * 2.0 ** min(number - 1, 20))
    assert full / 2 <= delay <= full


def reconnecting(answers: list[Answer], sleep: Sleeper) -> tuple[Api, FakeTransport]:
    transport = FakeTransport(answers)
    link = ReconnectLink(RPCLink(URL, client=transport), sleep=sleep, max_attempts=3)
    return create_client(Api, link), transport


async def items_of(events: EventIterator[Item]) -> list[int]:
    return [item.n async for item in events]


async def test_a_stream_goes_on_after_the_last_event() -> None:
    sleep = Sleeper()
    lost = ConnectionLost("x")
    client, transport = reconnecting(
        [
            events(event(1, id="a"), event(2, id="b"), lost),
            events(event(3, id="c"), DONE),
        ],
        sleep,
    )
    stream = await client.watch()
    assert await items_of(stream) == [1, 2, 3]
    assert stream.last_event_id == "c"
    assert [request.headers.get("last-event-id") for request in transport.requests] == [None, "b"]
    assert sleep.slept == [2.0]
    assert transport.open_responses == 0


async def test_the_servers_retry_time_counts_and_doubles() -> None:
    sleep = Sleeper()
    client, _ = reconnecting(
        [
            events(event(1, id="a", retry=10), ConnectionLost("x")),
            ConnectFailed("x"),
            BUSY,
            events(event(2, id="b"), ConnectionLost("x")),
            events(DONE),
        ],
        sleep,
    )
    assert await items_of(await client.watch()) == [1, 2]
    assert sleep.slept == [0.01, 0.02, 0.04, 0.01]


async def test_a_stream_without_ids_is_not_repeated() -> None:
    client, transport = reconnecting([events(event(1), ConnectionLost("x"))], Sleeper())
    with pytest.raises(ConnectionLost):
        await items_of(await client.watch())
    assert len(transport.requests) == 1


async def test_an_id_the_caller_resumed_from_is_enough() -> None:
    client, transport = reconnecting(
        [events(ConnectionLost("x")), events(event(1), DONE)], Sleeper()
    )
    assert await items_of(await client.watch(last_event_id="z")) == [1]
    assert transport.requests[1].headers["last-event-id"] == "z"


async def test_reconnecting_gives_up() -> None:
    sleep = Sleeper()
    client, transport = reconnecting(
        [events(event(1, id="a"), ConnectionLost("x")), *[ConnectFailed("y")] * 3], sleep
    )
    with pytest.raises(ConnectFailed, match="y"):
        await items_of(await client.watch())
    assert sleep.slept == [2.0, 4.0, 8.0]
    assert len(transport.requests) == 4


async def test_a_server_that_refuses_is_not_asked_again() -> None:
    client, transport = reconnecting(
        [events(event(1, id="a"), ConnectionLost("x")), failure("FORBIDDEN", 403)], Sleeper()
    )
    with pytest.raises(ORPCError, match="FORBIDDEN"):
        await items_of(await client.watch())
    assert len(transport.requests) == 2


async def test_errors_the_procedure_reports_end_the_stream() -> None:
    error = (
        b'event: error\ndata: {"json":{"defined":false,"code":"X","status":500,"message":"m"}}\n\n'
    )
    client, transport = reconnecting([events(event(1, id="a"), error)], Sleeper())
    with pytest.raises(ORPCError):
        await items_of(await client.watch())
    assert len(transport.requests) == 1


def telling(status: int) -> bytes:
    error = {"defined": False, "code": "SOON", "status": status, "message": "m"}
    return b"event: error\ndata: " + json.dumps({"json": error}).encode() + b"\n\n"


async def test_a_server_that_says_it_goes_down_inside_a_stream_is_asked_again() -> None:
    client, transport = reconnecting(
        [events(event(1, id="a"), telling(503)), events(event(2, id="b"), DONE)], Sleeper()
    )
    assert await items_of(await client.watch()) == [1, 2]
    assert transport.requests[1].headers["last-event-id"] == "a"


async def test_the_caller_may_decide_what_to_resume() -> None:
    asked: list[Exception] = []

    def should_resume(error: Exception) -> bool:
        asked.append(error)
        return len(asked) == 1

    transport = FakeTransport(
        [events(event(1, id="a"), telling(500)), events(event(2, id="b"), telling(500))]
    )
    link = ReconnectLink(
        RPCLink(URL, client=transport), should_resume=should_resume, sleep=Sleeper()
    )
    stream = await create_client(Api, link).watch()
    assert [await anext(stream), await anext(stream)] == [Item(n=1), Item(n=2)]
    with pytest.raises(ORPCError, match="m"):
        await anext(stream)
    assert len(asked) == 2


async def test_the_result_survives_reconnection() -> None:
    done = b'event: done\ndata: {"json":"fin"}\n\n'
    client, _ = reconnecting(
        [events(event(1, id="a"), ConnectionLost("x")), events(done)], Sleeper()
    )
    stream = await client.watch()
    await items_of(stream)
    assert stream.result == "fin"


async def test_a_closed_stream_does_not_reconnect() -> None:
    client, transport = reconnecting([events(event(1, id="a"), ConnectionLost("x"))], Sleeper())
    stream = await client.watch()
    await anext(stream)
    await stream.aclose()
    assert await items_of(stream) == []
    assert (len(transport.requests), transport.open_responses) == (1, 0)


async def test_calls_that_do_not_stream_pass_through() -> None:
    client, _ = reconnecting([rpc("pong")], Sleeper())
    assert await client.ping() == "pong"


REQUEST = HTTPRequest(method="POST", url=URL)


def waiting(answers: list[Answer], clock: Sleeper) -> tuple[RetryAfterTransport, FakeTransport]:
    inner = FakeTransport(answers)
    return RetryAfterTransport(inner, sleep=clock, now=clock.now), inner


def busy(retry_after: str | None, status: int = 503) -> Answer:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return rpc(None, status=status, headers=headers)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_is_waited_for(status: int) -> None:
    clock = Sleeper()
    transport, inner = waiting([busy("7", status), busy(formatdate(12), status), rpc("ok")], clock)
    response = await transport.send(REQUEST)
    await response.close()
    assert (response.status, clock.slept, inner.open_responses) == (200, [7.0, 5.0], 0)


@pytest.mark.parametrize(
    "answer",
    [busy(None), busy("soon"), busy("-5"), busy("301"), busy("5", 500)],
    ids=["unsaid", "unclear", "negative", "too long", "not busy"],
)
async def test_other_answers_are_given_back(answer: Answer) -> None:
    clock = Sleeper()
    transport, inner = waiting([answer], clock)
    response = await transport.send(REQUEST)
    assert response.status >= 500
    assert (clock.slept, inner.open_responses) == ([], 1)


async def test_waiting_has_an_end() -> None:
    clock = Sleeper()
    transport, inner = waiting([busy("1")] * 3, clock)
    assert (await transport.send(REQUEST)).status == 503
    assert (len(inner.requests), clock.slept) == (3, [1.0, 1.0])
    await transport.aclose()
    assert inner.closed


async def test_a_retry_waits_for_no_cancelled_caller() -> None:
    transport = FakeTransport([BUSY])
    link = RetryLink(RPCLink(URL, client=transport), delay_seconds=lambda _: 3600.0)
    with anyio.move_on_after(0.01) as scope:
        await create_client(Api, link).ping()
    assert scope.cancelled_caught
    assert len(transport.requests) == 1
