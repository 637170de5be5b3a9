"""Websockets: what the real server said, and the real websocket link against ours."""

import re
import threading
from contextlib import ExitStack

import pytest
from tests.node_peer import ask_node, peers_installed
from tests.unit.http.sockets import connected
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from rawr.http import ASGIApp, Receive, RPCHandler, Scope, Send, WebsocketLimits

from .golden_cases import load
from .golden_router import rpc_router
from .live_router import headers_context, live_router
from .serving import serving

EXPECTED_CASES = 33

SCENARIOS = {scenario["name"]: scenario["frames"] for scenario in load("rpc-peer")}
# An async generator returns nothing; how far an aborted stream gets is up to each server.
OTHER_FRAMES = {"streamResult", "abort"}

BOUNDARY = re.compile(rb"----formdata-rawr-[0-9a-f]+")


def application() -> ASGIApp:
    handler = RPCHandler(live_router())
    free = handler.websocket(context=headers_context)
    limited = handler.websocket(
        context=headers_context, limits=WebsocketLimits(max_frame_bytes=1000, max_calls=1)
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (limited if scope["path"] == "/limited" else free)(scope, receive, send)

    return app


@pytest.mark.parametrize("name", sorted(SCENARIOS.keys() - OTHER_FRAMES))
async def test_frames_are_answered_like_by_the_real_server(name: str) -> None:
    router = live_router() if name == "upload" else rpc_router()
    async with connected(RPCHandler(router).websocket(context=None)) as socket:
        for frame in SCENARIOS[name]:
            if frame["from"] == "client":
                socket.say(frame["text"])
        for frame in SCENARIOS[name]:
            if frame["from"] == "server":
                assert BOUNDARY.sub(b"BOUNDARY", as_bytes(await socket.raw())) == recorded(frame)


def recorded(frame: dict[str, str]) -> bytes:
    binary = frame.get("binary")
    return frame["text"].encode() + (b"" if binary is None else b"\xff" + binary.encode())


def as_bytes(frame: str | bytes) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode()


def test_a_server_that_stops_closes_its_websockets() -> None:
    server = ExitStack()
    base_url = server.enter_context(serving(application()))
    stopping = threading.Thread(target=server.close)
    with server, connect(base_url.replace("http:", "ws:") + "/ws") as socket:
        socket.send('{"i":"1","p":{"u":"/endless","b":{}}}')
        assert socket.recv() == '{"i":"1","p":{"h":{"content-type":"text/event-stream"}}}'
        socket.recv()
        stopping.start()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
        stopping.join()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


@pytest.mark.node
def test_the_real_websocket_link_is_served_like_by_the_real_server(
    subtests: pytest.Subtests,
) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    with serving(application()) as base_url:
        url = base_url.replace("http:", "ws:")
        outcome = ask_node(
            "peers/websocket.mjs", {"url": f"{url}/ws", "limitedUrl": f"{url}/limited"}
        )
    assert len(outcome) == EXPECTED_CASES
    for name, failure in outcome.items():
        with subtests.test(name):
            assert failure is None
