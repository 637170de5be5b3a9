"""What both links do with a call, over a fake transport."""

import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import anyio
import pytest
from tests.unit.client.fakes import (
    DONE,
    Api,
    Busy,
    FakeTransport,
    Gone,
    Item,
    event,
    events,
    failure,
    plain,
    rpc,
)

import rawr.client
from rawr.client import (
    CallContext,
    ConnectFailed,
    ContractMismatch,
    HTTPRequest,
    HTTPResponse,
    LinkNext,
    OpenAPILink,
    ProtocolError,
    ResponseTooLarge,
    RPCLink,
    TimedOut,
    contract_method,
    create_client,
)
from rawr.contract import Contract, LinkCall, ORPCError, procedure
from rawr.schema import UNDEFINED, adapt

URL = "https://hq.example/rpc"
ERROR = {"defined": False, "code": "X", "status": 500, "message": "m"}


def client_of(transport: FakeTransport, **options: Any) -> Api:
    return create_client(Api, RPCLink(URL, client=transport, **options))


def test_public_names_are_sorted_and_exist() -> None:
    assert rawr.client.__all__ == sorted(rawr.client.__all__, key=_isort_key)
    assert all(hasattr(rawr.client, name) for name in rawr.client.__all__)


def _isort_key(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


async def test_a_call_posts_its_payload() -> None:
    transport = FakeTransport([rpc({"n": 2})])
    assert await client_of(transport).write(Item(n=1)) == Item(n=2)
    assert transport.requests == [
        HTTPRequest(
            method="POST",
            url=f"{URL}/write",
            headers={"content-type": "application/json"},
            body=b'{"json":{"n":1}}',
        )
    ]


async def test_a_call_without_input_posts_an_empty_payload() -> None:
    transport = FakeTransport([rpc("pong")])
    assert await client_of(transport).ping() == "pong"
    assert transport.requests[0].body == b"{}"


async def test_the_base_url_may_end_with_a_slash_and_carry_a_query() -> None:
    transport = FakeTransport([rpc("pong")])
    link = RPCLink("https://hq.example/rpc/?tenant=1#part", client=transport)
    await create_client(Api, link).ping()
    assert transport.requests[0].url == "https://hq.example/rpc/ping?tenant=1"


@pytest.mark.parametrize("url", ["/rpc", "hq.example/rpc", "ftp://hq.example", "https:///rpc"])
def test_a_link_needs_an_absolute_url(url: str) -> None:
    with pytest.raises(ValueError, match="absolute URL"):
        RPCLink(url)


async def test_get_puts_the_payload_into_the_query() -> None:
    transport = FakeTransport([rpc({"n": 1})])
    await client_of(transport, method=contract_method).read(Item(n=1))
    (request,) = transport.requests
    assert request.url == f"{URL}/read?data=%7B%22json%22%3A%7B%22n%22%3A1%7D%7D"
    assert (request.method, request.body, request.headers) == ("GET", None, {})


async def test_the_method_may_depend_on_the_call() -> None:
    transport = FakeTransport([rpc({"n": 1}), rpc("pong")])
    client = client_of(transport, method=lambda call: "PUT" if call.path == ("read",) else "PATCH")
    await client.read(Item(n=1))
    await client.ping()
    assert [request.method for request in transport.requests] == ["PUT", "PATCH"]


async def test_a_url_is_measured_against_the_limit_exactly() -> None:
    short = len(f"{URL}/read?data=%7B%22json%22%3A%7B%22n%22%3A1%7D%7D")
    for limit, method in ((short, "GET"), (short - 1, "DELETE")):
        transport = FakeTransport([rpc({"n": 1})])
        await client_of(
            transport, method="GET", max_url_length=limit, fallback_method="DELETE"
        ).read(Item(n=1))
        assert transport.requests[0].method == method


async def test_headers_may_be_made_for_each_call() -> None:
    async def fresh(call: LinkCall) -> dict[str, str]:
        await anyio.lowlevel.checkpoint()
        return {"Authorization": f"Bearer {call.path[0]}", "X-Kept": "1"}

    for source in (fresh, lambda call: {"Authorization": f"Bearer {call.path[0]}", "X-Kept": "1"}):
        transport = FakeTransport([rpc("pong")])
        context = CallContext(headers={"authorization": "Bearer mine"})
        await client_of(transport, headers=source).ping(context=context)
        headers = transport.requests[0].headers
        assert (headers["authorization"], headers["x-kept"]) == ("Bearer mine", "1")


async def test_the_last_event_id_is_a_header() -> None:
    transport = FakeTransport([events(DONE)])
    await client_of(transport).watch(last_event_id="e7")
    assert transport.requests[0].headers["last-event-id"] == "e7"


async def test_interceptors_wrap_the_call_first_one_outermost() -> None:
    seen: list[str] = []

    def named(name: str) -> Any:
        async def intercept(call: LinkCall, following: LinkNext) -> object:
            seen.append(f"{name} in")
            output = await following(call)
            seen.append(f"{name} out")
            return output

        return intercept

    transport = FakeTransport([rpc("pong")])
    await client_of(transport, interceptors=[named("a"), named("b")]).ping()
    assert seen == ["a in", "b in", "b out", "a out"]


async def test_an_interceptor_may_answer_itself() -> None:
    async def cached(call: LinkCall, following: LinkNext) -> object:
        return "cached"

    transport = FakeTransport([])
    assert await client_of(transport, interceptors=[cached]).ping() == "cached"
    assert transport.requests == []


async def test_every_response_is_closed() -> None:
    transport = FakeTransport([rpc("pong"), failure("GONE", 410), rpc(5), rpc("x" * 100)])
    client = client_of(transport, max_response_bytes=90)
    await client.ping()
    for error in (ORPCError, ContractMismatch, ResponseTooLarge):
        with pytest.raises(error):
            await client.ping()
    assert transport.open_responses == 0


async def test_a_declared_error_becomes_its_class() -> None:
    transport = FakeTransport([failure("BUSY", 503, data={"n": 3}, defined=True)])
    with pytest.raises(Busy) as caught:
        await client_of(transport).ping()
    assert caught.value.data == Item(n=3)


@pytest.mark.parametrize(
    ("answer", "defined"),
    [
        (failure("BUSY", 503, data={"n": 3}), False),
        (failure("BUSY", 500, data={"n": 3}, defined=True), True),
        (failure("BUSY", 503, data={"n": "x"}, defined=True), True),
        (failure("OTHER", 500, defined=True), True),
    ],
    ids=["not defined", "other status", "other data", "not declared"],
)
async def test_an_error_the_contract_does_not_know_stays_as_it_came(
    answer: HTTPResponse, defined: bool
) -> None:
    with pytest.raises(ORPCError) as caught:
        await client_of(FakeTransport([answer])).ping()
    assert type(caught.value) is ORPCError
    assert caught.value.defined is defined


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "X"},
        {"defined": True, "code": "X", "status": 200, "message": ""},
        {"defined": True, "code": "X", "status": 400, "message": "", "extra": 1},
        {"defined": 1, "code": "X", "status": 400, "message": ""},
        "text",
        None,
    ],
)
async def test_malformed_errors_take_the_code_of_their_status(body: object) -> None:
    for status, code in ((404, "NOT_FOUND"), (402, "MALFORMED_ORPC_ERROR_RESPONSE")):
        with pytest.raises(ORPCError) as caught:
            await client_of(FakeTransport([rpc(body, status=status)])).ping()
        assert (caught.value.code, caught.value.status) == (code, status)
        assert caught.value.data["body"] == body


