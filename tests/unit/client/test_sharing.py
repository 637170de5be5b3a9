"""Requests that share an answer or travel together; links chosen, failures as values."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from tests.unit.client.fakes import (
    DONE,
    Answer,
    Api,
    Busy,
    FakeTransport,
    Item,
    Respond,
    event,
    events,
    failure,
    plain,
    rpc,
)

from rawr.client import (
    BatchTransport,
    ConnectFailed,
    ConnectionLost,
    DedupeTransport,
    DynamicLink,
    Failure,
    HTTPRequest,
    HTTPResponse,
    ProtocolError,
    ReconnectLink,
    RetryLink,
    RPCLink,
    Success,
    SyncClient,
    create_client,
    safe,
)
from rawr.contract import Contract, Link, LinkCall, ORPCError, procedure

URL = "https://hq.example/rpc"
GET = HTTPRequest(method="GET", url=f"{URL}/read?data=1", headers={"x-a": "1"})


async def together(*calls: Callable[[], Awaitable[object]]) -> list[object]:
    """The outcomes of calls made at the same time, failures as values."""
    outcomes: dict[int, object] = {}

    async def note(index: int, call: Callable[[], Awaitable[object]]) -> None:
        outcome = await safe(call())
        outcomes[index] = outcome.data if outcome.is_success else outcome.error

    async with anyio.create_task_group() as tasks:
        for index, call in enumerate(calls):
            tasks.start_soon(note, index, call)
    return [outcomes[index] for index in range(len(calls))]


async def content_of(transport: DedupeTransport, request: HTTPRequest) -> bytes:
    response = await transport.send(request)
    return b"".join([chunk async for chunk in response.chunks])


async def test_equal_reads_share_one_answer() -> None:
    inner = FakeTransport([rpc(1), rpc(2), rpc(3)])
    transport = DedupeTransport(inner)
    other = HTTPRequest(method="GET", url=GET.url, headers={"x-a": "2"})
    answers = await together(
        *(lambda request=request: content_of(transport, request) for request in (GET, GET, other))
    )
    assert answers == [b'{"json": 1}', b'{"json": 1}', b'{"json": 2}']
    assert (len(inner.requests), inner.open_responses) == (2, 0)
    assert await content_of(transport, GET) == b'{"json": 3}'


async def test_writes_are_never_shared() -> None:
    inner = FakeTransport([rpc(1), rpc(2)])
    transport = DedupeTransport(inner)
    write = HTTPRequest(method="POST", url=URL, body=b"{}")
    await together(*[lambda: content_of(transport, write)] * 2)
    assert len(inner.requests) == 2


async def test_after_a_failure_each_sends_its_own() -> None:
    inner = FakeTransport([ConnectionLost("x"), rpc(2)])
    transport = DedupeTransport(inner)
    first, second = await together(*[lambda: content_of(transport, GET)] * 2)
    assert isinstance(first, ConnectionLost)
    assert second == b'{"json": 2}'


async def test_a_cancelled_leader_takes_nobody_with_it() -> None:
    async def respond(request: HTTPRequest) -> Answer:
        if len(inner.requests) == 1:
            await anyio.sleep_forever()
        return rpc(2)

    inner = FakeTransport(respond)
    transport = DedupeTransport(inner)
    answers: list[bytes] = []

    async def follow() -> None:
        answers.append(await content_of(transport, GET))

    async with anyio.create_task_group() as followers, anyio.create_task_group() as leader:
        leader.start_soon(content_of, transport, GET)
        await anyio.wait_all_tasks_blocked()
        followers.start_soon(follow)
        await anyio.wait_all_tasks_blocked()
        leader.cancel_scope.cancel()
    assert answers == [b'{"json": 2}']


async def test_streams_are_not_shared() -> None:
    inner = FakeTransport(lambda _request: events(event(1), DONE))
    transport = DedupeTransport(inner)
    answers = await together(*[lambda: content_of(transport, GET)] * 2)
    assert answers == [event(1) + DONE] * 2
    assert len(inner.requests) == 2
    await transport.aclose()
    assert inner.closed


def answer_batch(request: HTTPRequest) -> Answer:
    """A server with the batch plugin: each write echoes its input."""
    if "x-orpc-batch" not in request.headers:
        return rpc(json.loads(request.body or b"{}").get("json"))
    if request.method == "GET":
        (text,) = parse_qs(urlsplit(request.url).query)["batch"]
        items = json.loads(text)
        bodies = [json.loads(parse_qs(urlsplit(item["url"]).query)["data"][0]) for item in items]
    else:
        bodies = [item["body"] for item in json.loads(request.body or b"")]
    answers = [{"index": index, "status": 200, "body": body} for index, body in enumerate(bodies)]
    return plain(answers[::-1], status=207)


async def batched(
    respond: Respond | list[Answer], numbers: range, **options: Any
) -> tuple[list[object], FakeTransport]:
    inner = FakeTransport(respond)
    link_options = {"method": options.pop("method", "POST")}
    async with BatchTransport(inner, mode="buffered", **options) as transport:
        link = RPCLink(URL, client=transport, **link_options)
        client = create_client(Api, link)
        outcomes = await together(
            *(lambda number=number: client.write(Item(n=number)) for number in numbers)
        )
    assert inner.open_responses == 0
    return outcomes, inner


async def test_calls_of_one_moment_travel_together() -> None:
    outcomes, inner = await batched(answer_batch, range(3))
    assert outcomes == [Item(n=0), Item(n=1), Item(n=2)]
    (request,) = inner.requests
    assert request.url == f"{URL}/write/__batch__"
    assert request.headers == {"x-orpc-batch": "buffered", "content-type": "application/json"}
    assert json.loads(request.body or b"") == [
        {"body": {"json": {"n": number}}, "url": f"{URL}/write"} for number in range(3)
    ]


async def test_a_call_alone_is_no_batch() -> None:
    outcomes, inner = await batched(answer_batch, range(1))
    assert outcomes == [Item(n=0)]
    assert inner.requests[0].url == f"{URL}/write"


async def test_calls_that_stream_go_beside_the_batch() -> None:
    def answer(request: HTTPRequest) -> Answer:
        return events(event(1), DONE) if request.url.endswith("/watch") else answer_batch(request)

    inner = FakeTransport(answer)
    seen: list[object] = []
    async with BatchTransport(inner, mode="buffered") as transport:
        client = create_client(Api, RPCLink(URL, client=transport))

        async def watch() -> None:
            seen.extend([item async for item in await client.watch()])

        await together(watch, lambda: client.write(Item(n=0)), lambda: client.write(Item(n=1)))
    assert seen == [Item(n=1)]
    assert sorted(request.url for request in inner.requests) == [
        f"{URL}/watch",
        f"{URL}/write/__batch__",
    ]


async def test_batches_have_a_size() -> None:
    outcomes, inner = await batched(answer_batch, range(5), max_size=2)
    assert outcomes == [Item(n=number) for number in range(5)]
    assert len(inner.requests) == 3


async def test_reads_are_split_until_their_url_fits() -> None:
    outcomes, inner = await batched(answer_batch, range(4), method="GET", max_url_length=400)
    assert outcomes == [Item(n=number) for number in range(4)]
    assert {request.method for request in inner.requests} == {"GET"}
    assert all(len(request.url) <= 400 for request in inner.requests)
    assert len(inner.requests) == 2


async def test_headers_that_differ_stay_with_their_call() -> None:
    inner = FakeTransport(answer_batch)
    async with BatchTransport(inner, mode="buffered") as transport:
        link = RPCLink(URL, client=transport, headers={"x-common": "1"})
        client = create_client(Api, link)
        await together(
            lambda: client.write(Item(n=1), context={"headers": {"x-own": "a"}}),
            lambda: client.write(Item(n=2)),
        )
    (request,) = inner.requests
    assert request.headers["x-common"] == "1"
    assert "x-own" not in request.headers
    assert [item.get("headers") for item in json.loads(request.body or b"")] == [
        {"x-own": "a"},
        None,
    ]


async def test_a_batch_refused_as_a_whole_tells_every_call_why() -> None:
    outcomes, _ = await batched([failure("UNAUTHORIZED", 401)], range(2))
    assert [outcome.code for outcome in outcomes if isinstance(outcome, ORPCError)] == [
        "UNAUTHORIZED",
        "UNAUTHORIZED",
    ]


async def test_a_lost_batch_fails_every_call_on_its_own() -> None:
    first, second = (await batched([ConnectionLost("x")], range(2)))[0]
    assert isinstance(first, ConnectionLost)
    assert isinstance(second, ConnectionLost)
    assert first is not second
    assert first.__notes__ == second.__notes__ == ["in the call of write"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [{"index": 0, "body": {"json": {"n": 0}}}],
        [{"index": 7, "body": {}}],
        [{"index": "0"}],
    ],
    ids=["no list", "one missing", "index of no call", "no index"],
)
async def test_a_bad_batch_answer_is_a_protocol_error(body: object) -> None:
    outcomes, _ = await batched([plain(body, status=207)], range(2))
    assert isinstance(outcomes[1], ProtocolError)


async def test_streamed_answers_arrive_one_by_one() -> None:
    first_seen = anyio.Event()

    async def body() -> Any:
        yield b'event: message\ndata: {"index":1,"status":200,"body":{"json":{"n":1}}}\n\n'
        await first_seen.wait()
        yield b': \n\nevent: message\ndata: {"index":0,"status":200,"body":{"json":{"n":0}}}\n\n'

    inner = FakeTransport(
        lambda _request: HTTPResponse(
            status=207, headers={"content-type": "text/event-stream"}, chunks=body()
        )
    )
    async with BatchTransport(inner) as transport:
        client = create_client(Api, RPCLink(URL, client=transport))

        async def second() -> Item:
            item = await client.write(Item(n=1))
            first_seen.set()
            return item

        assert await together(lambda: client.write(Item(n=0)), second) == [Item(n=0), Item(n=1)]


async def test_a_batch_nobody_waits_for_is_cancelled() -> None:
    cancelled = anyio.Event()

    async def respond(request: HTTPRequest) -> Answer:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()
        raise AssertionError

    async with BatchTransport(FakeTransport(respond)) as transport:
        client = create_client(Api, RPCLink(URL, client=transport))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.write, Item(n=1))
            tasks.start_soon(client.write, Item(n=2))
            await anyio.wait_all_tasks_blocked()
            assert not cancelled.is_set()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(5):
            await cancelled.wait()


async def test_a_batch_goes_on_for_those_who_still_wait() -> None:
    go = anyio.Event()

    async def respond(request: HTTPRequest) -> Answer:
        await go.wait()
        return answer_batch(request)

    async with BatchTransport(FakeTransport(respond), mode="buffered") as transport:
        client = create_client(Api, RPCLink(URL, client=transport))
        answers: list[Item] = []

        async def patient() -> None:
            answers.append(await client.write(Item(n=1)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(patient)
            async with anyio.create_task_group() as hasty:
                hasty.start_soon(client.write, Item(n=2))
                await anyio.wait_all_tasks_blocked()
                hasty.cancel_scope.cancel()
            go.set()
    assert answers == [Item(n=1)]


async def test_leaving_the_batch_transport_fails_those_who_wait() -> None:
    async def respond(request: HTTPRequest) -> Answer:
        await anyio.sleep_forever()
        raise AssertionError

    for window_seconds in (0.0, 3600.0):
        outcomes: list[object] = []

        async def call(client: Api, outcomes: list[object]) -> None:
            outcomes.append(await safe(client.write(Item(n=1))))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                transport = BatchTransport(FakeTransport(respond), window_seconds=window_seconds)
                async with transport:
                    client = create_client(Api, RPCLink(URL, client=transport))
                    tasks.start_soon(call, client, outcomes)
                    tasks.start_soon(call, client, outcomes)
                    await anyio.wait_all_tasks_blocked()
        assert [type(outcome.error) for outcome in outcomes if isinstance(outcome, Failure)] == [
            ConnectionLost,
            ConnectionLost,
        ]


async def test_an_answer_that_comes_too_late_is_closed() -> None:
    go = anyio.Event()

    async def respond(request: HTTPRequest) -> Answer:
        with anyio.CancelScope(shield=True):
            await go.wait()
        return rpc({"n": 1})

    inner = FakeTransport(respond)
    async with BatchTransport(inner) as transport:
        client = create_client(Api, RPCLink(URL, client=transport))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.write, Item(n=1))
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        go.set()
        await anyio.wait_all_tasks_blocked()
    assert (len(inner.requests), inner.open_responses) == (1, 0)


async def test_a_batch_transport_must_be_entered() -> None:
    client = create_client(Api, RPCLink(URL, client=BatchTransport(FakeTransport([]))))
    with pytest.raises(RuntimeError, match="async with BatchTransport"):
        await client.ping()


class Answering(Link):
    """A link with one answer."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    async def call(self, call: LinkCall) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_a_dynamic_link_chooses_for_each_call() -> None:
    async def later(call: LinkCall) -> Link:
        return Answering("later")

    def choose(call: LinkCall) -> Link | Awaitable[Link]:
        return later(call) if call.context.get("late") else Answering("now")

    client = create_client(Api, DynamicLink(choose))
    assert await client.ping() == "now"
    assert await client.ping(context={"late": True}) == "later"


