import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rawr.server._streams import Nudge, OpenStreams
from rawr.testing.clock import VirtualClock

STREAM = b"text/event-stream; charset=utf-8"


async def streaming(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", scope["headers"][0][1])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    message = await receive()
    await send({"type": "http.response.body", "body": message["type"].encode()})


async def socket(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    message = await receive()
    scope["ended_by"] = message["type"]


def http(content_type: bytes = STREAM, who: str = "ada") -> dict[str, Any]:
    return {"type": "http", "headers": [(b"accept", content_type)], "who": who}


class Client:
    """A client that says what it is told to, and keeps what it hears."""

    def __init__(self, app: Any, scope: dict[str, Any], *first: dict[str, Any]) -> None:
        self.sent: list[Any] = []
        self.said: asyncio.Queue[Any] = asyncio.Queue()
        for message in first:
            self.said.put_nowait(message)
        self.task = asyncio.ensure_future(app(scope, self.said.get, self.send))

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def until(self, reached: Callable[[], bool]) -> None:
        for _ in range(50):
            if reached():
                return
            await asyncio.sleep(0)
        raise AssertionError(self.sent)


BODY = {"type": "http.request", "body": b"", "more_body": False}
CONNECT = {"type": "websocket.connect"}


async def test_a_cut_stream_sees_its_client_go_away() -> None:
    streams = OpenStreams(streaming)
    client = Client(streams, http())
    await client.until(lambda: len(client.sent) == 1)
    streams.cut()
    await client.task
    assert client.sent[1]["body"] == b"http.disconnect"


async def test_a_stream_that_begins_later_is_cut_too() -> None:
    streams = OpenStreams(streaming)
    streams.cut()
    client = Client(streams, http())
    await client.task
    assert client.sent[1]["body"] == b"http.disconnect"


async def test_a_stream_runs_until_it_is_cut() -> None:
    client = Client(OpenStreams(streaming), http(), BODY)
    await client.task
    assert client.sent[1]["body"] == b"http.request"


async def test_other_requests_are_let_finish() -> None:
    streams = OpenStreams(streaming)
    streams.cut()
    client = Client(streams, http(b"application/json"), BODY)
    await client.task
    assert client.sent[1]["body"] == b"http.request"


async def test_a_cut_websocket_is_told_that_the_server_goes_away() -> None:
    streams = OpenStreams(socket)
    scope: dict[str, Any] = {"type": "websocket"}
    client = Client(streams, scope, CONNECT)
    await client.until(lambda: len(client.sent) == 1)
    await streams.close()
    await client.task
    assert client.sent[1] == {
        "type": "websocket.close",
        "code": 1001,
        "reason": "The server is going away",
    }
    assert scope["ended_by"] == "websocket.disconnect"


async def test_closing_does_not_wait_for_a_websocket_that_will_not_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rawr.server._streams._CLOSING_SECONDS", 0)

    async def stubborn(_scope: Any, _receive: Any, _send: Any) -> None:
        await asyncio.Event().wait()

    streams = OpenStreams(stubborn)
    client = Client(streams, {"type": "websocket"})
    await asyncio.sleep(0)
    await streams.close()
    client.task.cancel()


@pytest.mark.parametrize("nudged", [True, False])
async def test_who_is_no_longer_admitted_is_cut_and_nobody_else(nudged: bool) -> None:
    gone: set[str] = set()

    async def still_admitted(scope: Any) -> bool:
        return scope["who"] not in gone

    streams, clock, nudge = (
        OpenStreams(streaming, still_admitted=still_admitted),
        VirtualClock(),
        Nudge(),
    )
    checking = asyncio.ensure_future(streams.keep_checking(clock, nudge))
    ada, bob = Client(streams, http()), Client(streams, http(who="bob"))
    await bob.until(lambda: len(bob.sent) == 1)
    gone.add("ada")
    if nudged:
        nudge.give()
    else:
        clock.advance(2000)
    await ada.task
    assert ada.sent[1]["body"] == b"http.disconnect"
    assert len(bob.sent) == 1
    bob.said.put_nowait(BODY)
    await bob.task
    assert bob.sent[1]["body"] == b"http.request"
    checking.cancel()


async def test_a_websocket_whose_caller_is_out_is_told_so() -> None:
    async def still_admitted(_scope: Any) -> bool:
        return False

    streams, nudge = OpenStreams(socket, still_admitted=still_admitted), Nudge()
    client = Client(streams, {"type": "websocket"}, CONNECT)
    await client.until(lambda: len(client.sent) == 1)
    checking = asyncio.ensure_future(streams.keep_checking(VirtualClock(), nudge))
    await asyncio.sleep(0)
    nudge.give()
    await client.task
    assert client.sent[1]["code"] == 1008
    checking.cancel()


async def test_what_is_over_is_forgotten() -> None:
    streams = OpenStreams(streaming)
    await Client(streams, http(), BODY).task
    assert streams._open == set()


async def test_the_lifespan_passes_through() -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    await Client(OpenStreams(app), {"type": "lifespan"}).task
    assert seen == ["lifespan"]