async def test_output_that_breaks_the_contract_is_a_mismatch() -> None:
    with pytest.raises(ContractMismatch, match=r"write answered .*n: Input should be a valid int"):
        await client_of(FakeTransport([rpc({"n": "x"})])).write(Item(n=1))


async def test_undefined_output_is_none_where_none_is_declared() -> None:
    assert await client_of(FakeTransport([plain({})])).forget(Item(n=1)) is None
    with pytest.raises(ContractMismatch):
        await client_of(FakeTransport([plain({})])).ping()


async def test_events_where_a_value_is_declared_are_a_mismatch() -> None:
    transport = FakeTransport([events(event(1))])
    with pytest.raises(ContractMismatch, match="answered with events"):
        await client_of(transport).ping()
    assert transport.open_responses == 0


async def test_a_value_where_events_are_declared_is_a_mismatch() -> None:
    with pytest.raises(ContractMismatch, match="single value"):
        await client_of(FakeTransport([rpc({"n": 1})])).watch()


async def test_failures_of_the_transport_name_the_call() -> None:
    with pytest.raises(ConnectFailed) as caught:
        await client_of(FakeTransport([ConnectFailed("no route")])).ping()
    assert caught.value.__notes__ == ["in the call of ping"]


async def never(_request: HTTPRequest) -> HTTPResponse:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize("limit", [0.001, timedelta(milliseconds=1)])
async def test_a_call_that_takes_too_long_times_out(limit: float | timedelta) -> None:
    for options, context in (({"timeout": limit}, {}), ({}, CallContext(timeout=limit))):
        with pytest.raises(TimedOut, match=r"ping did not answer within 0\.001 s"):
            await client_of(FakeTransport(never), **options).ping(context=context)  # type: ignore[arg-type]  # built from cases


