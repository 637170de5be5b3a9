"""Generic cell rate algorithm: throttling and rate limiting with one stored number per key.

A quota spaces admissions `emission` apart. The stored value is the *theoretical arrival time*
(TAT) of the next admission if none came early; up to `max_burst` admissions may run ahead of it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One admission per `emission`, `max_burst` of them early, in any integer unit of time."""

    emission: int
    max_burst: int

    @classmethod
    def throttle(cls, *, limit: int, period: timedelta, burst: int = 0) -> Self:
        """Limit of run starts, in milliseconds: `limit` + `burst` at once, the rest delayed."""
        return cls(
            emission=max(period // timedelta(milliseconds=1) // limit, 1),
            max_burst=limit + burst - 1,
        )

    @classmethod
    def rate_limit(cls, *, limit: int, period: timedelta) -> Self:
        """Limit of runs, in nanoseconds: a tenth of `limit` (and one) at once, the rest dropped."""
        nanoseconds = period // timedelta(microseconds=1) * 1_000
        return cls(emission=max(nanoseconds // limit, 1), max_burst=limit // 10)

    def admit(self, tat: int | None, *, now: int) -> "Admission":
        """Decide one arrival at `now`, given the stored `tat` of its key."""
        new_tat = max(now, now if tat is None else tat) + self.emission
        allow_at = new_tat - self.emission * (self.max_burst + 1)
        if now < allow_at:
            return Admission(allowed=False, tat=tat, retry_at=allow_at)
        return Admission(allowed=True, tat=new_tat, retry_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The decision, the value to store for the key, and when asking again can succeed.

    A stored `tat` that lies in the past says nothing more and may be forgotten.
    """

    allowed: bool
    tat: int | None
    retry_at: int
