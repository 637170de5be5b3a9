"""Bodies have to arrive in time; the deadlines here are over before they begin, or far away."""

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.unit.composition.kit import capability
from tests.unit.host.kit import PEOPLE, settings_for

from rawr.composition import compose_capabilities
from rawr.host import TokenIdentity, boot
from rawr.host._deadline import BodyDeadline

OVER = BodyDeadline(seconds=-1)
FAR = BodyDeadline(seconds=3600)
JSON = (b"content-type", b"application/json")
BEARER = (b"authorization", b"Bearer ada")


async def never() -> Message:
    await anyio.sleep_forever()
    raise AssertionError


async def ask(app: Any, receive: Receive = never, **scope: Any) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asked = {"type": "http", "method": "POST", "path": "/", "headers": [], **scope}
    with anyio.fail_after(5):
        await app(asked, receive, send)
    return sent


async def reads(_scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    if message["type"] == "http.disconnect":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


async def answers_first(_scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": []})
    await send({"type": "http.response.body", "body": b""})
    await receive()


@pytest.mark.parametrize(
    ("guard", "body"),
    [
        (OVER.guard, lambda body: msgspec.json.decode(body)["code"] == "TIMEOUT"),
        (OVER.guard_rpc, lambda body: msgspec.json.decode(body)["json"]["status"] == 408),
        (OVER.guard_plain, lambda body: body == b"request timeout"),
    ],
)
async def test_a_body_that_is_late_gets_a_408_and_the_connection_closes(
    guard: Any, body: Any
) -> None:
    start, content = await ask(guard(reads))
    assert start["status"] == 408
    assert (b"connection", b"close") in start["headers"]
    assert body(content["body"])


async def test_what_was_answered_already_is_answered_once() -> None:
    sent = await ask(OVER.guard(answers_first))
    assert [message.get("status") for message in sent] == [413, None]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_requests_without_a_body_have_no_deadline(method: str) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    assert (await ask(OVER.guard(reads), receive, method=method))[0]["status"] == 200


async def test_an_uploaded_stream_has_no_deadline() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"data", "more_body": True}

    headers = [(b"content-type", b"text/event-stream")]
    assert (await ask(OVER.guard(reads), receive, headers=headers))[0]["status"] == 200


async def test_a_body_in_time_is_passed_on_and_then_the_client_may_take_its_time() -> None:
    parts = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
        {"type": "http.disconnect"},
    ]
    seen: list[Any] = []

    async def receive() -> Message:
        return parts.pop(0)

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        seen.extend([await receive() for _ in range(3)])

    assert await ask(FAR.guard(app), receive) == []
    assert [message["type"] for message in seen] == ["http.request"] * 2 + ["http.disconnect"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/orpc/alpha/echo", [JSON, BEARER], 408),
        ("/rpc/alpha/api/echoText", [JSON, BEARER], 408),
        ("/sign-in", [], 408),
        ("/api/inngest", [], 403),
        ("/api/orpc/alpha/echo", [JSON], 401),
    ],
)
async def test_every_mount_of_a_host_has_one(
    tmp_path: Path, path: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    settings = settings_for(tmp_path, body_seconds=0)
    manifest = compose_capabilities([capability()])
    async with boot(manifest, settings, identity=TokenIdentity.of(dict(PEOPLE))) as host:
        sent = await ask(host.app, path=path, raw_path=path.encode(), headers=headers)
    assert sent[0]["status"] == status
