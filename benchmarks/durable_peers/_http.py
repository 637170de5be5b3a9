"""A small HTTP client, the same for all contestants that need one: standard library only."""

import asyncio
import json
import socket
import time

_IDLE_S = 2.0


class HTTPFailed(Exception):
    """A request was not answered with success."""


class Requests:
    """Requests of JSON to one address, over connections that are kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: object, *, method: str = "POST") -> bytes:
        """Send JSON and return the answer's body.

        Raises:
            HTTPFailed: the status is no success.
        """
        content = json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        )
        return await self._send(head.encode() + content)

    async def get(self, path: str) -> bytes:
        """Return the body of a resource.

        Raises:
            HTTPFailed: the status is no success.
        """
        return await self._send(
            f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n\r\n".encode()
        )

    async def _send(self, request: bytes) -> bytes:
        reader, writer = await self._connection()
        writer.write(request)
        status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        if headers.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        self._idle.append((time.monotonic(), reader, writer))
        if not 200 <= status < 300:
            raise HTTPFailed(f"{status}: {body.decode(errors='replace')}")
        return body

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            used_at, reader, writer = self._idle.pop()
            # Servers hang up on what is idle while others take their turn.
            if time.monotonic() - used_at < _IDLE_S:
                return reader, writer
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return reader, writer

    def close(self) -> None:
        """Close the connections that are idle."""
        for _, _, writer in self._idle:
            writer.close()


def free_port() -> int:
    """Return a port nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _head(text: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = text.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).strip() or b"0", 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body
