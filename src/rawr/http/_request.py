"""A matched request, as contexts, interceptors and codecs see it."""

from collections.abc import Mapping
from typing import Any

from rawr.contract import ORPCError
from rawr.procedure import RoutedProcedure

from ._asgi import Receive, Scope, raw_path
from ._companion import ClientDisconnected
from ._operation import Operation

Params = Mapping[str, str]


class Request:
    """An HTTP request for a procedure. Everything but the match is read on demand."""

    __slots__ = (
        "_body",
        "_header_map",
        "_headers",
        "_max_body_bytes",
        "context",
        "operation",
        "params",
        "receive",
        "scope",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        operation: Operation,
        params: Params,
        *,
        context: object,
        max_body_bytes: int,
    ) -> None:
        self.scope = scope
        self.receive = receive
        self.operation = operation
        self.params = params
        """Decoded path parameters."""
        self.context = context
        """The context, or the factory that makes it; an interceptor may replace it."""
        self._max_body_bytes = max_body_bytes
        self._header_map: dict[bytes, bytes] | None = None
        self._headers: dict[str, str] | None = None
        self._body: bytes | None = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.raw_path} for {self.operation.name}>"

    @property
    def method(self) -> str:
        """The HTTP method, upper case."""
        method: str = self.scope["method"]
        return method

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

    def header(self, name: bytes) -> bytes | None:
        """One header by lower-case name, undecoded; the last one where it is repeated."""
        if self._header_map is None:
            self._header_map = dict(self.scope["headers"])
        return self._header_map.get(name)

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            ORPCError: PAYLOAD_TOO_LARGE, as soon as it is known to exceed the handler's limit.
            ClientDisconnected: The client left before it was complete.
        """
        if self._body is None:
            limit = self._max_body_bytes
            _require_declared_within(limit, self.header(b"content-length"))
            self._body = await _read(self.receive, limit)
        return self._body


_DIGITS_OF_ANY_LENGTH_SENT = 18


def _require_declared_within(limit: int, declared: bytes | None) -> None:
    if declared is None or not declared.isdigit():
        return
    if len(declared) > _DIGITS_OF_ANY_LENGTH_SENT or int(declared) > limit:
        raise _too_large(limit)


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        chunks, size = [body], len(body)
        while message.get("more_body", False) and size <= limit:
            message = await receive()
            chunk = message.get("body", b"")
            chunks.append(chunk)
            size += len(chunk)
        body = b"".join(chunks)
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> ORPCError[Any]:
    return ORPCError("PAYLOAD_TOO_LARGE", message=f"The request body exceeds {limit} bytes")
