"""Calls of the websocket link over a fake socket (RPC protocol v1, peer protocol)."""

import anyio
import pytest
from tests.unit.client.fake_socket import (
    FakeNetwork,
    answer,
    stream_head,
)
from tests.unit.client.fakes import Api, Busy, Item
from tests.unit.client.websocket_peer import URL, Peer, peer_of, served

from rawr.client import (
    CallContext,
    ConnectFailed,
    ContractMismatch,
    LinkNext,
    ProtocolError,
    SyncClient,
    TimedOut,
    WebSocketLink,
    create_client,
)
from rawr.contract import Contract, LinkCall, ORPCError, procedure
from rawr.schema import File


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
