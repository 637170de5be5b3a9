"""Browser sessions: a random cookie that stands for a principal, for a while."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie

from rawr.composition import Principal

COOKIE = "rawr_session"
_TOKEN_BYTES = 32
_LIFETIME = timedelta(hours=12)
_MAX_SESSIONS = 1000


@dataclass(slots=True)
class Sessions:
    """Sessions of this process; they end with it. Only digests of the cookies are kept."""

    now: Callable[[], float] = time.monotonic
    _open: dict[bytes, tuple[Principal, float]] = field(default_factory=dict)

    def start(self, principal: Principal) -> str:
        """Begin a session; returns the cookie's value."""
        if len(self._open) >= _MAX_SESSIONS:
            self._open.pop(next(iter(self._open)))
        value = secrets.token_urlsafe(_TOKEN_BYTES)
        self._open[_digest(value)] = (principal, self.now() + _LIFETIME.total_seconds())
        return value

    def find(self, value: str | None) -> Principal | None:
        """The principal of a live session."""
        if value is None:
            return None
        principal, expires_at = self._open.get(_digest(value), (None, 0.0))
        return principal if expires_at > self.now() else None

    def end(self, value: str | None) -> None:
        """Forget a session; an unknown one is no error."""
        if value is not None:
            self._open.pop(_digest(value), None)


def session_cookie(header: str | None) -> str | None:
    """The session's value in a `Cookie` header."""
    if header is None:
        return None
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value


def set_cookie(value: str, *, secure: bool) -> str:
    """The `Set-Cookie` header that starts a session in a browser.

    `secure` keeps it to TLS; only a host on loopback can do without.
    """
    seconds = int(_LIFETIME.total_seconds())
    cookie = f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    return f"{cookie}; Secure" if secure else cookie


def clear_cookie() -> str:
    """The `Set-Cookie` header that ends a session in a browser."""
    return f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
