"""The session cookie as browsers see it."""

from dataclasses import dataclass
from datetime import timedelta

_NAME = "rawr_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookiePolicy:
    """Name and attributes of the session cookie.

    `secure` keeps it to TLS; only a host on loopback can do without. A secure cookie has the
    `__Host-` prefix, so that no neighbouring host name can plant one.
    """

    secure: bool
    max_age: timedelta

    @property
    def name(self) -> str:
        """What the cookie is called."""
        return f"__Host-{_NAME}" if self.secure else _NAME

    def start(self, value: str) -> str:
        """The `Set-Cookie` header that starts a session in a browser."""
        return self._header(value, int(self.max_age.total_seconds()))

    def clear(self) -> str:
        """The `Set-Cookie` header that ends a session in a browser."""
        return self._header("", 0)

    def _header(self, value: str, seconds: int) -> str:
        cookie = f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"
        return f"{cookie}; Secure" if self.secure else cookie
