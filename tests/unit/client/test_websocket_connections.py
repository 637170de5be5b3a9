"""The connection below a websocket link: opened, lost, opened again."""

from typing import Any

import anyio
import pytest
from tests.unit.client.fake_socket import (
    FakeNetwork,
    answer,
    event_frame,
    stream_head,
)
from tests.unit.client.fakes import Api, Item, Sleeper
from tests.unit.client.websocket_peer import URL, peer_of, served

from rawr.client import (
    ConnectFailed,
    ConnectionLost,
    HandshakeRefused,
    Headers,
    Reconnect,
    Socket,
    WebSocketLink,
    create_client,
)


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


async def test_closing_the_link_closes_its_socket_and_ends_its_streams() -> None:
    async with peer_of() as peer, served(peer, peer.client.watch()) as socket:
        await socket.sent()
        socket.give(stream_head("1"))
    assert socket.closed
    with pytest.raises(ConnectionLost, match="closed"):
        await anext(peer.answers[0])
    with pytest.raises(RuntimeError, match="async with WebSocketLink"):
        await peer.client.ping()