async def test_safe_gives_success_and_failure_as_values() -> None:
    done = await safe(create_client(Api, Answering("pong")).ping())
    assert done == Success("pong")
    assert (done.is_success, done.is_defined, done.error) == (True, False, None)
    for error, defined in (
        (Busy(Item(n=1)), True),
        (ORPCError("X"), False),
        (ConnectionLost("x"), False),
    ):
        failed = await safe(create_client(Api, Answering(error)).ping())
        assert failed == Failure(error, is_defined=defined)
        assert (failed.is_success, failed.data) == (False, None)


async def test_safe_hides_no_bugs() -> None:
    with pytest.raises(ZeroDivisionError):
        await safe(create_client(Api, Answering(ZeroDivisionError())).ping())


def test_threads_call_and_iterate() -> None:
    transport = FakeTransport([rpc("pong"), events(event(1), event(2), DONE)])
    with SyncClient(Api, lambda: RPCLink(URL, client=transport)) as api:
        assert api.call(api.client.ping) == "pong"
        assert list(api.iterate(api.client.watch)) == [Item(n=1), Item(n=2)]
    assert transport.closed
    assert transport.open_responses == 0


def test_leaving_a_loop_closes_the_stream() -> None:
    transport = FakeTransport([events(event(1), event(2), DONE)])
    with SyncClient(Api, lambda: RPCLink(URL, client=transport)) as api:
        items = api.iterate(api.client.watch)
        assert next(items) == Item(n=1)
        items.close()
        assert transport.open_responses == 0


