"""The URL a link was given, and those of its procedures."""

from urllib.parse import urlsplit, urlunsplit

from rawr.wire import URLSearchParams
from rawr.wire.body import encode_urlencoded


class LinkURL:
    """Where a handler is mounted; its own query stays on every call.

    Raises:
        ValueError: It is not an absolute http or https URL.
    """

    __slots__ = ("_parts",)

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"A link needs an absolute URL such as https://host/rpc, not {url!r}")
        self._parts = parts._replace(path=parts.path.removesuffix("/"), fragment="")

    def of(self, path: str, query: URLSearchParams | None = None) -> str:
        """The URL of an encoded path (with a leading slash) and its query."""
        given = "" if query is None else encode_urlencoded(query)
        both = "&".join(part for part in (self._parts.query, given) if part)
        return urlunsplit(self._parts._replace(path=self._parts.path + path, query=both))
