"""Bounds on request heads: uvicorn takes one of any size, and waits for it as long as it takes."""

import asyncio
from typing import Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024
"""Request line and headers together; what the slower parser of uvicorn allows, too."""

HEAD_SECONDS: Final = 10.0
"""How long a head may take, from the connection or from its first byte on."""

_TOO_LARGE: Final = b"Request Header Fields Too Large"
_REFUSAL: Final = (
    b"HTTP/1.1 431 %b\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (_TOO_LARGE, len(_TOO_LARGE), _TOO_LARGE)
)
_TOO_LATE: Final = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 15\r\nconnection: close\r\n\r\nRequest Timeout"
)


class HeadTooLarge(Exception):
    """The head of a request is larger than `MAX_HEAD_BYTES`."""


class BoundedHeads(HttpToolsProtocol):
    """Answers 431 and closes as soon as a head grows too large, and 408 if one takes too long."""

    _deadline: asyncio.TimerHandle | None = None
    """When the head that is awaited, or under way, has to be complete."""
    _is_in_head = False
    _seen = 0
    """Bytes of the head: those of whole fields, then of reads that complete none."""

    @override
    def on_message_begin(self) -> None:
        self._is_in_head, self._seen = True, 0
        super().on_message_begin()

    @override
    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self._await_head()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    @override
    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._forget_deadline()
        super().on_headers_complete()

    @override
    def data_received(self, data: bytes) -> None:
        before = self._seen
        super().data_received(data)
        if self._is_in_head and self._deadline is None:
            self._await_head()
        # A field that is not complete yet is kept by the parser, which tells nobody.
        if self._is_in_head and self._seen == before and not self.transport.is_closing():
            self._seen += len(data)
            if self._seen > MAX_HEAD_BYTES:
                self.send_400_response("")

    @override
    def send_400_response(self, msg: str) -> None:
        if self._seen <= MAX_HEAD_BYTES:
            super().send_400_response(msg)
        else:
            self.transport.write(_REFUSAL)
            self.transport.close()

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            if self._is_in_head:
                self.transport.write(_TOO_LATE)
            self.transport.close()

    def _count(self, size: int) -> None:
        self._seen += size
        if self._seen > MAX_HEAD_BYTES:
            raise HeadTooLarge