def test_what_a_stream_returned_is_what_its_loop_returns() -> None:
    class Sums(Contract):
        count = procedure().streams(Item, returns=int)

    done = b'event: done\ndata: {"json":3}\n\n'
    transport = FakeTransport([events(event(1), done)])
    with SyncClient(Sums, lambda: RPCLink(URL, client=transport)) as sums:
        items = sums.iterate(sums.client.count)
        assert next(items) == Item(n=1)
        with pytest.raises(StopIteration) as ended:
            next(items)
    assert ended.value.value == 3


def test_links_around_links_open_and_close_them() -> None:
    transport = FakeTransport([ConnectFailed("x"), rpc("pong")])

    def make_link() -> Link:
        return ReconnectLink(RetryLink(RPCLink(URL, client=transport), delay_seconds=lambda _: 0))

    with SyncClient(Api, make_link) as api:
        assert api.call(api.client.ping) == "pong"
        assert not transport.closed
    assert transport.closed


async def test_a_link_around_one_that_needs_no_opening_can_be_entered() -> None:
    async with RetryLink(Answering("pong")) as link:
        assert await create_client(Api, link).ping() == "pong"


def test_what_a_link_needs_may_be_opened_for_threads() -> None:
    inner = FakeTransport(answer_batch)

    @asynccontextmanager
    async def make_link() -> AsyncIterator[Link]:
        async with BatchTransport(inner, mode="buffered", window_seconds=0.05) as transport:
            yield RPCLink(URL, client=transport)

    with SyncClient(Api, make_link) as api, ThreadPoolExecutor(2) as threads:
        writes = [threads.submit(api.call, api.client.write, Item(n=n)) for n in (1, 2)]
        assert [write.result() for write in writes] == [Item(n=1), Item(n=2)]
    assert inner.closed


def test_a_sync_client_must_be_entered() -> None:
    with pytest.raises(RuntimeError, match="with SyncClient"):
        _ = SyncClient(Api, lambda: Answering("pong")).client
