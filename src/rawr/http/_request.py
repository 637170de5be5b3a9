"""A matched request, as contexts, interceptors and codecs see it."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from rawr.contract import ORPCError
from rawr.procedure import RoutedProcedure

from ._asgi import Receive, Scope, raw_path
from ._companion import ClientDisconnected
from ._operation import Operation

Match: TypeAlias = tuple[Operation, Mapping[str, str]]
"""An operation and its decoded path parameters."""


class Request:
    """An HTTP request for a procedure. Everything but the match is read on demand."""

    __slots__ = (
        "_body",
        "_headers",
        "_max_body_bytes",
        "context",
        "header_map",
        "method",
        "operation",
        "params",
        "receive",
        "scope",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        match: Match,
        context: object,
        max_body_bytes: int,
    ) -> None:
        self.scope = scope
        self.receive = receive
        self.operation, self.params = match
        self.method: str = scope["method"]
        self.context = context
        """The context, or the factory that makes it; an interceptor may replace it."""
        self.header_map: dict[bytes, bytes] = dict(scope["headers"])
        """Undecoded headers by lower-case name; the last one where a header is repeated."""
        self._max_body_bytes = max_body_bytes
        self._headers: dict[str, str] | None = None
        self._body: bytes | None = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.raw_path} for {self.operation.name}>"

    @property
    def raw_path(self) -> str:
        """The path as sent, percent-encoded."""
        return raw_path(self.scope).decode("latin-1")

    @property
    def query_string(self) -> bytes:
        """What follows the `?`, percent-encoded."""
        query: bytes = self.scope.get("query_string", b"")
        return query

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of the peer, where the server knows them."""
        client: tuple[str, int] | None = self.scope.get("client")
        return client

    @property
    def place(self) -> RoutedProcedure:
        """The matched procedure."""
        return self.operation.place

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by lower-case name; repeated ones joined by a comma."""
        if self._headers is None:
            joined: dict[str, str] = {}
            for raw_name, raw_value in self.scope["headers"]:
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
            self._headers = joined
        return self._headers

    @property
    def last_event_id(self) -> str | None:
        """Where a resuming caller wants an event iterator to go on."""
        value = self.header_map.get(b"last-event-id")
        return None if value is None else value.decode("utf-8", "replace")

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            ORPCError: PAYLOAD_TOO_LARGE, as soon as it is known to exceed the handler's limit.
            ClientDisconnected: The client left before it was complete.
        """
        if self._body is not None:
            return self._body
        limit = self._max_body_bytes
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


_DIGITS_OF_ANY_LENGTH_SENT = 18


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
