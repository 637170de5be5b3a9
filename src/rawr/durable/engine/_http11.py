"""HTTP/1.1 on one connection: a request out, its answer in, as a stream (RFC 9112)."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Final, NamedTuple

import httpx2

#: Beyond this an answer's head is refused.
LONGEST_HEAD: Final = 64 * 1024
_PIECE: Final = 64 * 1024
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS_LINE: Final = re.compile(rb"(HTTP/1\.[01]) ([1-9]\d\d)(?: [^\r\n]*)?")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\r\n", re.DOTALL)
_OLD: Final = b"HTTP/1.0"
#: The headers that say where an answer ends, and whether another may follow it.
_FRAMING: Final = frozenset({b"connection", b"content-length", b"transfer-encoding"})
#: The longest line of a head whose parts are kept, in bytes.
_KEPT_LINE: Final = 256
_BLANK_LINE: Final = b"\r\n\r\n"
_CONTINUE, _SWITCHING, _OK = 100, 101, 200
_BODILESS: Final = frozenset({204, 304})

Headers = list[tuple[bytes, bytes]]


class Head(NamedTuple):
    """An answer before its body.

    Attributes:
        headers: Their names are lower case.
        length: The size of the body in bytes; `None` when it is chunked or ends with the
            connection.
    """

    status: int
    headers: Headers
    is_chunked: bool
    length: int | None
    keeps: bool
    """True when the connection can be used again once the body is read."""


Whole = tuple[Head, bytes | None]
"""An answer and its body; without one where that is still to be read."""


def request_head(method: str, target: bytes, headers: Headers) -> bytes:
    """Return the bytes that begin a request.

    Raises:
        httpx2.LocalProtocolError: a part of it would end the line it stands in.
    """
    lines = [_request_line(method, target)]
    lines += [b"%s: %s" % field for field in headers if is_name(field[0])]
    text = b"\r\n".join([*lines, b"", b""])
    # A line ends only where one was meant to, and every name was one.
    count = len(lines) + 1
    is_sound = text.count(b"\r") == count == text.count(b"\n") == text.count(b"\r\n")
    if not is_sound or b"\0" in text or len(lines) <= len(headers):
        raise httpx2.LocalProtocolError("the request has a header that cannot be sent")
    return text


@lru_cache(maxsize=1024)
def _request_line(method: str, target: bytes) -> bytes:
    verb = method.encode("ascii", "replace")
    if not _TOKEN.fullmatch(verb):
        raise httpx2.LocalProtocolError(f"{method!r} is no HTTP method")
    if not target or re.search(rb"[\s\0]", target):
        raise httpx2.LocalProtocolError(f"{target!r} is no request target")
    return b"%s %s HTTP/1.1" % (verb, target)


@lru_cache(maxsize=1024)
def is_name(name: bytes) -> bool:
    """True if a header may be called so."""
    return _TOKEN.fullmatch(name) is not None


def whole_answer(data: bytes, method: str) -> Whole | None:
    """Return the final answer if it is exactly what has come, and tells its length.

    Raises:
        httpx2.RemoteProtocolError: this is no HTTP answer.
    """
    end = data.find(_BLANK_LINE) + len(_BLANK_LINE)
    if not len(_BLANK_LINE) <= end <= LONGEST_HEAD:
        return None
    head = _parse_head(data[:end], method)
    if head.status < _OK or head.length != len(data) - end:
        return None
    return head, data[end:]


async def read_head(reader: asyncio.StreamReader, method: str) -> Head:
    """Read up to the end of the head of the final answer.

    Raises:
        httpx2.RemoteProtocolError: this is no HTTP answer, or it breaks off.
    """
    while True:
        head = _parse_head(await _until_blank_line(reader), method)
        if head.status >= _OK or head.status == _SWITCHING:
            return head


async def read_body(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """Read the body of an answer, as it comes.

    Raises:
        httpx2.RemoteProtocolError: it breaks off, or its chunks are malformed.
    """
    if head.is_chunked:
        while size := await _chunk_size(reader):
            async for piece in _exactly(reader, size):
                yield piece
            if await _exact(reader, 2) != b"\r\n":
                raise httpx2.RemoteProtocolError("a chunk of the answer has another size")
        while await _line(reader) != b"\r\n":
            """A field after the body: nothing here asks for it."""
    elif head.length is not None:
        async for piece in _exactly(reader, head.length):
            yield piece
    else:
        while piece := await reader.read(_PIECE):
            yield piece


def _parse_head(text: bytes, method: str) -> Head:
    first, *lines = text[: -len(_BLANK_LINE)].split(b"\r\n")
    is_old, status = _status(first) if len(first) <= _KEPT_LINE else _read_status(first)
    headers = [_field(line) if len(line) <= _KEPT_LINE else _read_field(line) for line in lines]
    named: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if name in _FRAMING:
            named.setdefault(name, []).append(value.lower())
    is_chunked = _is_chunked(named) and not is_old
    if is_old:
        # It has no meaning there. Development servers answer streams so: an SDK sets the header,
        # the server does not chunk.
        headers = [field for field in headers if field[0] != b"transfer-encoding"]
    length = None if is_chunked else _length(named)
    if method == "HEAD" or status in _BODILESS or status < _OK:
        is_chunked, length = False, 0
    connection = b",".join(named.get(b"connection", ()))
    keeps = (b"keep-alive" in connection) if is_old else (b"close" not in connection)
    return Head(status, headers, is_chunked, length, keeps and (is_chunked or length is not None))


@lru_cache(maxsize=64)
def _status(line: bytes) -> tuple[bool, int]:
    return _read_status(line)


def _read_status(line: bytes) -> tuple[bool, int]:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise httpx2.RemoteProtocolError(f"{line[:80]!r} does not begin an HTTP answer")
    return match[1] == _OLD, int(match[2])


@lru_cache(maxsize=1024)
def _field(line: bytes) -> tuple[bytes, bytes]:
    # Apps send the same headers again and again.
    return _read_field(line)


def _read_field(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not is_name(name):
        raise httpx2.RemoteProtocolError(f"{line[:80]!r} is no header")
    return name.lower(), value.strip(b" \t")


def _is_chunked(named: dict[bytes, list[bytes]]) -> bool:
    codings = b",".join(named.get(b"transfer-encoding", ())).replace(b" ", b"")
    if codings not in {b"", b"identity", b"chunked"}:
        raise httpx2.RemoteProtocolError(f"the answer is encoded as {codings!r}")
    return codings == b"chunked"


def _length(named: dict[bytes, list[bytes]]) -> int | None:
    lengths = set(named.get(b"content-length", ()))
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not length.isdigit() or len(length) > 18:  # noqa: PLR2004 - what an int64 holds
        raise httpx2.RemoteProtocolError("the answer does not say clearly how long it is")
    return int(length)


async def _until_blank_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(_BLANK_LINE)
    except asyncio.IncompleteReadError as error:
        what = "breaks off in its head" if error.partial else "was not sent: the server hung up"
        raise httpx2.RemoteProtocolError(f"the answer {what}") from error
    except asyncio.LimitOverrunError as error:
        message = f"the head of the answer is larger than {LONGEST_HEAD} bytes"
        raise httpx2.RemoteProtocolError(message) from error


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    match = _SIZE.fullmatch(await _line(reader))
    if match is None:
        raise httpx2.RemoteProtocolError("a chunk of the answer does not say how long it is")
    return int(match[1], 16)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise httpx2.RemoteProtocolError("a chunk of the answer breaks off") from error


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        piece = await reader.read(min(size, _PIECE))
        if not piece:
            raise httpx2.RemoteProtocolError(f"the answer breaks off {size} bytes early")
        size -= len(piece)
        yield piece


async def _exact(reader: asyncio.StreamReader, size: int) -> bytes:
    return b"".join([piece async for piece in _exactly(reader, size)])
