"""Server-sent events, as event iterators use them (RPC protocol v1, event iterator)."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ._errors import DecodeError, EncodeError

__all__ = ["MAX_EVENT_BYTES", "EventDecoder", "EventMessage", "encode_comment", "encode_event"]

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""How long one received event may be unless a decoder is told otherwise."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_BLOCK_END: Final = re.compile(rb"(?:\r\n|\r(?!\n)|\n){2}")
_LONGEST_PARTIAL_END: Final = 3
_RETRY: Final = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMessage:
    """One block of an event stream; `retry` is in milliseconds."""

    event: str | None = None
    data: str | None = None
    id: str | None = None
    retry: int | None = None
    comments: tuple[str, ...] = ()


def encode_event(message: EventMessage) -> bytes:
    """The block of an event: comments, event, retry, id, data, blank line.

    Raises:
        EncodeError: An id, event name or comment holds a line break, or retry is negative.
    """
    lines = [f": {_one_line('comment', comment)}" for comment in message.comments]
    if message.event is not None:
        lines.append(f"event: {_one_line('event', message.event)}")
    if message.retry is not None:
        if message.retry < 0:
            raise EncodeError("An event's retry must be a whole number of milliseconds, 0 or more")
        lines.append(f"retry: {message.retry}")
    if message.id is not None:
        lines.append(f"id: {_one_line('id', message.id)}")
    if message.data is not None:
        lines += [f"data: {line}" for line in _LINE_END.split(message.data)]
    return ("\n".join(lines) + "\n\n" if lines else "\n").encode()


def encode_comment(text: str = "") -> bytes:
    """A block that only keeps the connection alive; empty text gives `: ` and a blank line."""
    return encode_event(EventMessage(comments=(text,)))


def _one_line(name: str, text: str) -> str:
    if "\n" in text or "\r" in text:
        raise EncodeError(f"An event's {name} must not contain a line break: {text!r}")
    return text


class EventDecoder:
    r"""Cuts a byte stream into events; takes time linear in the stream however it is split.

    >>> EventDecoder().feed(b"event: message\ndata: 1\n\n")[0].data
    '1'
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._at_start = True
        self._skip_line_feed = False

    def feed(self, chunk: bytes) -> list[EventMessage]:
        """The events that end in this chunk.

        Raises:
            DecodeError: An event is longer than `max_event_bytes`.
        """
        return list(self.read(chunk))

    def read(self, chunk: bytes) -> Iterator[EventMessage]:
        """`feed`, one by one: the events before one that is too long are not lost.

        Raises:
            DecodeError: An event is longer than `max_event_bytes`.
        """
        if self._skip_line_feed and chunk:
            self._skip_line_feed = False
            chunk = chunk.removeprefix(b"\n")
        if not chunk:
            return
        self._buffer += chunk
        blocks = self._take_blocks()
        # A CR that ended a block may be the first half of a CRLF.
        self._skip_line_feed = not self._buffer and chunk.endswith(b"\r")
        for block in blocks:
            self._check_length(len(block))
            yield _decode_block(block)
        self._check_length(len(self._buffer))

    def _check_length(self, length: int) -> None:
        if length > self._max_event_bytes:
            raise DecodeError(f"An event is longer than {self._max_event_bytes} bytes")

    def close(self) -> None:
        """Say that the stream has ended.

        Raises:
            DecodeError: It ended in the middle of an event.
        """
        if self._buffer:
            raise DecodeError("Event Iterator ended before complete")

    def _take_blocks(self) -> list[bytes]:
        blocks: list[bytes] = []
        start = 0
        while found := _BLOCK_END.search(self._buffer, self._searched):
            blocks.append(self._without_bom(bytes(self._buffer[start : found.start()])))
            start = self._searched = found.end()
        del self._buffer[:start]
        self._searched = max(0, len(self._buffer) - _LONGEST_PARTIAL_END)
        return blocks

    def _without_bom(self, block: bytes) -> bytes:
        if not self._at_start:
            return block
        self._at_start = False
        return block.removeprefix(codecs.BOM_UTF8)


def _decode_block(block: bytes) -> EventMessage:
    event: str | None = None
    event_id: str | None = None
    retry: int | None = None
    data: list[str] = []
    comments: list[str] = []
    for line in _LINE_END.split(block.decode("utf-8", "replace")):
        name, colon, value = line.partition(":")
        if not line:
            continue
        value = value.removeprefix(" ")
        if colon and not name:
            comments.append(value)
        elif name == "data":
            data.append(value)
        elif name == "event":
            event = value
        elif name == "id":
            event_id = value
        elif name == "retry" and _RETRY.fullmatch(value):
            retry = int(value)
    return EventMessage(
        event=event,
        data="\n".join(data) if data else None,
        id=event_id,
        retry=retry,
        comments=tuple(comments),
    )
