"""One-time sign-in links: a secret that opens one session, soon."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from rawr.composition import Principal

from ._digest import new_secret, token_digest

TICKET_LIFETIME: Final = timedelta(minutes=10)


@dataclass(slots=True)
class Tickets:
    """Tickets of this process, by digest; `now` is in seconds."""

    now: Callable[[], float]
    _open: dict[bytes, tuple[Principal, float]] = field(default_factory=dict)

    def issue(self, principal: Principal) -> str:
        """A ticket that signs this principal in, once."""
        value = new_secret()
        expires_at = self.now() + TICKET_LIFETIME.total_seconds()
        self._open[token_digest(value)] = (principal, expires_at)
        return value

    def redeem(self, value: str) -> Principal | None:
        """The principal of a ticket that is not used or expired; it is used now."""
        principal, expires_at = self._open.pop(token_digest(value), (None, 0.0))
        return principal if self.now() < expires_at else None
