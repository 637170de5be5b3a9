"""Compressed responses (oRPC's compression plugin)."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

import anyio.to_thread
from typing_extensions import override

from rawr.http._asgi import Message, Receive, Scope, Send
from rawr.http._plugin import Exchange, Mount, Plugin
from rawr.http._response import BODY, Header

DEFAULT_THRESHOLD_BYTES: Final = 1024

_GZIP_WINDOW_BITS: Final = zlib.MAX_WBITS | 16
_LEVEL: Final = 6
_IN_A_THREAD_FROM: Final = 256 * 1024
"""From this size on, compressing would hold up other requests for more than a millisecond."""

_COMPRESSIBLE: Final = re.compile(
    rb"\s*(?:text/(?!event-stream)[^;\s]+"
    rb"|application/(?:javascript|json|xml|xhtml\+xml|x-www-form-urlencoded|x-ndjson|wasm)"
    rb"|(?:application|image|model)/[^;\s]*\+(?:json|text|xml)"
    rb"|image/(?:bmp|svg\+xml|x-icon)|font/(?:otf|ttf))\s*(?:;|$)",
    re.IGNORECASE,
)


def _gzip(content: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    return compressor.compress(content) + compressor.flush()


def _deflate(content: bytes) -> bytes:
    return zlib.compress(content, _LEVEL)


_ENCODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {"gzip": _gzip, "deflate": _deflate}


class Compression(Plugin):
    """Compresses whole responses of a compressible type; streams go out as they are.

    Args:
        encodings: `gzip` and `deflate`, the preferred one first.
        threshold_bytes: Shorter bodies are not worth it.

    Raises:
        ValueError: An encoding is neither of the two.
    """

    order: ClassVar[int] = 9_500_000

    def __init__(
        self,
        *,
        encodings: Sequence[str] = ("gzip", "deflate"),
        threshold_bytes: int = DEFAULT_THRESHOLD_BYTES,
    ) -> None:
        unknown = set(encodings) - _ENCODINGS.keys()
        if unknown:
            raise ValueError(f"Unknown encodings {sorted(unknown)}; there are gzip and deflate")
        self._encodings = tuple(encodings)
        self._threshold_bytes = threshold_bytes

    @override
    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:
        """See `Plugin.around_exchange`."""

        async def compressed(scope: Scope, receive: Receive, send: Send) -> bool:
            encoding = self._choose(dict(scope["headers"]).get(b"accept-encoding", b""))
            if encoding is None:
                return await exchange(scope, receive, send)
            sender = _Sender(send, encoding, self._threshold_bytes)
            return await exchange(scope, receive, sender.send)

        return compressed

    def _choose(self, accepted: bytes) -> str | None:
        qualities = dict(map(_quality, accepted.decode("latin-1").lower().split(",")))
        wanted = (name for name in self._encodings if qualities.get(name, qualities.get("*", 0)))
        return next(wanted, None)


def _quality(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    try:
        quality = float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        quality = 0
    return name.strip(), quality


class _Sender:
    """Holds a response's start back until its body says whether to compress it."""

    __slots__ = ("_encoding", "_send", "_start", "_threshold_bytes")

    def __init__(self, send: Send, encoding: str, threshold_bytes: int) -> None:
        self._send = send
        self._encoding = encoding
        self._threshold_bytes = threshold_bytes
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            if _is_compressible(headers):
                message["headers"] = _varied(headers)
                if not _is_short(headers, self._threshold_bytes):
                    self._start = message
                    return
        elif self._start is not None:
            message = await self._begin(self._start, message)
            self._start = None
        await self._send(message)

    async def _begin(self, start: Message, message: Message) -> Message:
        """Send the start; the body's message to send, compressed if it is whole."""
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(body) >= self._threshold_bytes:
            body = await self._compress(body)
            headers = [item for item in start["headers"] if item[0] != b"content-length"]
            headers.append((b"content-length", b"%d" % len(body)))
            headers.append((b"content-encoding", self._encoding.encode()))
            start["headers"] = headers
            message = {"type": BODY, "body": body}
        await self._send(start)
        return message

    async def _compress(self, body: bytes) -> bytes:
        compress = _ENCODINGS[self._encoding]
        if len(body) < _IN_A_THREAD_FROM:
            return compress(body)
        return await anyio.to_thread.run_sync(compress, body)


def _is_compressible(headers: Sequence[Header]) -> bool:
    found = dict(headers)
    return (
        _COMPRESSIBLE.match(found.get(b"content-type", b"")) is not None
        and b"content-encoding" not in found
        and b"no-transform" not in found.get(b"cache-control", b"").lower()
    )


def _is_short(headers: Sequence[Header], threshold_bytes: int) -> bool:
    declared = dict(headers).get(b"content-length")
    return declared is not None and int(declared) < threshold_bytes


def _varied(headers: Sequence[Header]) -> list[Header]:
    """The headers, saying that what a client accepts makes a difference."""
    vary = [value for name, value in headers if name == b"vary"]
    return [
        *(header for header in headers if header[0] != b"vary"),
        (b"vary", b", ".join([*vary, b"Accept-Encoding"])),
    ]
