"""Durations and instants as functions and steps write them: ``1w3d``, ``300ms``, RFC 3339."""

import re
from datetime import UTC, datetime, timedelta

import durationpy

MAX_WAIT = timedelta(days=366)
"""The longest sleep or wait a step may ask for."""

_AMOUNT = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
# durationpy skips what it does not know between two terms and has months and years, which the
# protocol does not; so its input is checked whole first.
_DURATION = re.compile(rf"[+-]?(?:0|(?:{_AMOUNT}(?:ns|us|µs|μs|ms|s|m|h|d|w))+)")
_DATE_START = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_TEXT = 128


class DurationError(ValueError):
    """The text is neither a duration nor an instant."""


class WaitTooLongError(DurationError):
    """A sleep or wait exceeds 366 days."""


def parse_duration(text: str) -> timedelta:
    """Read a duration such as ``10s``, ``1d2h``, ``1.5h`` or ``-300ms``.

    Raises:
        DurationError: another grammar, an unknown unit, or out of range.
    """
    if len(text) > _LONGEST_TEXT or _DURATION.fullmatch(text) is None:
        raise DurationError(
            f"{text[:_LONGEST_TEXT]!r} is not a duration; write amounts with units "
            "ms, s, m, h, d or w, for example '1d2h'"
        )
    try:
        return durationpy.from_str(text)
    except durationpy.DurationError as error:
        raise DurationError(f"duration {text!r} is out of range") from error


def parse_instant_ms(text: str) -> int:
    """Read an RFC 3339 instant or a bare date (midnight UTC) as unix milliseconds.

    A time without an offset counts as UTC.

    Raises:
        DurationError: the text is not an instant.
    """
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise DurationError(
            f"{text[:_LONGEST_TEXT]!r} is not an RFC 3339 instant, for example "
            "'2026-01-31T09:30:00Z'"
        ) from error
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return _whole_ms(instant - _EPOCH)


def deadline_ms(text: str, *, now_ms: int) -> int:
    """When a sleep or wait written as a duration or an instant ends, in unix milliseconds.

    An empty text and anything in the past mean now. Instants are kept exact to the millisecond,
    where the Inngest server rounds them to whole seconds.

    Raises:
        DurationError: the text is neither a duration nor an instant.
        WaitTooLongError: it ends more than 366 days from `now_ms`.
    """
    if not text:
        return now_ms
    if _DATE_START.match(text):
        wait_ms = parse_instant_ms(text) - now_ms
    else:
        wait_ms = _whole_ms(parse_duration(text))
    if wait_ms > _whole_ms(MAX_WAIT):
        raise WaitTooLongError(
            f"{text!r} is more than {MAX_WAIT.days} days away; wait in several shorter steps"
        )
    return now_ms + max(wait_ms, 0)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _whole_ms(delta: timedelta) -> int:
    return delta // timedelta(milliseconds=1)
