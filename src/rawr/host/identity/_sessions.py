"""Browser sessions: a random cookie that stands for a principal, for a while."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from rawr.composition import Principal

from ._credentials import Credentials, SessionCookie
from ._digest import new_secret, token_digest

ABSOLUTE_LIFETIME: Final = timedelta(hours=12)
IDLE_LIFETIME: Final = timedelta(hours=2)
_MAX_SESSIONS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Somebody who has proved who they are, and whether the proof still stands."""

    principal: Principal
    is_live: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class _Session:
    proven: Proven
    expires_at: float
    idle_at: float


@dataclass(slots=True)
class Sessions:
    """The sessions of this process, by the digest of their cookies.

    They end with the process: nothing of them is ever at rest, and a restart makes everybody
    prove themselves again. One also ends when idle or old, and when what it was started with
    (a token, a user) no longer stands. `now` is in seconds.
    """

    now: Callable[[], float]
    _open: dict[bytes, _Session] = field(default_factory=dict)

    def start(self, proven: Proven) -> str:
        """Begin a session; returns the cookie's value."""
        if len(self._open) >= _MAX_SESSIONS:
            self._open.pop(next(iter(self._open)))
        value, now = new_secret(), self.now()
        self._open[token_digest(value)] = _Session(
            proven,
            expires_at=now + ABSOLUTE_LIFETIME.total_seconds(),
            idle_at=now + IDLE_LIFETIME.total_seconds(),
        )
        return value

    def find(self, value: str) -> Principal | None:
        """The principal of a live session; asking keeps it from idling."""
        digest = token_digest(value)
        session = self._open.get(digest)
        if session is None:
            return None
        now = self.now()
        if now >= min(session.expires_at, session.idle_at) or not session.proven.is_live():
            del self._open[digest]
            return None
        session.idle_at = now + IDLE_LIFETIME.total_seconds()
        return session.proven.principal

    def end(self, value: str) -> None:
        """Forget a session; an unknown one is no error."""
        self._open.pop(token_digest(value), None)

    async def authenticate(self, credentials: Credentials, /) -> Principal | None:
        """See `Identity.authenticate`: verifies session cookies."""
        return self.find(credentials.value) if isinstance(credentials, SessionCookie) else None
