"""The websocket link over a fake socket (RPC protocol v1, peer protocol)."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from tests.unit.client.fake_socket import (
    FakeNetwork,
    FakeSocket,
    answer,
    event_frame,
    stream_head,
)
from tests.unit.client.fakes import ANY, Api, Busy, Item, Sleeper

from rawr.client import (
    CallContext,
    ConnectFailed,
    ConnectionLost,
    ContractMismatch,
    HandshakeRefused,
    Headers,
    LinkNext,
    ProtocolError,
    ReaderTooSlow,
    Reconnect,
    ReconnectLink,
    Socket,
    SyncClient,
    TimedOut,
    WebSocketLink,
    create_client,
)
from rawr.contract import Contract, LinkCall, ORPCError, procedure, with_event_meta
from rawr.schema import UNDEFINED, File

URL = "wss://hq.example/rpc/ws"


class Peer:
    """A client, and the network its link uses."""

    def __init__(self, network: FakeNetwork, client: Api) -> None:
        self.network = network
        self.client = client
        self.answers: list[Any] = []

    async def keep(self, call: Awaitable[Any]) -> None:
        """Make a call and keep what came of it."""
        try:
            self.answers.append(await call)
        except Exception as error:  # noqa: BLE001 - failures are what some tests look at
            self.answers.append(error)


@asynccontextmanager
async def peer_of(*failures: Exception, **options: Any) -> AsyncIterator[Peer]:
    network = FakeNetwork(*failures)
    async with WebSocketLink(URL, connect=network, **options) as link:
        yield Peer(network, create_client(Api, link))


@asynccontextmanager
async def served(peer: Peer, *calls: Awaitable[Any]) -> AsyncIterator[FakeSocket]:
    """Make calls while the test answers them; ends when all have ended."""
    async with anyio.create_task_group() as tasks:
        for call in calls:
            tasks.start_soon(peer.keep, call)
        with anyio.fail_after(5):
            yield await peer.network.socket()


async def test_a_call_is_one_frame_and_its_answer_another() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.write(Item(n=1))) as socket:
            assert await socket.sent() == {"i": "1", "p": {"u": "/write", "b": {"json": {"n": 1}}}}
            socket.give(answer("1", {"n": 2}))
        assert peer.answers == [Item(n=2)]
        assert socket.sent_nothing_more()


async def test_a_call_without_input_sends_an_empty_payload() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.ping()) as socket:
            assert await socket.sent() == {"i": "1", "p": {"u": "/ping", "b": {}}}
            socket.give(answer("1", "pong"))
        assert peer.answers == ["pong"]


async def test_ids_count_in_base_36() -> None:
    async with peer_of() as peer:
        ids = []
        for _ in range(37):
            async with served(peer, peer.client.ping()) as socket:
                ids.append((await socket.sent())["i"])
                socket.give(answer(ids[-1], "pong"))
        assert (ids[0], ids[8:11], ids[34:]) == ("1", ["9", "a", "b"], ["z", "10", "11"])


async def test_answers_find_their_calls_in_any_order() -> None:
    async with peer_of() as peer:
        calls = [peer.client.write(Item(n=n)) for n in range(3)]
        async with served(peer, *calls) as socket:
            requests = [await socket.sent() for _ in calls]
            for request in reversed(requests):
                socket.give(answer(request["i"], request["p"]["b"]["json"]))
        assert len(peer.network.sockets) == 1
        assert sorted(item.n for item in peer.answers) == [0, 1, 2]


async def test_headers_travel_with_each_call() -> None:
    async def fresh(call: LinkCall) -> dict[str, str]:
        return {"Authorization": f"Bearer {call.path[0]}"}

    async with peer_of(headers=fresh) as peer:
        context = CallContext(headers={"x-own": "1"})
        async with served(peer, peer.client.ping(context=context)) as socket:
            request = await socket.sent()
            assert request["p"]["h"] == {"authorization": "Bearer ping", "x-own": "1"}
            socket.give(answer("1", "pong"))


async def test_the_handshake_has_headers_of_its_own() -> None:
    async def fresh() -> dict[str, str]:
        return {"authorization": "Bearer now"}

    for source in (fresh, lambda: {"authorization": "Bearer now"}, {"authorization": "Bearer now"}):
        async with peer_of(connect_headers=source) as peer:
            async with served(peer, peer.client.ping()) as socket:
                await socket.sent()
                socket.give(answer("1", "pong"))
            assert peer.network.handshakes == [(URL, {"authorization": "Bearer now"})]


async def test_a_failure_to_make_headers_is_the_callers() -> None:
    def broken() -> dict[str, str]:
        raise ValueError("no token")

    async with peer_of(connect_headers=broken) as peer:
        for _ in "ab":
            with pytest.raises(ValueError, match="no token"):
                await peer.client.ping()


class Files(Contract):
    reverse = procedure().input(File).output(File)


async def test_files_are_binary_frames() -> None:
    network = FakeNetwork()
    async with WebSocketLink(URL, connect=network) as link:
        client = create_client(Files, link)
        peer = Peer(network, client)  # type: ignore[arg-type]  # another contract than most
        async with served(peer, client.reverse(File(b"\xff\x00", "image/png", "a"))) as socket:
            head, _, form = (await socket.sent()).partition(b"\xff")
            assert b"multipart/form-data" in head
            assert b"\xff\x00" in form
            socket.give(head.replace(b'"u":"/reverse",', b"") + b"\xff" + form)
        assert peer.answers == [File(b"\xff\x00", "image/png", "a")]


async def test_declared_errors_are_their_classes() -> None:
    error = {"defined": True, "code": "BUSY", "status": 503, "message": "m", "data": {"n": 3}}
    async with peer_of() as peer:
        async with served(peer, peer.client.ping()) as socket:
            await socket.sent()
            socket.give(answer("1", error, s=503))
        assert isinstance(peer.answers[0], Busy)
        assert peer.answers[0].data == Item(n=3)


async def test_an_unknown_procedure_is_not_found() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.ping()) as socket:
            await socket.sent()
            socket.give({"i": "1", "p": {"s": 404, "b": "No procedure matched"}})
        assert isinstance(peer.answers[0], ORPCError)
        assert (peer.answers[0].code, peer.answers[0].status) == ("NOT_FOUND", 404)


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ({"i": "1", "p": {"b": {"json": 1, "meta": [[1]]}}}, ProtocolError),
        ({"i": "1", "p": {"b": "text"}}, ProtocolError),
        ({"i": "1", "p": {"s": "x"}}, ProtocolError),
        ({"i": "1"}, ProtocolError),
        (b'{"i":"1","p":{"h":{"content-type":"multipart/form-data"}}}\xffx', ProtocolError),
        (answer("1", 5), ContractMismatch),
        (stream_head("1"), ContractMismatch),
    ],
    ids=["tag", "no payload", "status", "no body", "form", "type", "stream"],
)
async def test_a_wrong_answer_fails_its_own_call_only(frame: object, error: type) -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.ping(), peer.client.write(Item(n=1))) as socket:
            await socket.sent()
            await socket.sent()
            socket.give(frame)
            socket.give(answer("2", {"n": 1}))
        kinds = {type(outcome) for outcome in peer.answers}
        assert kinds == {error, Item}


async def test_frames_for_nobody_are_passed_over() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.ping()) as socket:
            await socket.sent()
            for frame in ("{", b"\xff", "[]", {"i": 7}, answer("z", 1), {"i": "1", "t": 4}):
                socket.give(frame)
            socket.give(answer("1", "pong"))
            socket.give(answer("1", "again"))
        assert peer.answers == ["pong"]


async def test_a_stream_gives_its_items_and_its_result() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        (events,) = peer.answers
        socket.give(event_frame("1", {"n": 1}, meta={"id": "e1", "retry": 5}))
        socket.give(event_frame("1", {"n": 2}))
        socket.give({"i": "1", "t": 3, "p": {"e": "done"}})
        assert [item async for item in events] == [Item(n=1), Item(n=2)]
        assert (events.last_event_id, events.retry, events.result) == ("e1", 5, UNDEFINED)
        assert socket.sent_nothing_more()


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (event_frame("1", {"n": "x"}), ContractMismatch),
        ({"i": "1", "t": 3, "p": {"e": "message", "d": None}}, ProtocolError),
        ({"i": "1", "t": 3, "p": {"e": "other"}}, ProtocolError),
        ({"i": "1", "t": 3, "p": {"e": "error"}}, ProtocolError),
        (
            event_frame(
                "1",
                {"defined": True, "code": "BUSY", "status": 503, "message": "", "data": {"n": 1}},
                event="error",
            ),
            Busy,
        ),
    ],
    ids=["item", "payload", "name", "foreign error", "error"],
)
async def test_bad_events_end_the_stream(frame: object, error: type[Exception]) -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        (events,) = peer.answers
        socket.give(event_frame("1", {"n": 1}))
        socket.give(frame)
        assert (await anext(events)).n == 1
        with pytest.raises(error):
            await anext(events)
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_a_value_where_events_are_declared_is_a_mismatch() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(answer("1", {"n": 1}))
        assert isinstance(peer.answers[0], ContractMismatch)


async def test_leaving_a_stream_aborts_it_once() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        (events,) = peer.answers
        await events.aclose()
        await events.aclose()
        assert await socket.sent() == {"i": "1", "t": 4}
        with pytest.raises(StopAsyncIteration):
            await anext(events)
        socket.give(event_frame("1", {"n": 1}))
        async with served(peer, peer.client.ping()):
            assert (await socket.sent())["i"] == "2"
            socket.give(answer("2", "pong"))


async def test_closing_a_stream_ends_whoever_waits_for_its_next_item() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        (events,) = peer.answers

        async def read() -> None:
            assert [item async for item in events] == []

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            await events.aclose()


async def test_cancelling_a_call_aborts_it() -> None:
    async with peer_of() as peer:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(peer.keep, peer.client.ping())
            socket = await peer.network.socket()
            await socket.sent()
            tasks.cancel_scope.cancel()
        assert await socket.sent() == {"i": "1", "t": 4}


async def test_a_timeout_aborts_the_call() -> None:
    async with peer_of(timeout=0.001) as peer:
        with pytest.raises(TimedOut, match=r"ping did not answer within 0\.001 s"):
            await peer.client.ping()
        socket = await peer.network.socket()
        assert (await socket.sent())["i"] == "1"
        assert await socket.sent() == {"i": "1", "t": 4}


async def test_a_silent_stream_times_out_where_asked() -> None:
    async with peer_of(event_timeout=0.001) as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        with pytest.raises(TimedOut, match="watch sent nothing"):
            await anext(peer.answers[0])
        assert await socket.sent() == {"i": "1", "t": 4}


async def test_a_lost_connection_fails_every_call_and_stream() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        (events,) = peer.answers
        socket.give(event_frame("1", {"n": 1}))
        async with served(peer, peer.client.ping(), peer.client.forget(Item(n=1))):
            await socket.sent()
            await socket.sent()
            socket.lose()
        _, *failures = peer.answers
        assert [type(failure) for failure in failures] == [ConnectionLost, ConnectionLost]
        assert failures[0] is not failures[1]
        assert (await anext(events)).n == 1
        with pytest.raises(ConnectionLost):
            await anext(events)
        assert socket.closed


async def test_a_call_on_a_connection_that_is_just_gone_is_lost() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.ping()) as socket:
            socket.give(answer((await socket.sent())["i"], "pong"))
        socket.closed = True
        with pytest.raises(ConnectionLost, match="fake socket"):
            await peer.client.ping()


async def test_a_connection_that_is_lost_at_once_fails_its_first_call() -> None:
    network = FakeNetwork()

    async def connect(url: str, headers: Headers) -> Socket:
        socket = await network(url, headers)
        network.sockets[-1].lose()
        return socket

    async with WebSocketLink(URL, connect=connect) as link:
        with pytest.raises(ConnectionLost, match="fake socket"):
            await create_client(Api, link).ping()


async def test_leaving_a_call_on_a_connection_that_is_gone_is_no_failure() -> None:
    async with peer_of() as peer:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(peer.keep, peer.client.ping())
            socket = await peer.network.socket()
            await socket.sent()
            socket.closed = True
            tasks.cancel_scope.cancel()
        await anyio.wait_all_tasks_blocked()
        socket.lose()


async def test_a_lost_connection_stays_lost_unless_asked() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.ping()) as socket:
            await socket.sent()
            socket.lose()
        with pytest.raises(ConnectionLost, match="reconnect=Reconnect"):
            await peer.client.ping()
        assert len(peer.network.sockets) == 1


async def test_a_new_call_opens_a_lost_connection_again_where_asked() -> None:
    async with peer_of(reconnect=Reconnect()) as peer:
        async with served(peer, peer.client.ping()) as socket:
            await socket.sent()
            socket.lose()
        async with served(peer, peer.client.ping()):
            second = await peer.network.socket(1)
            assert (await second.sent())["i"] == "1"
            second.give(answer("1", "pong"))
        assert peer.answers[1] == "pong"


async def test_connecting_is_tried_again_with_growing_delays() -> None:
    sleeper = Sleeper()
    failures = [ConnectFailed("down")] * 4
    async with peer_of(*failures, reconnect=Reconnect(), sleep=sleeper) as peer:
        async with served(peer, peer.client.ping()) as socket:
            await socket.sent()
            socket.give(answer("1", "pong"))
        assert peer.answers == ["pong"]
    assert len(sleeper.slept) == 4
    for number, slept in enumerate(sleeper.slept):
        assert 0.1 * 2**number <= slept <= 0.2 * 2**number


async def test_connecting_is_given_up_for_all_who_wait() -> None:
    sleeper = Sleeper()
    failures = [ConnectFailed("down")] * 2
    options: dict[str, Any] = {"reconnect": Reconnect(max_attempts=2), "sleep": sleeper}
    async with peer_of(*failures, **options) as peer:
        async with anyio.create_task_group() as tasks:
            for _ in "abc":
                tasks.start_soon(peer.keep, peer.client.ping())
        assert [type(failure) for failure in peer.answers] == [ConnectFailed] * 3
        assert len(peer.network.handshakes) == 2


async def test_a_refused_handshake_is_not_repeated() -> None:
    async with peer_of(HandshakeRefused(401), reconnect=Reconnect()) as peer:
        with pytest.raises(HandshakeRefused) as caught:
            await peer.client.ping()
        assert caught.value.status == 401
        assert len(peer.network.handshakes) == 1


async def test_one_attempt_to_connect_serves_all_who_wait() -> None:
    async with peer_of() as peer:
        async with served(peer, peer.client.ping(), peer.client.ping()) as socket:
            for _ in "ab":
                socket.give(answer((await socket.sent())["i"], "pong"))
        assert len(peer.network.handshakes) == 1


async def test_a_caller_that_leaves_does_not_stop_others_from_connecting() -> None:
    async with peer_of() as peer:
        with anyio.move_on_after(0):
            await peer.client.ping()
        async with served(peer, peer.client.ping()) as socket:
            socket.give(answer((await socket.sent())["i"], "pong"))
        assert peer.answers == ["pong"]


async def test_a_stream_resumes_on_another_connection() -> None:
    network = FakeNetwork()
    async with WebSocketLink(URL, connect=network, reconnect=Reconnect()) as link:
        client = create_client(Api, ReconnectLink(link, sleep=Sleeper()))
        peer = Peer(network, client)
        async with served(peer, client.watch()) as first:
            await first.sent()
            first.give(stream_head("1"))
        (events,) = peer.answers
        first.give(event_frame("1", {"n": 1}, meta={"id": "e1"}))
        first.lose()
        assert (await anext(events)).n == 1
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(peer.keep, anext(events))
            second = await network.socket(1)
            request = await second.sent()
            assert request["p"]["h"] == {"last-event-id": "e1"}
            second.give(stream_head("1"))
            second.give(event_frame("1", {"n": 2}, meta={"id": "e2"}))
        assert peer.answers[1] == Item(n=2)
        await events.aclose()


async def test_events_nobody_reads_are_kept_up_to_a_limit() -> None:
    async with peer_of(max_buffered_bytes=1000) as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        (events,) = peer.answers
        for n in range(5):
            socket.give(event_frame("1", {"n": n}))
        assert await socket.sent() == {"i": "1", "t": 4}
        assert [(await anext(events)).n for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ReaderTooSlow, match="max_buffered_bytes"):
            await anext(events)


async def test_reading_makes_room_for_more_events() -> None:
    async with peer_of(max_buffered_bytes=1000) as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        (events,) = peer.answers
        for n in range(50):
            socket.give(event_frame("1", {"n": n}))
            assert (await anext(events)).n == n
        await events.aclose()


class Numbers(AsyncIterator[int]):
    """Items to send, and what became of them."""

    def __init__(self, *items: int | Exception, result: object = UNDEFINED) -> None:
        self._items = iter(items)
        self.result = result
        self.closed = anyio.Event()

    async def __anext__(self) -> int:
        await anyio.lowlevel.checkpoint()
        item = next(self._items, None)
        if item is None:
            raise StopAsyncIteration
        if isinstance(item, Exception):
            raise item
        return item

    async def aclose(self) -> None:
        self.closed.set()


class Uploads(Contract):
    total = procedure().input(ANY).output(int)


@asynccontextmanager
async def uploading(source: AsyncIterator[Any]) -> AsyncIterator[tuple[Peer, FakeSocket]]:
    network = FakeNetwork()
    async with WebSocketLink(URL, connect=network) as link:
        client = create_client(Uploads, link)
        peer = Peer(network, client)  # type: ignore[arg-type]  # another contract than most
        async with served(peer, client.total(source)) as socket:
            head = {"u": "/total", "h": {"content-type": "text/event-stream"}}
            assert await socket.sent() == {"i": "1", "p": head}
            yield peer, socket


async def test_an_iterator_is_sent_item_by_item() -> None:
    source = Numbers(1, 2, result=3)
    async with uploading(source) as (peer, socket):
        for n in (1, 2):
            assert await socket.sent() == event_frame("1", n)
        assert await socket.sent() == event_frame("1", 3, event="done")
        socket.give(answer("1", 6))
    assert peer.answers == [6]
    assert source.closed.is_set()


async def test_a_generator_without_result_sends_an_empty_one() -> None:
    async def items() -> AsyncIterator[Any]:
        yield with_event_meta(1, id="a", retry=5)

    async with uploading(items()) as (_, socket):
        assert await socket.sent() == event_frame("1", 1, meta={"id": "a", "retry": 5})
        assert await socket.sent() == {"i": "1", "t": 3, "p": {"e": "done", "d": {}}}
        socket.give(answer("1", 1))


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (ORPCError("CONFLICT"), "CONFLICT", "Conflict"),
        (ORPCError("X", data=object()), "INTERNAL_SERVER_ERROR", "Internal server error"),
        (ValueError("secret"), "INTERNAL_SERVER_ERROR", "Internal server error"),
    ],
    ids=["oRPC", "unencodable", "other"],
)
async def test_an_iterator_that_fails_tells_the_server(
    failure: Exception, code: str, message: str
) -> None:
    async with uploading(Numbers(1, failure)) as (_, socket):
        await socket.sent()
        frame = await socket.sent()
        assert frame["p"]["e"] == "error"
        error = frame["p"]["d"]["json"]
        assert (error["code"], error["message"]) == (code, message)
        socket.give(answer("1", 1))


@pytest.mark.parametrize("frame", [{"i": "1", "t": 4}, answer("1", 1)], ids=["abort", "answer"])
async def test_the_server_may_stop_an_upload(frame: dict[str, object]) -> None:
    source = Numbers(*range(100_000))
    async with uploading(source) as (_, socket):
        assert await socket.sent() == event_frame("1", 0)
        socket.give(frame)
        await source.closed.wait()
        socket.give(answer("1", 1))


async def test_a_lost_connection_stops_an_upload() -> None:
    source = Numbers(*range(100_000))
    async with uploading(source) as (peer, socket):
        await socket.sent()
        socket.lose()
        await source.closed.wait()
    assert isinstance(peer.answers[0], ConnectionLost)


async def test_an_upload_ends_with_a_connection_that_is_just_gone() -> None:
    source = Numbers(*range(100_000))
    async with uploading(source) as (_, socket):
        await socket.sent()
        socket.closed = True
        await source.closed.wait()
        socket.lose()


async def test_closing_the_link_closes_its_socket_and_ends_its_streams() -> None:
    async with peer_of() as peer, served(peer, peer.client.watch()) as socket:
        await socket.sent()
        socket.give(stream_head("1"))
    assert socket.closed
    with pytest.raises(ConnectionLost, match="closed"):
        await anext(peer.answers[0])
    with pytest.raises(RuntimeError, match="async with WebSocketLink"):
        await peer.client.ping()


async def test_interceptors_wrap_the_call_and_failures_name_it() -> None:
    seen: list[str] = []

    async def log(call: LinkCall, following: LinkNext) -> object:
        seen.append(".".join(call.path))
        return await following(call)

    async with peer_of(ConnectFailed("down"), interceptors=[log]) as peer:
        with pytest.raises(ConnectFailed) as caught:
            await peer.client.ping()
        assert caught.value.__notes__ == ["in the call of ping"]
    assert seen == ["ping"]


@pytest.mark.parametrize("url", ["/ws", "https://hq.example", "ws:///x", "wss://hq/x#y"])
def test_a_link_needs_a_websocket_url(url: str) -> None:
    with pytest.raises(ValueError, match="absolute URL"):
        WebSocketLink(url)


def test_threads_can_use_it_too() -> None:
    network = FakeNetwork(ConnectFailed("down"))
    with (
        SyncClient(Api, lambda: WebSocketLink(URL, connect=network)) as hq,
        pytest.raises(ConnectFailed),
    ):
        hq.call(hq.client.ping)
