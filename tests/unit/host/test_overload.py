"""Requests at once are bounded, and who is sent away is told for how long."""

import anyio
import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send

from rawr.host._overload import Gate, set_retry_after
from rawr.testing.asgi import ASGIClient


class Slow:
    """An app that answers when it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.let = anyio.Event()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.begun += 1
        await self.let.wait()
        await answer(send, 200)


async def answer(send: Send, status: int) -> None:
    start: Message = {"type": "http.response.start", "status": status, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("speaks_rpc", [False, True])
async def test_one_too_many_is_sent_away_typed(speaks_rpc: bool) -> None:
    slow, gate = Slow(), Gate(1)
    client = ASGIClient(gate.guard(slow, speaks_rpc=speaks_rpc))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.request, "GET", "/")
        while not slow.begun:
            await anyio.lowlevel.checkpoint()
        refused = await client.request("GET", "/")
        slow.let.set()
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    body = msgspec.json.decode(refused.body)
    error = body["json"] if speaks_rpc else body
    assert (error["code"], error["status"]) == ("SERVICE_UNAVAILABLE", 503)
    assert slow.begun == 1
    assert (await client.request("GET", "/")).status == 200


async def test_everything_behind_a_gate_counts_together() -> None:
    slow, gate = Slow(), Gate(1)
    one, other = ASGIClient(gate.guard(slow)), ASGIClient(gate.guard(slow))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.request, "GET", "/")
        while not slow.begun:
            await anyio.lowlevel.checkpoint()
        assert (await other.request("GET", "/")).status == 503
        slow.let.set()


async def test_a_failed_request_no_longer_counts() -> None:
    async def fails(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("broken")

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is sent")

    guarded = Gate(1).guard(fails)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="broken"):
            await guarded({"type": "http"}, receive, send)


async def test_a_refusal_further_in_tells_when_to_come_back() -> None:
    async def limited(scope: Scope, _receive: Receive, send: Send) -> None:
        set_retry_after(scope, 7)
        await answer(send, 429)

    response = await ASGIClient(Gate(1).guard(limited)).request("GET", "/")
    assert (response.status, response.headers["retry-after"]) == (429, "7")