async def test_no_timeout_waits_as_long_as_it_takes() -> None:
    with anyio.move_on_after(0.01) as scope:
        await client_of(FakeTransport(never), timeout=None).ping()
    assert scope.cancelled_caught


async def test_the_link_closes_its_transport() -> None:
    transport = FakeTransport([])
    async with RPCLink(URL, client=transport):
        assert not transport.closed
    assert transport.closed


async def test_events_arrive_however_they_were_cut() -> None:
    whole = b": \n\n" + event(1, id="a", retry=5) + b": \n\n" + event(2) + DONE
    for size in (1, 2, 7, len(whole)):
        chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
        transport = FakeTransport([events(*chunks)])
        stream = await client_of(transport).watch()
        assert [item async for item in stream] == [Item(n=1), Item(n=2)]
        assert (stream.last_event_id, stream.retry, stream.result) == ("a", 5, UNDEFINED)
        assert transport.open_responses == 0


class Sums(Contract):
    count = procedure().streams(Item, returns=Item)
    maybe = procedure().streams(Item, returns=adapt(Item | None))


def ended(json: str) -> bytes:
    return b'event: done\ndata: {"json":%b}\n\n' % json.encode()


async def test_what_a_stream_returned_has_the_declared_type() -> None:
    transport = FakeTransport([events(event(1), ended('{"n":3}'))])
    stream = await create_client(Sums, RPCLink(URL, client=transport)).count()
    with pytest.raises(RuntimeError, match="count has not returned yet: iterate it to its end"):
        _ = stream.result
    assert [item async for item in stream] == [Item(n=1)]
    assert stream.result == Item(n=3)


@pytest.mark.parametrize("end", [ended('{"n":"x"}'), DONE, b""], ids=["wrong", "none", "no end"])
async def test_a_result_the_contract_does_not_allow_is_a_mismatch(end: bytes) -> None:
    transport = FakeTransport([events(event(1), end)])
    stream = await create_client(Sums, RPCLink(URL, client=transport)).count()
    await anext(stream)
    with pytest.raises(ContractMismatch, match="count ended with what its contract does not"):
        await anext(stream)
    assert transport.open_responses == 0


