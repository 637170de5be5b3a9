"""Who may call how often: the port of rate limits, and two that stand behind it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import RateLimiter as Strategy

Clock = Callable[[], float]
"""Seconds since some moment."""

_FEWEST_KEYS_SWEPT: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDecision:
    """Whether one more call is allowed, and what is left."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_seconds: float
    """When everything is allowed again."""
    retry_after_seconds: float
    """When one more call will be allowed; 0 where one is."""


class RateLimiter(Protocol):
    """Counts calls by key."""

    async def take(self, key: str) -> RateDecision:
        """Count one call, if it is allowed."""
        ...


class MemoryRateLimiter(RateLimiter):
    """Allows bursts of `limit` calls, refilled evenly over the period (GCRA).

    For one process: each key costs one number until it is back to normal.

    Raises:
        ValueError: The limit is no positive number of calls, or the period of seconds.
    """

    def __init__(self, limit: int, period_seconds: float, *, clock: Clock = time.monotonic) -> None:
        if limit < 1 or period_seconds <= 0:
            raise ValueError("A rate is at least one call in a positive number of seconds")
        self._limit = limit
        self._period_seconds = period_seconds
        self._clock = clock
        self._free_at: dict[str, float] = {}
        """When each key would be back to normal."""
        self._sweep_at = _FEWEST_KEYS_SWEPT

    async def take(self, key: str) -> RateDecision:
        """See `RateLimiter.take`."""
        now = self._clock()
        interval = self._period_seconds / self._limit
        free_at = max(self._free_at.get(key, now), now)
        wait = free_at + interval - self._period_seconds - now
        # Adding up intervals errs by fractions of a nanosecond.
        is_allowed = wait <= interval * 1e-6
        if is_allowed:
            free_at += interval
            self._free_at[key] = free_at
            self._sweep(now)
        return RateDecision(
            is_allowed=is_allowed,
            limit=self._limit,
            remaining=int((self._period_seconds - (free_at - now)) / interval + 1e-6),
            reset_seconds=free_at - now,
            retry_after_seconds=0.0 if is_allowed else wait,
        )

    def _sweep(self, now: float) -> None:
        """Forget keys that are back to normal, whenever their number has doubled."""
        if len(self._free_at) < self._sweep_at:
            return
        self._free_at = {key: at for key, at in self._free_at.items() if at > now}
        self._sweep_at = max(_FEWEST_KEYS_SWEPT, 2 * len(self._free_at))


class LimitsRateLimiter(RateLimiter):
    """Counts with the `limits` library: other algorithms, shared storage (extra `rate-limit`).

    >>> import limits
    >>> storage = limits.storage.storage_from_string("async+memory://")
    >>> strategy = limits.aio.strategies.MovingWindowRateLimiter(storage)
    >>> limiter = LimitsRateLimiter(strategy, limits.parse("100/minute"))
    """

    def __init__(
        self, strategy: "Strategy", item: "RateLimitItem", *, clock: Clock = time.time
    ) -> None:
        self._strategy = strategy
        self._item = item
        self._clock = clock

    async def take(self, key: str) -> RateDecision:
        """See `RateLimiter.take`."""
        is_allowed = await self._strategy.hit(self._item, key)
        stats = await self._strategy.get_window_stats(self._item, key)
        reset_seconds = max(0.0, stats.reset_time - self._clock())
        return RateDecision(
            is_allowed=is_allowed,
            limit=self._item.amount,
            remaining=max(0, stats.remaining),
            reset_seconds=reset_seconds,
            retry_after_seconds=0.0 if is_allowed else reset_seconds,
        )
