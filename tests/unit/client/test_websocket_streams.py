"""Event iterators that come over a websocket."""

import anyio
import pytest
from tests.unit.client.fake_socket import (
    FakeNetwork,
    answer,
    event_frame,
    stream_head,
)
from tests.unit.client.fakes import Api, Busy, Item, Sleeper
from tests.unit.client.websocket_peer import URL, Peer, peer_of, served

from rawr.client import (
    ContractMismatch,
    ProtocolError,
    ReaderTooSlow,
    Reconnect,
    ReconnectLink,
    TimedOut,
    WebSocketLink,
    create_client,
)
from rawr.schema import UNDEFINED


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


async def test_a_silent_stream_times_out_where_asked() -> None:
    async with peer_of(event_timeout=0.001) as peer:
        async with served(peer, peer.client.watch()) as socket:
            await socket.sent()
            socket.give(stream_head("1"))
        with pytest.raises(TimedOut, match="watch sent nothing"):
            await anext(peer.answers[0])
        assert await socket.sent() == {"i": "1", "t": 4}


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
