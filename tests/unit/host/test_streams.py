import asyncio
from typing import Any

from rawr.host._streams import StreamCutter


async def streaming(scope: Any, receive: Any, send: Any) -> None:
    content_type = scope["headers"][0][1]
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    message = await receive()
    await send({"type": "http.response.body", "body": message["type"].encode()})


async def run(content_type: bytes, *, cut: bool) -> list[Any]:
    cutter, sent = StreamCutter(streaming), []

    async def receive() -> Any:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    if cut:
        cutter.cut()
    scope = {"type": "http", "headers": [(b"accept", content_type)]}
    await cutter(scope, receive, send)
    return sent


async def test_a_cut_stream_sees_its_client_go_away() -> None:
    sent = await run(b"text/event-stream; charset=utf-8", cut=True)
    assert sent[1]["body"] == b"http.disconnect"


async def test_a_stream_runs_until_it_is_cut() -> None:
    assert (await run(b"text/event-stream", cut=False))[1]["body"] == b"http.request"


async def test_other_requests_are_let_finish() -> None:
    assert (await run(b"application/json", cut=True))[1]["body"] == b"http.request"
