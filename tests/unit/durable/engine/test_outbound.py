"""The engine's HTTP client over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from rawr.durable.engine import Engine
from rawr.durable.engine._outbound import Outbound

STREAMED = b'   {"status":200,"body":"1"}'
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(STREAMED), STREAMED)


@asynccontextmanager
async def server(*answer: bytes) -> AsyncIterator[str]:
    """A server that sends these pieces to whoever asks, and hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in answer:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"


async def post(url: str) -> httpx2.Response:
    outbound = Outbound(timeout=timedelta(seconds=5))
    try:
        return await outbound.client().post(url)
    finally:
        await outbound.close()


async def test_a_chunked_header_in_an_old_answer_means_nothing() -> None:
    head = b"HTTP/1.0 201 CREATED\r\nX-Inngest-SDK: py\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with server(head, STREAMED) as url:
        response = await post(url)
    assert (response.status_code, response.content) == (201, STREAMED)
    assert response.headers["x-inngest-sdk"] == "py"


async def test_an_old_answer_may_come_byte_by_byte() -> None:
    head = b"HTTP/1.0 201 CREATED\r\ntransfer-encoding: chunked\r\n\r\n"
    async with server(*(bytes([one]) for one in head + STREAMED)) as url:
        response = await post(url)
    assert response.content == STREAMED


async def test_a_chunked_answer_of_today_is_read_in_chunks() -> None:
    async with server(
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKED
    ) as url:
        response = await post(url)
    assert response.content == STREAMED


async def test_an_answer_that_breaks_off_in_its_head_is_an_error() -> None:
    async with server(b"HTTP/1.0 20") as url:
        with pytest.raises(httpx2.RemoteProtocolError):
            await post(url)


async def test_an_engine_that_calls_nobody_loads_no_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> ssl.SSLContext:
        raise AssertionError("certificates were loaded")

    monkeypatch.setattr(ssl, "SSLContext", refuse)
    async with await Engine.open(tmp_path):
        pass
