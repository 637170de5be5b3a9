"""Calls that arrive inside something else: items of a batch, frames of a websocket."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from typing_extensions import override

from rawr.schema import UNDEFINED
from rawr.wire.body import StandardBody
from rawr.wire.path import split_url

from ._asgi import Scope
from ._companion import stays
from ._request import MakeDecoder, Match, Request
from ._response import Header, Headers
from ._upload import Upload

_VOUCHED: Final = frozenset({b"forwarded", b"host", b"origin", b"via", b"x-real-ip"})
_VOUCHED_PREFIXES: Final = (b"x-forwarded-", b"sec-", b"proxy-")
_URL_SAFE: Final = "%!#$&'()*+,/:;=?@[]~-._"


class InnerRequest(Request):
    """A call whose headers and body came inside a request that is shared by several.

    `scope` is the shared one; method, path, query, headers and body are the call's own.
    """

    __slots__ = ("_content", "_query_string", "_raw_headers", "_raw_path", "_upload")

    def __init__(
        self,
        scope: Scope,
        match: Match,
        context: object,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str | list[str]],
        content: StandardBody = UNDEFINED,
        upload: Upload | None = None,
    ) -> None:
        # Not the outer request's initialiser: that one reads everything from the scope.
        self.scope = scope
        self.receive = stays
        self.operation, self.params = match
        self.method = method
        self.context = context
        self._raw_headers = overlay(scope["headers"], headers)
        self.header_map = dict(self._raw_headers)
        self.content_type = self.header_map.get(b"content-type", b"")
        self.max_body_bytes = 0
        self._headers = None
        self._body = b""
        self._raw_path, self._query_string = split_target(url)
        self._content = content
        self._upload = upload

    @property
    @override
    def raw_path(self) -> str:
        """See `Request.raw_path`."""
        return self._raw_path.decode("latin-1")

    @property
    @override
    def raw_headers(self) -> Headers:
        """The shared request's headers under the call's own."""
        return self._raw_headers

    @property
    @override
    def query_string(self) -> bytes:
        """See `Request.query_string`."""
        return self._query_string

    @override
    def is_json(self) -> bool:
        """Never: the body is there already, in its standard form."""
        return False

    @override
    def is_event_stream(self) -> bool:
        """See `Request.is_event_stream`."""
        return self._upload is not None

    @override
    def standard_body(self, content: bytes) -> StandardBody:
        """See `Request.standard_body`."""
        return self._content

    @override
    def upload(self, make_decoder: MakeDecoder) -> Upload:
        """See `Request.upload`."""
        assert self._upload is not None, "only an event stream is read as one"
        return self._upload


def split_target(url: str) -> tuple[bytes, bytes]:
    """The raw path and the query string of a URL, as an HTTP server would get them."""
    path, query = split_url(url)
    return path, quote(query, safe=_URL_SAFE).encode()


def overlay(outer: Headers, own: Mapping[str, Any]) -> list[Header]:
    """A call's own headers over those of the request that brought it.

    What a proxy or a browser vouches for stays as it was: a call cannot say of itself where
    it comes from.
    """
    lines = [
        (name.lower().encode("utf-8"), line.encode("utf-8"))
        for name, value in own.items()
        for line in (value if isinstance(value, list) else [value])
    ]
    lines = [line for line in lines if not _is_vouched(line[0])]
    names = {name for name, _ in lines}
    return [*(line for line in outer if line[0] not in names), *lines]


def _is_vouched(name: bytes) -> bool:
    return name in _VOUCHED or name.startswith(_VOUCHED_PREFIXES)
