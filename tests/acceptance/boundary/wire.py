"""Bytes on a socket, for requests that no client library would send."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx2

_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything a server sent before it closed the connection."""

    raw: bytes

    @property
    def status(self) -> int:
        """The status of the first response."""
        return int(self.raw.split(b" ", 2)[1])

    @property
    def responses(self) -> int:
        """How many responses there are."""
        return self.raw.count(b"HTTP/1.1 ")


def send(base_url: str, request: bytes, *, half_close: bool = False) -> Answer:
    """Send bytes and read to the end; `half_close` says that nothing more will come."""
    url = httpx2.URL(base_url)
    with socket.create_connection((url.host, url.port or 80), timeout=_SECONDS) as peer:
        peer.sendall(request)
        if half_close:
            peer.shutdown(socket.SHUT_WR)
        answer = b""
        # A server that closes with bytes unread resets the connection after its answer.
        with suppress(ConnectionResetError):
            while chunk := peer.recv(65536):
                answer += chunk
    return Answer(answer)


def request(
    path: bytes,
    body: bytes = b"",
    *,
    method: bytes = b"POST",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A request with a target as it stands; the connection ends with the response."""
    sent = {
        "host": "127.0.0.1",
        "connection": "close",
        "content-type": "application/json",
        "content-length": str(len(body)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items()).encode()
    return method + b" " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body
