"""The peer protocol over a websocket, frame by frame."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from tests.unit.http.kit import Gate, fixture_router
from tests.unit.http.sockets import Socket, connected
from tests.unit.http.test_uploads import Watched, router as upload_router

from rawr.http import (
    ASGIApp,
    CheckOrigin,
    Request,
    Respond,
    Response,
    RPCHandler,
    WebsocketLimits,
    allow_origins,
    any_origin,
    same_origin,
)
from rawr.testing.asgi import ASGIClient

STREAM_HEADERS = {"content-type": "text/event-stream"}


def fixture(gate: Gate | None = None, interceptors: Any = (), **options: Any) -> ASGIApp:
    handler = RPCHandler(fixture_router(), interceptors=interceptors)
    return handler.websocket(context=gate or Gate(), **options)


def uploads(context: Watched | None = None, **limits: Any) -> ASGIApp:
    handler = RPCHandler(upload_router())
    return handler.websocket(context=context or Watched(), limits=WebsocketLimits(**limits))


def call(call_id: Any, path: str, json: Any = None, **fields: Any) -> dict[str, Any]:
    return {"i": call_id, "p": {"u": f"/{path}", "b": {"json": json}, **fields}}


def upload(call_id: Any, path: str) -> dict[str, Any]:
    return {"i": call_id, "p": {"u": f"/{path}", "h": STREAM_HEADERS}}


def item(call_id: Any, json: Any, event: str = "message", **fields: Any) -> dict[str, Any]:
    return {"i": call_id, "t": 3, "p": {"e": event, "d": {"json": json}, **fields}}


async def test_a_call_is_answered_under_its_own_id() -> None:
    async with connected(fixture()) as socket:
        for call_id in ("1", 7, "x y"):
            socket.say(call(call_id, "echo", 1))
            assert await socket.hear() == {"i": call_id, "p": {"b": {"json": 1}}}


async def test_calls_answer_when_they_are_done() -> None:
    gate = Gate()
    async with connected(fixture(gate)) as socket:
        socket.say(call("1", "suspend"))
        socket.say(call("2", "echo", 2))
        assert (await socket.hear())["i"] == "2"
        gate.opened.set()
        assert await socket.hear() == {"i": "1", "p": {"b": {"json": "done"}}}


async def test_errors_have_their_status() -> None:
    async with connected(fixture()) as socket:
        socket.say(call("1", "fail", "typed"))
        answer = (await socket.hear())["p"]
        assert (answer["s"], answer["b"]["json"]["code"]) == (402, "PAYMENT")


async def test_what_is_not_matched_is_said_in_the_protocols_words() -> None:
    async with connected(fixture()) as socket:
        socket.say(call("1", "missing"))
        assert await socket.hear() == {"i": "1", "p": {"s": 404, "b": "No procedure matched"}}


async def test_a_prefix_can_be_asked_for() -> None:
    app = RPCHandler(fixture_router()).websocket(prefix="/rpc", context=Gate())
    async with connected(app) as socket:
        socket.say(call("1", "echo", 1))
        socket.say(call("2", "rpc/echo", 2))
        assert (await socket.hear())["p"]["s"] == 404
        assert (await socket.hear())["p"]["b"] == {"json": 2}


async def test_frames_that_break_the_protocol_are_logged_and_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with connected(fixture()) as socket:
        for frame in ("{", b"\xff", [], {"i": "1"}, {"i": "1", "t": 4}, item("9", 1)):
            socket.say(frame)
        socket.say(call("1", "echo", 1))
        assert (await socket.hear())["i"] == "1"
    assert {record.__dict__["action"] for record in caplog.records} == {"ignore_frame"}


async def test_a_live_id_is_not_used_twice() -> None:
    gate = Gate()
    async with connected(fixture(gate)) as socket:
        socket.say(call("1", "suspend"))
        socket.say(call("1", "echo", 1))
        await gate.entered.wait()
        gate.opened.set()
        assert await socket.hear() == {"i": "1", "p": {"b": {"json": "done"}}}
        socket.say(call("1", "echo", 1))
        assert await socket.hear() == {"i": "1", "p": {"b": {"json": 1}}}


async def test_an_abort_cancels_the_call_and_frees_its_id() -> None:
    gate = Gate()
    async with connected(fixture(gate)) as socket:
        socket.say(call("1", "suspend"))
        await gate.entered.wait()
        socket.say({"i": "1", "t": 4})
        socket.say(call("1", "echo", 1))
        assert await socket.hear() == {"i": "1", "p": {"b": {"json": 1}}}
        assert gate.left == ["cancelled"]


async def test_an_abort_closes_a_stream() -> None:
    gate = Gate()
    async with connected(fixture(gate)) as socket:
        socket.say(call("1", "stream", "endless"))
        assert await socket.hear() == {"i": "1", "p": {"h": STREAM_HEADERS}}
        assert (await socket.hear())["p"] == {"e": "message", "d": {"json": {"n": 1}}}
        socket.say({"i": "1", "t": 4})
        socket.say(call("2", "echo", 2))
        assert (await socket.hear())["i"] == "2"
    assert gate.left == ["stream"]


async def test_events_keep_their_metadata() -> None:
    async with connected(fixture()) as socket:
        socket.say(call("1", "stream", "meta"))
        frames = [await socket.hear() for _ in range(4)]
    assert frames[2]["p"]["m"] == {"id": "e2", "retry": 1500, "comments": ["hello"]}
    assert frames[3] == {"i": "1", "t": 3, "p": {"e": "done", "d": {}}}


async def test_a_stream_resumes_after_the_last_event_id() -> None:
    async with connected(fixture()) as socket:
        socket.say(call("1", "stream", "short", h={"last-event-id": "41"}))
        await socket.hear()
        assert (await socket.hear())["p"]["d"] == {"json": {"n": 42}}


async def test_files_travel_behind_the_frame() -> None:
    form = (
        b'--B\r\nContent-Disposition: form-data; name="data"\r\n\r\n{"json":{},"maps":[[]]}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="0"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nabc\r\n--B--\r\n"
    )
    head = b'{"i":"1","p":{"u":"/file","h":{"content-type":"multipart/form-data; boundary=B"}}}'
    async with connected(fixture()) as socket:
        socket.say(head + b"\xff" + form)
        answer = await socket.raw()
    assert isinstance(answer, bytes)
    assert b'filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nabc' in answer


async def test_an_upload_is_read_in_order_from_the_first_frame_on() -> None:
    async with connected(uploads()) as socket:
        socket.say(upload("1", "collect"))
        socket.say(item("1", 1, m={"id": "e1"}))
        socket.say(item("1", 2))
        socket.say(item("1", "end", "done"))
        assert await socket.hear() == {
            "i": "1",
            "p": {"b": {"json": {"items": [[1, "e1"], [2, "e1"]], "result": "end"}}},
        }


async def test_streams_go_both_ways_at_once() -> None:
    async with connected(uploads()) as socket:
        socket.say(upload("1", "doubled"))
        assert (await socket.hear())["p"] == {"h": STREAM_HEADERS}
        for number in (1, 2):
            socket.say(item("1", number))
            assert (await socket.hear())["p"]["d"] == {"json": number * 2}


async def test_a_handler_that_stops_reading_tells_the_client() -> None:
    async with connected(uploads()) as socket:
        socket.say(upload("1", "first"))
        socket.say(item("1", 7))
        assert await socket.hear() == {"i": "1", "t": 4}
        assert await socket.hear() == {"i": "1", "p": {"b": {"json": [7, []]}}}


async def test_an_event_with_a_broken_comment_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    async with connected(uploads()) as socket:
        socket.say(upload("1", "collect"))
        socket.say(item("1", 1, m={"comments": ["a\nb"]}))
        socket.say(item("1", 2, "done"))
        assert (await socket.hear())["p"]["b"]["json"]["items"] == []
    assert "line break" in caplog.text


async def test_reading_pauses_for_a_handler_that_is_behind() -> None:
    async with connected(uploads(max_buffered_items=2)) as socket:
        socket.say(upload("1", "collect"))
        for number in range(200):
            socket.say(item("1", number))
        socket.say(item("1", None, "done"))
        assert len((await socket.hear())["p"]["b"]["json"]["items"]) == 200


async def test_a_handler_that_takes_nothing_loses_its_stream() -> None:
    held = asyncio.Event()

    async def holding(request: Request, next: Respond) -> Response:
        if request.operation.name == "failing":
            await held.wait()
        return await next(request)

    handler = RPCHandler(upload_router(), interceptors=[holding])
    limits = WebsocketLimits(max_buffered_items=1, stall_seconds=0)
    app = handler.websocket(context=Watched(), limits=limits)
    async with connected(app) as socket:
        socket.say(upload("1", "failing"))
        for number in range(3):
            socket.say(item("1", number))
        socket.say(call("2", "ignore"))
        assert await socket.hear() == {"i": "1", "t": 4}
        assert (await socket.hear())["i"] == "2"
        held.set()
        assert (await socket.hear())["p"]["b"] == {"json": {"code": "TIMEOUT"}}


async def test_calls_over_the_limit_are_refused_one_by_one() -> None:
    gate = Gate()
    async with connected(fixture(gate, limits=WebsocketLimits(max_calls=1))) as socket:
        socket.say(call("1", "suspend"))
        socket.say(call("2", "echo", 2))
        refused = (await socket.hear())["p"]
        assert (refused["s"], refused["b"]["json"]["code"]) == (429, "TOO_MANY_REQUESTS")
        gate.opened.set()
        await socket.hear()
        socket.say(call("2", "echo", 2))
        assert (await socket.hear())["p"] == {"b": {"json": 2}}


@pytest.mark.parametrize("frame", ["x" * 21, "ü" * 11, b"x" * 21])
async def test_a_frame_over_the_limit_closes_the_socket(frame: Any) -> None:
    async with connected(fixture(limits=WebsocketLimits(max_frame_bytes=20))) as socket:
        socket.say(frame)
        assert await socket.closed() == (1009, "A frame exceeds 20 bytes")


async def test_the_client_leaving_cancels_every_call() -> None:
    gate = Gate()
    async with connected(fixture(gate)) as socket:
        socket.say(call("1", "suspend"))
        await gate.entered.wait()
        socket.say(call("2", "stream", "endless"))
        await socket.hear()
        await socket.hear()
    assert sorted(gate.left) == ["cancelled", "stream"]


async def test_the_server_stopping_closes_the_socket_and_cancels_its_calls() -> None:
    gate, socket = Gate(), Socket()
    scope = {"type": "websocket", "headers": [], "path": "/"}
    app = fixture(gate)
    task = asyncio.create_task(app(scope, socket.to_app.get, socket.send_message))
    socket.to_app.put_nowait({"type": "websocket.connect"})
    await socket.message()
    socket.say(call("1", "suspend"))
    await gate.entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await socket.closed() == (1012, "The server is going away")
    assert gate.left == ["cancelled"]


async def test_a_client_that_is_gone_breaks_nothing() -> None:
    async with connected(fixture()) as socket:
        socket.broken = True
        socket.say(call("1", "stream", "short"))
        socket.say(call("2", "echo", 2))
        await anyio.wait_all_tasks_blocked()


async def test_a_slow_client_holds_its_streams_back() -> None:
    gate = Gate()
    async with connected(fixture(gate)) as socket:
        socket.open.clear()
        socket.say(call("1", "stream", "endless"))
        await anyio.wait_all_tasks_blocked()
        assert not gate.entered.is_set()
        socket.open.set()
        await socket.hear()
        await gate.entered.wait()


async def test_interceptors_and_contexts_see_the_calls_own_headers_over_the_handshakes() -> None:
    seen: list[tuple[str, str, str]] = []

    async def noting(request: Request, next: Respond) -> Response:
        names = ("cookie", "x-own", "origin")
        seen.append((request.raw_path, *(request.headers.get(name, "") for name in names)))
        response = await next(request)
        response.headers = [*response.headers, (b"x-served", b"yes")]
        return response

    handshake = {"cookie": "a=1", "x-own": "handshake", "origin": "http://hq.example"}
    async with connected(fixture(interceptors=[noting]), headers=handshake) as socket:
        socket.say(call("1", "echo", 1, h={"X-Own": "call", "origin": "http://evil"}))
        assert (await socket.hear())["p"]["h"] == {"x-served": "yes"}
    assert seen == [("/echo", "a=1", "call", "http://hq.example")]


async def test_an_interceptors_chunks_are_gathered() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"c"

    async def answering(request: Request, next: Respond) -> Response:
        return Response(headers=[(b"content-type", b"text/plain")], body=chunks())

    async with connected(fixture(interceptors=[answering])) as socket:
        socket.say(call("1", "echo", 1))
        assert await socket.hear() == {"i": "1", "p": {"b": "abc"}}


async def test_a_response_that_is_no_frame_fails_its_call_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answering(request: Request, next: Respond) -> Response:
        return Response(headers=[(b"content-type", b"multipart/form-data")], body=b"no form")

    async with connected(fixture(interceptors=[answering])) as socket:
        socket.say(call("1", "echo", 1))
        assert (await socket.hear())["p"]["s"] == 500
        socket.say(call("2", "missing"))
        assert (await socket.hear())["p"]["s"] == 404
    assert caplog.records[0].name == "rawr.http"


async def test_what_is_no_websocket_gets_a_404() -> None:
    response = await ASGIClient(fixture()).request("GET", "/echo")
    assert response.status == 404


SAME = "http://hq.example"


@pytest.mark.parametrize(
    ("check", "origin", "accepted"),
    [
        (same_origin, None, True),
        (same_origin, SAME, True),
        (same_origin, "https://HQ.example", True),
        (same_origin, "http://evil.example", False),
        (same_origin, "http://hq.example:8080", False),
        (same_origin, "null", False),
        (any_origin, "http://evil.example", True),
        (allow_origins("https://app.example"), "https://app.example", True),
        (allow_origins("https://app.example"), "https://app.example.evil", False),
        (allow_origins("https://app.example"), SAME, False),
        (allow_origins("https://app.example"), None, True),
    ],
)
async def test_origins_are_checked_before_the_socket_is_accepted(
    check: CheckOrigin, origin: str | None, accepted: bool
) -> None:
    headers = {} if origin is None else {"origin": origin}
    app = fixture(check_origin=check)
    async with connected(app, accepted=accepted, headers=headers) as socket:
        if not accepted:
            assert await socket.closed() == (1008, "")


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/", "https://"])
def test_an_origin_is_a_scheme_and_a_host(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        allow_origins(origin)
