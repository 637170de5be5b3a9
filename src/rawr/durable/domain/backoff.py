"""When a failed attempt runs again."""

import re
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from rawr.durable.domain.durations import DurationError, parse_instant_ms

BACKOFF_SECONDS = (15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200)
"""Delay before the retry that follows attempt 0, 1, 2, ...; the last one repeats."""

MAX_JITTER_MS = 30_000
"""Upper end of the uniform jitter added to every delay of the table."""

_MIN_RETRY_AFTER_MS = 1_000
_MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1_000
_SECONDS = re.compile(r"-?[0-9]{1,15}", re.ASCII)


def retry_delay_ms(
    attempt: int,
    *,
    jitter: float,
    fixed_interval: timedelta | None = None,
    retry_after_ms: int | None = None,
) -> int:
    """Milliseconds from the failure of `attempt` (0-based) to the next attempt.

    `jitter` is uniform in [0, 1). `retry_after_ms` is what the function asked for and wins over
    both `fixed_interval`, which replaces table and jitter, and the table.
    """
    if retry_after_ms is not None:
        return _clamp(retry_after_ms)
    if fixed_interval is not None:
        return fixed_interval // timedelta(milliseconds=1)
    seconds = BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)]
    return seconds * 1_000 + int(jitter * MAX_JITTER_MS)


def parse_retry_after(value: str, *, now_ms: int) -> int | None:
    """Milliseconds until what a ``retry-after`` header names, within [1 s, 24 h].

    Whole seconds, RFC 3339 and HTTP dates are understood. Anything else is None, so that a
    response with a broken header is retried by the table rather than lost.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return _clamp(int(text) * 1_000)
    try:
        return _clamp(parse_instant_ms(text) - now_ms)
    except DurationError:
        pass
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return _clamp(round(aware.timestamp() * 1_000) - now_ms)


def _clamp(delay_ms: int) -> int:
    return min(max(delay_ms, _MIN_RETRY_AFTER_MS), _MAX_RETRY_AFTER_MS)
