"""Websockets at /rpc: who gets in, how fast they are read, what ends them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.composition.kit import Seen, capability
from tests.unit.host.kit import PEOPLE, settings_for

from rawr.composition import ApiBoundary, CallerClass, Principal, compose_capabilities
from rawr.host import Host, TokenIdentity, boot
from rawr.host._websockets import SocketDoor
from rawr.host.identity import KeyedLimit
from rawr.testing.asgi import ASGIClient
from rawr.testing.clock import VirtualClock

PARTNER = Principal(subject="partner", tenant_id="acme", caller=CallerClass.THIRD_PARTY)
OWN = {"host": "hq.test", "origin": "http://hq.test"}


@asynccontextmanager
async def hosted(
    data_dir: Path, *, seen: Seen | None = None, clock: VirtualClock | None = None, **settings: Any
) -> AsyncIterator[Host]:
    async with boot(
        compose_capabilities([capability(seen=seen)]),
        settings_for(data_dir, **settings),
        identity=TokenIdentity.of({**PEOPLE, "partner": PARTNER}),
        clock=clock,
    ) as host:
        yield host


class Socket:
    """A websocket client inside the process."""

    def __init__(
        self,
        host: Host,
        *,
        path: str = "/rpc",
        headers: Mapping[str, str] | None = None,
        can_respond: bool = True,
    ) -> None:
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.outbox: asyncio.Queue[Any] = asyncio.Queue()
        pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": pairs,
            "client": ("127.0.0.1", 50000),
            "extensions": {"websocket.http.response": {}} if can_respond else {},
        }
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(host.app(scope, self.inbox.get, self.outbox.put))

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.outbox.get()
        return message

    async def refusal(self) -> tuple[int, str, dict[bytes, bytes]]:
        start, body = await self.next(), await self.next()
        await self.task
        content = msgspec.json.decode(body["body"])
        code: str = content.get("json", content)["code"]
        return start["status"], code, dict(start["headers"])

    async def call(self, path: str, body: object, *, call_id: str = "1") -> tuple[int, Any]:
        frame = {"i": call_id, "p": {"u": path, "b": {"json": body}}}
        self.inbox.put_nowait(
            {"type": "websocket.receive", "text": msgspec.json.encode(frame).decode()}
        )
        answer = msgspec.json.decode((await self.next())["text"])["p"]
        return answer.get("s", 200), answer.get("b")

    async def leave(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1005})
        await self.task


def bearer(who: str) -> dict[str, str]:
    return {"authorization": f"Bearer {who}"}


async def cookie(host: Host, who: str = "ada") -> str:
    form = {"content-type": "application/x-www-form-urlencoded"}
    client = ASGIClient(host.app, headers={"host": "hq.test"})
    response = await client.request("POST", "/sign-in", headers=form, body=f"token={who}".encode())
    return response.headers["set-cookie"].partition(";")[0]


async def test_a_first_party_calls_over_a_websocket(tmp_path: Path) -> None:
    seen = Seen()
    async with hosted(tmp_path, seen=seen) as host:
        socket = Socket(host, headers=bearer("ada"))
        assert (await socket.next())["type"] == "websocket.accept"
        assert await socket.call("/alpha/api/echoText", {"text": "hi"}) == (
            200,
            {"json": {"text": "alpha:hi"}},
        )
        await socket.leave()
    (boundary,) = seen.boundaries
    assert isinstance(boundary, ApiBoundary)
    assert boundary.principal.subject == "ada"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "UNAUTHORIZED"),
        (bearer("mallory"), 401, "UNAUTHORIZED"),
        (bearer("partner"), 403, "FORBIDDEN"),
    ],
)
async def test_others_are_refused_before_it_is_accepted(
    tmp_path: Path, headers: dict[str, str], status: int, code: str
) -> None:
    async with hosted(tmp_path) as host:
        told, why, _ = await Socket(host, headers=headers).refusal()
        assert (told, why) == (status, code)


async def test_a_server_that_cannot_respond_closes(tmp_path: Path) -> None:
    async with hosted(tmp_path) as host:
        socket = Socket(host, can_respond=False)
        assert await socket.next() == {"type": "websocket.close", "code": 1008}


@pytest.mark.parametrize("path", ["/rpc/", "/rpc/alpha", "/api/orpc", "/", "/health"])
async def test_nothing_else_takes_websockets(tmp_path: Path, path: str) -> None:
    async with hosted(tmp_path) as host:
        status, code, _ = await Socket(host, path=path, headers=bearer("ada")).refusal()
        assert (status, code) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("headers", "admitted"),
    [
        (OWN, True),
        ({**OWN, "sec-fetch-site": "same-origin"}, True),
        ({"host": "hq.test"}, False),
        ({**OWN, "origin": "https://evil.test"}, False),
        ({**OWN, "origin": "null"}, False),
        ({**OWN, "sec-fetch-site": "cross-site"}, False),
        ({**OWN, "sec-fetch-site": "same-site"}, False),
    ],
)
async def test_a_cookie_counts_with_the_pages_own_origin_only(
    tmp_path: Path, headers: dict[str, str], admitted: bool
) -> None:
    async with hosted(tmp_path) as host:
        socket = Socket(host, headers={**headers, "cookie": await cookie(host)})
        if admitted:
            assert (await socket.next())["type"] == "websocket.accept"
            status, _ = await socket.call("/alpha/api/echoText", {"text": "hi"})
            assert status == 200
            await socket.leave()
        else:
            status, code, _ = await socket.refusal()
            assert (status, code) == (403, "CSRF_TOKEN_MISMATCH")


async def test_a_frame_brings_no_credentials_of_its_own(tmp_path: Path) -> None:
    seen = Seen()
    async with hosted(tmp_path, seen=seen) as host:
        socket = Socket(host, headers=bearer("ada"))
        await socket.next()
        frame = {
            "i": "1",
            "p": {"u": "/alpha/api/echoText", "h": bearer("bob"), "b": {"json": {"text": "hi"}}},
        }
        text = msgspec.json.encode(frame).decode()
        socket.inbox.put_nowait({"type": "websocket.receive", "text": text})
        await socket.next()
        await socket.leave()
    assert seen.boundaries[0].principal.subject == "ada"


async def test_every_call_counts_against_the_rate(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with hosted(tmp_path, clock=clock, rate_limit=2) as host:
        socket = Socket(host, headers=bearer("ada"))
        await socket.next()
        answers = [
            (await socket.call("/alpha/api/echoText", {"text": "hi"}, call_id=str(n)))[0]
            for n in range(2)
        ]
        assert answers == [200, 429]
        status, code, headers = await Socket(host, headers=bearer("ada")).refusal()
        assert (status, code, headers[b"retry-after"]) == (429, "TOO_MANY_REQUESTS", b"30")
        await socket.leave()


async def test_a_socket_is_a_request_under_way_and_so_is_each_call(tmp_path: Path) -> None:
    async with hosted(tmp_path, max_concurrency=1) as host:
        socket = Socket(host, headers=bearer("ada"))
        await socket.next()
        status, body = await socket.call("/alpha/api/echoText", {"text": "hi"})
        assert (status, body["json"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        status, code, headers = await Socket(host, headers=bearer("ada")).refusal()
        assert (status, code, headers[b"retry-after"]) == (503, "SERVICE_UNAVAILABLE", b"1")
        await socket.leave()
        again = Socket(host, headers=bearer("ada"))
        assert (await again.next())["type"] == "websocket.accept"
        await again.leave()


async def test_a_message_that_is_too_big_closes_the_socket(tmp_path: Path) -> None:
    async with hosted(tmp_path, max_body_bytes=1024) as host:
        socket = Socket(host, headers=bearer("ada"))
        await socket.next()
        socket.inbox.put_nowait({"type": "websocket.receive", "text": "x" * 1025})
        assert (await socket.next())["code"] == 1009


async def test_a_socket_ends_when_the_host_does(tmp_path: Path) -> None:
    async with hosted(tmp_path) as host:
        socket = Socket(host, headers=bearer("ada"))
        await socket.next()
        await host.streams.close()
        assert (await socket.next())["code"] == 1001
        await socket.task


async def test_sign_out_closes_the_pages_socket(tmp_path: Path) -> None:
    async with hosted(tmp_path) as host:
        value = await cookie(host)
        socket = Socket(host, headers={**OWN, "cookie": value})
        await socket.next()
        await ASGIClient(host.app, headers={**OWN, "cookie": value}).request("POST", "/sign-out")
        assert (await socket.next())["code"] == 1008
        await socket.task


async def test_messages_that_come_too_fast_are_read_later() -> None:
    clock, waits = [0.0], list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    class Everyone:
        async def admit(self, _scope: Any, _callers: Any) -> Principal:
            return PARTNER

    read: list[Any] = []

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        read.extend([await receive() for _ in range(4)])

    async def receive() -> Any:
        return {"type": "websocket.receive"}

    door = SocketDoor(
        admission=Everyone(),  # type: ignore[arg-type]  # admits without asking
        messages=KeyedLimit(per_minute=2, now=lambda: clock[0]),
        sleep=sleep,
    )
    guarded: Any = door.guard(app)
    await guarded({}, receive, None)
    assert (len(read), waits) == (4, [30.0, 30.0])


async def test_refused_sockets_are_audited(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="rawr.audit")
    async with hosted(tmp_path) as host:
        await Socket(host, headers=bearer("partner")).refusal()
    (line,) = (vars(record)["facts"] for record in caplog.records if record.name == "rawr.audit")
    assert (line["reason"], line["method"], line["subject"]) == (
        "caller class",
        "WEBSOCKET",
        "partner",
    )
