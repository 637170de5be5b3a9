"""A matched request, as contexts, interceptors and codecs see it."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from rawr.procedure import RoutedProcedure
from rawr.wire.body import StandardBody, parse_body
from rawr.wire.event_iterator import IteratorDecoder

from ._asgi import Receive, Scope, raw_path
from ._cookies import read_cookies
from ._operation import Operation
from ._reading import BodyReader
from ._response import Headers
from ._upload import Upload

Match: TypeAlias = tuple[Operation, Mapping[str, str]]
"""An operation and its decoded path parameters."""

MakeDecoder: TypeAlias = Callable[[int], IteratorDecoder]
"""Makes the reader of an event stream whose events may have so many bytes."""

EVENT_STREAM_TYPE: Final = b"text/event-stream"
_BODY_HEADERS: Final = (b"content-type", b"content-disposition")


class Request(BodyReader):
    """A request for a procedure. Everything but the match is read on demand."""

    __slots__ = (
        "_headers",
        "content_type",
        "context",
        "method",
        "operation",
        "params",
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
        self.content_type = self.header_map.get(b"content-type", b"")
        self.max_body_bytes = max_body_bytes
        self._headers: dict[str, str] | None = None
        self._body: bytes | None = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.raw_path} for {self.operation.name}>"

    @property
    def raw_path(self) -> str:
        """The path as sent, percent-encoded."""
        return raw_path(self.scope).decode("latin-1")

    @property
    def raw_headers(self) -> Headers:
        """The headers as sent, undecoded."""
        headers: Headers = self.scope["headers"]
        return headers

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
            for raw_name, raw_value in self.raw_headers:
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
            self._headers = joined
        return self._headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name; see `HeaderList.set_cookie` for setting some."""
        lines = (value for name, value in self.raw_headers if name == b"cookie")
        return read_cookies(b";".join(lines).decode("latin-1"))

    @property
    def last_event_id(self) -> str | None:
        """Where a resuming caller wants an event iterator to go on."""
        value = self.header_map.get(b"last-event-id")
        return None if value is None else value.decode("utf-8", "replace")

    def is_json(self) -> bool:
        """Whether the body is JSON: it says so, or says nothing at all."""
        content_type = self.content_type
        return (not content_type or content_type.startswith(b"application/json")) and (
            b"content-disposition" not in self.header_map
        )

    def is_event_stream(self) -> bool:
        """Whether the body is an event iterator, to be read event by event."""
        return (
            self.content_type.startswith(EVENT_STREAM_TYPE)
            and b"content-disposition" not in self.header_map
        )

    def standard_body(self, content: bytes) -> StandardBody:
        """The standard body that the content is.

        Raises:
            DecodeError: It is not what its content type says.
        """
        headers = {
            name.decode(): value.decode("latin-1")
            for name in _BODY_HEADERS
            if (value := self.header_map.get(name)) is not None
        }
        return parse_body(content, headers)

    def upload(self, make_decoder: MakeDecoder) -> Upload:
        """The events of a body that is an event iterator, read while the call runs."""
        upload = Upload(make_decoder(self.max_body_bytes), receive=self.receive)
        self.receive = upload.receive
        return upload