async def test_a_result_that_may_be_missing_is_none() -> None:
    transport = FakeTransport([events(DONE)])
    stream = await create_client(Sums, RPCLink(URL, client=transport)).maybe()
    assert ([item async for item in stream], stream.result) == ([], None)


async def test_a_stream_nobody_iterates_still_closes_its_response() -> None:
    transport = FakeTransport([events(event(1))])
    stream = await client_of(transport).watch()
    assert transport.open_responses == 1
    await stream.aclose()
    await stream.aclose()
    assert transport.open_responses == 0
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


@pytest.mark.parametrize(
    ("chunk", "error"),
    [
        (b'data: {"json":{"n":"x"}}\n\n', ContractMismatch),
        (b"data: {\n\n", ProtocolError),
        (b'event: error\ndata: {"json":"x"}\n\n', ProtocolError),
        (
            b"event: error\ndata: " + json.dumps({"json": ERROR}).encode() + b"\n\n",
            ORPCError,
        ),
        (b"data: " + b"x" * 130, ProtocolError),
    ],
    ids=["item", "json", "foreign error", "error", "too long"],
)
async def test_bad_events_end_the_stream(chunk: bytes, error: type[Exception]) -> None:
    transport = FakeTransport([events(chunk, event(1))])
    stream = await client_of(transport, max_response_bytes=120).watch()
    with pytest.raises(error):
        await anext(stream)
    assert transport.open_responses == 0
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_other_events_are_passed_over() -> None:
    transport = FakeTransport([events(b"event: ping\ndata: 1\n\n", event(1), DONE)])
    assert [item async for item in await client_of(transport).watch()] == [Item(n=1)]


async def test_openapi_calls_use_method_and_path_of_the_contract() -> None:
    transport = FakeTransport([plain({"n": 1}), plain({"n": 2}, status=201), plain("pong")])
    link = OpenAPILink("https://hq.example/api/", client=transport)
    client = create_client(Api, link)
    assert await client.read(Item(n=7)) == Item(n=1)
    assert await client.write(Item(n=8)) == Item(n=2)
    assert await client.ping() == "pong"
    assert [(request.method, request.url, request.body) for request in transport.requests] == [
        ("GET", "https://hq.example/api/items/7", None),
        ("POST", "https://hq.example/api/items", b'{"n":8}'),
        ("POST", "https://hq.example/api/ping", None),
    ]


async def test_openapi_errors_may_leave_out_their_status() -> None:
    body = {"defined": True, "code": "GONE", "message": "left"}
    link = OpenAPILink(URL, client=FakeTransport([plain(body, status=410)]))
    with pytest.raises(Gone, match="left"):
        await create_client(Api, link).ping()


async def test_a_redirect_is_not_followed() -> None:
    moved = plain(None, status=308, headers={"location": "https://evil.example"})
    for link in (
        RPCLink(URL, client=FakeTransport([moved])),
        OpenAPILink(URL, client=FakeTransport([moved])),
    ):
        with pytest.raises(rawr.client.Redirected) as caught:
            await create_client(Api, link).ping()
        assert (caught.value.status, caught.value.location) == (308, "https://evil.example")


async def test_calls_of_one_link_run_at_the_same_time() -> None:
    waiting = 0
    both = anyio.Event()

    async def respond(request: HTTPRequest) -> Any:
        nonlocal waiting
        waiting += 1
        if waiting == 2:
            both.set()
        await both.wait()
        return rpc(json.loads(request.body or b"{}").get("json"))

    client = client_of(FakeTransport(respond))
    answers: list[Item] = []

    async def call(number: int) -> None:
        answers.append(await client.write(Item(n=number)))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, 1)
            tasks.start_soon(call, 2)
    assert {answer.n for answer in answers} == {1, 2}


def test_calls_are_awaitables() -> None:
    call = client_of(FakeTransport([])).ping()
    assert isinstance(call, Awaitable)
    call.close()  # type: ignore[attr-defined]  # a coroutine
