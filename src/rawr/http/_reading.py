"""Reading a whole request body within a limit."""

from typing import Any, Final

from rawr.contract import ORPCError

from ._asgi import Message, Receive
from ._companion import ClientDisconnected

_DIGITS_OF_ANY_LENGTH_SENT: Final = 18


class BodyReader:
    """Reads the body of a request, once."""

    __slots__ = ("_body", "header_map", "max_body_bytes", "receive")

    receive: Receive
    header_map: dict[bytes, bytes]
    """Undecoded headers by lower-case name; the last one where a header is repeated."""
    max_body_bytes: int
    _body: bytes | None

    def __init__(
        self, receive: Receive, header_map: dict[bytes, bytes], max_body_bytes: int
    ) -> None:
        self.receive = receive
        self.header_map = header_map
        self.max_body_bytes = max_body_bytes
        self._body = None

    def receive_again(self) -> Receive:
        """What receives the request's messages, also if its body was read already."""
        if self._body is None:
            return self.receive
        return replay({"type": "http.request", "body": self._body}, self.receive)

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            ORPCError: PAYLOAD_TOO_LARGE, as soon as it is known to exceed the handler's limit.
            ClientDisconnected: The client left before it was complete.
        """
        if self._body is not None:
            return self._body
        limit = self.max_body_bytes
        declared = self.header_map.get(b"content-length")
        if declared is not None and _exceeds(declared, limit):
            raise _too_large(limit)
        message = await self.receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body", False):
            body = await _read_on(self.receive, body, limit)
        elif message["type"] == "http.disconnect":
            raise ClientDisconnected
        if len(body) > limit:
            raise _too_large(limit)
        self._body = body
        return body


def replay(message: Message, receive: Receive) -> Receive:
    """A `receive` that gives a message once more, then goes on."""
    pending = [message]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again


def _exceeds(declared: bytes, limit: int) -> bool:
    return declared.isdigit() and (
        len(declared) > _DIGITS_OF_ANY_LENGTH_SENT or int(declared) > limit
    )


async def _read_on(receive: Receive, first: bytes, limit: int) -> bytes:
    """The rest of a body that comes in several messages; stops past the limit."""
    chunks, size = [first], len(first)
    while size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if not message.get("more_body", False):
            break
    return b"".join(chunks)


def _too_large(limit: int) -> ORPCError[Any]:
    return ORPCError("PAYLOAD_TOO_LARGE", message=f"The request body exceeds {limit} bytes")
