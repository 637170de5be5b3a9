"""Telling requests of the HQ's own pages from those another site makes a browser send."""

from dataclasses import dataclass
from typing import Final

from ._credentials import RawHeaders

CSRF_HEADER: Final = b"x-csrf-token"
CSRF_VALUE: Final = b"orpc"
"""What oRPC's `SimpleCsrfProtectionLinkPlugin` sends; only same-origin scripts can."""

_READING: Final = "GET"
"""The only method that changes nothing: RPC runs a procedure on any other, `HEAD` included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginPolicy:
    """Whether a browser's request comes from the HQ's own origin.

    `public_origin` is where browsers reach the HQ (`https://hq.example`); without it, an origin
    is the HQ's own if its host and port are those of the `Host` header.
    """

    public_origin: str | None = None

    def admits_form(self, headers: RawHeaders) -> bool:
        """True unless another site made the browser send this form."""
        seen = _Seen.of(headers)
        if seen.site not in (None, b"same-origin", b"none"):
            return False
        return seen.origin is None or self._is_own(seen)

    def admits_call(self, method: str, headers: RawHeaders) -> bool:
        """True for a call with a cookie that certainly comes from the HQ's own pages.

        A request that may change something has to prove it twice: by `Origin` or
        `Sec-Fetch-Site`, and by the header that forms and other sites cannot send.
        """
        seen = _Seen.of(headers)
        if seen.origin is not None and not self._is_own(seen):
            return False
        if method == _READING:
            return seen.site in (None, b"same-origin", b"none")
        if seen.site is None and seen.origin is None:
            return False
        return seen.site in (None, b"same-origin") and seen.csrf == CSRF_VALUE

    def admits_handshake(self, headers: RawHeaders) -> bool:
        """True for a websocket with a cookie that one of the HQ's own pages opens.

        A browser says of every websocket where it comes from, and lets no page add headers to it.
        """
        seen = _Seen.of(headers)
        is_same_site = seen.site in (None, b"same-origin")
        return seen.origin is not None and self._is_own(seen) and is_same_site

    def _is_own(self, seen: "_Seen") -> bool:
        origin = (seen.origin or b"").decode("latin-1")
        if self.public_origin is not None:
            return origin == self.public_origin
        if not seen.host:
            return False
        host = seen.host.decode("latin-1")
        return origin in (f"http://{host}", f"https://{host}")


@dataclass(slots=True)
class _Seen:
    """The headers of a request that tell where it comes from; a repeated one tells nothing good."""

    site: bytes | None = None
    origin: bytes | None = None
    host: bytes | None = None
    csrf: bytes | None = None

    @classmethod
    def of(cls, headers: RawHeaders) -> "_Seen":
        seen = cls()
        for name, value in headers:
            field = _FIELDS.get(name)
            if field is not None:
                before = getattr(seen, field)
                setattr(seen, field, value if before is None else before + b", " + value)
        return seen


_FIELDS: Final = {
    b"sec-fetch-site": "site",
    b"origin": "origin",
    b"host": "host",
    CSRF_HEADER: "csrf",
}
