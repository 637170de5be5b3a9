"""Connections of the engine's HTTP client: kept, given up, and answers read strictly."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest

from rawr.durable.engine import _connections
from rawr.durable.engine._connections import Connections
from rawr.durable.engine._http11 import LONGEST_HEAD


def no_tls() -> ssl.SSLContext:
    raise AssertionError("nothing here speaks TLS")


class Site:
    """A server that answers each request on a connection with the next answer."""

    def __init__(self, answers: Sequence[bytes], *, hangs_up: bool = False) -> None:
        self.answers = list(answers)
        self.hangs_up = hangs_up
        self.connections = 0
        self.requests: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int((head.lower().partition(b"content-length:")[2].split() or [b"0"])[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answers.pop(0))
                await writer.drain()
                if self.hangs_up:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def site(*answers: bytes, hangs_up: bool = False) -> AsyncIterator[Site]:
    made = Site(answers, hangs_up=hangs_up)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    async with listening:
        made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        yield made


def client(**options: float) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=Connections(no_tls), trust_env=False, timeout=httpx2.Timeout(5, **options)
    )


ONE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"
TWO = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TWO += b"2;x=y\r\ntw\r\n1\r\no\r\n0\r\nA: b\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast"


async def test_a_connection_is_used_again_until_the_server_asks_to_close_it() -> None:
    async with site(ONE, TWO, LAST, ONE) as there, client() as here:
        bodies = [(await here.post(there.url, content=b"x")).content for _ in range(4)]
    assert bodies == [b"one", b"two", b"last", b"one"]
    assert there.connections == 2


async def test_a_connection_the_server_has_closed_is_not_used_again() -> None:
    async with site(ONE, ONE, hangs_up=True) as there, client() as here:
        await here.post(there.url)
        while not _closed(here):
            await anyio.lowlevel.checkpoint()
        assert (await here.post(there.url)).content == b"one"
    assert there.connections == 2


def _closed(here: httpx2.AsyncClient) -> bool:
    network = here._transport
    assert isinstance(network, Connections)
    return not any(one.is_open for kept in network._idle.values() for one in kept)


async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_connections, "_IDLE_S", 0.0)
    async with site(ONE, ONE) as there, client() as here:
        await here.post(there.url)
        await here.post(there.url)
    assert there.connections == 2


async def test_a_connection_is_given_up_with_an_unread_answer() -> None:
    async with site(ONE, ONE) as there, client() as here:
        async with here.stream("POST", there.url):
            pass
        assert (await here.post(there.url)).content == b"one"
    assert there.connections == 2


async def test_looking_for_a_connection_looks_at_one() -> None:
    async with site(*[ONE] * 41) as there, client() as here:
        await asyncio.gather(*(here.post(there.url) for _ in range(20)))
        network = here._transport
        assert isinstance(network, Connections)
        (kept,) = network._idle.values()
        looked: list[int] = []

        class Counting(list[_connections.Connection]):
            def pop(self, *_: object) -> _connections.Connection:  # type: ignore[override]  # as used
                looked.append(1)
                return super().pop()

        network._idle = {next(iter(network._idle)): Counting(kept)}
        for _ in range(5):
            await here.post(there.url)
    assert len(looked) == 5


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxy",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2 * LONGEST_HEAD + b"\r\n\r\n",
    ],
)
async def test_what_is_no_whole_answer_is_an_error(answer: bytes) -> None:
    async with site(answer, hangs_up=True) as there, client() as here:
        with pytest.raises(httpx2.RemoteProtocolError):
            await here.post(there.url)


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        ("POST", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + ONE, b"one"),
        ("POST", b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        ("POST", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", b""),
        ("POST", b"HTTP/1.1 200\r\ncontent-length: 2\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    ],
)
async def test_every_way_to_end_an_answer_is_understood(
    method: str, answer: bytes, body: bytes
) -> None:
    async with site(answer, hangs_up=True) as there, client() as here:
        response = await here.request(method, there.url, content=b"")
    assert response.content == body


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("BAD METHOD", {}),
        ("POST", {"x": "a\r\ninjected: b"}),
        ("POST", {"x": "a\nb"}),
        ("POST", {"bad name": "a"}),
        ("POST", {"content-length": "5"}),
        ("POST", {"transfer-encoding": "chunked"}),
    ],
)
async def test_a_request_that_would_be_read_otherwise_is_not_sent(
    method: str, headers: dict[str, str]
) -> None:
    async with site(ONE) as there, client() as here:
        with pytest.raises(httpx2.LocalProtocolError):
            await here.request(method, there.url, headers=headers, content=b"1234")
    assert there.requests == []


async def test_silence_is_a_time_out() -> None:
    async with site(b"HTTP/1.1 200 OK\r\n", ONE) as there, client(read=0.01) as here:
        with pytest.raises(httpx2.ReadTimeout):
            await here.post(there.url)


async def test_a_refused_connection_and_another_scheme_are_errors() -> None:
    async with site() as there:
        url = there.url
    async with client() as here:
        with pytest.raises(httpx2.ConnectError):
            await here.post(url)
        with pytest.raises(httpx2.UnsupportedProtocol):
            await here.post("ftp://127.0.0.1/")
