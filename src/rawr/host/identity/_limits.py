"""How often somebody may do something: one bucket per key, kept in memory."""

from collections.abc import Callable, Hashable
from math import ceil
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_MAX_KEYS: Final = 10_000
_MINUTE: Final = 60.0


class KeyedLimit(Generic[K]):
    """At most `per_minute` in the long run, for every key by itself; `burst` of them at once.

    The generic cell rate algorithm: one number per key, the time at which its bucket is full
    again. `now` is in seconds. The keys longest unused make room for new ones.
    """

    def __init__(self, *, per_minute: int, now: Callable[[], float], burst: int = 0) -> None:
        if per_minute < 1:
            raise ValueError("a limit admits at least one per minute")
        self._interval = _MINUTE / per_minute
        self._window = self._interval * (burst or per_minute)
        self._now = now
        self._full_at: dict[K, float] = {}

    def take(self, key: K) -> int | None:
        """Take one; None if admitted, else the seconds until it would be."""
        now = self._now()
        # A wall clock set back must not lock anybody out for longer than a full bucket does.
        full_at = min(max(self._full_at.pop(key, now), now), now + self._window)
        wait = full_at + self._interval - self._window - now
        if wait <= 1e-9:  # noqa: PLR2004 - sums of intervals are not exact
            full_at += self._interval
        if len(self._full_at) >= _MAX_KEYS:
            self._full_at.pop(next(iter(self._full_at)))
        self._full_at[key] = full_at
        return None if wait <= 1e-9 else max(1, ceil(wait))  # noqa: PLR2004 - as above
