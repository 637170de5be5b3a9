"""Cron triggers: five fields and an optional time zone, as the protocol's scheduler reads them.

Local times that a clock change skips do not fire, and those that it repeats fire once. Where the
minute or the hour is ``*`` the schedule follows elapsed time, so that a repeated hour counts.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from rawr.durable.domain.durations import DurationError, parse_duration

MIN_JITTER = timedelta(seconds=1)
MAX_JITTER = timedelta(minutes=5)

_MAX_LENGTH = 255
_PREFIX = re.compile(r"(?:CRON_)?TZ=(\S+)\s+")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_TERM = re.compile(r"(\*|\?|[0-9]{1,2}|[A-Z]{3})(?:-([0-9]{1,2}|[A-Z]{3}))?(?:/([0-9]{1,2}))?")
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CronError(ValueError):
    """The cron expression, its time zone or its jitter is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str
    values: range
    names: tuple[str, ...] = ()

    def expand(self, text: str) -> str:
        """The field as ``*`` or as a list of numbers, which leaves nothing to interpretation."""
        numbers: set[int] = set()
        for term in text.split(","):
            match = _TERM.fullmatch(term)
            if match is None:
                raise self._error(text)
            low, high, step = match.groups()
            if low in {"*", "?"} and high is None and step in {None, "1"}:
                return "*"
            numbers.update(self._numbers(text, low, high, step))
        return ",".join(map(str, sorted(numbers)))

    def _numbers(self, text: str, low: str, high: str | None, step: str | None) -> range:
        if low in {"*", "?"}:
            if high is not None:
                raise self._error(text)
            first, last = self.values[0], self.values[-1]
        else:
            first = self._number(text, low)
            open_end = self.values[-1] if step is not None else first
            last = open_end if high is None else self._number(text, high)
        if last < first or step in {"0", "00"}:
            raise self._error(text)
        return range(first, last + 1, int(step or "1"))

    def _number(self, text: str, word: str) -> int:
        number = int(word) if word.isdigit() else self._named(text, word)
        if number not in self.values:
            raise self._error(text)
        return number

    def _named(self, text: str, word: str) -> int:
        if word not in self.names:
            raise self._error(text)
        return self.names.index(word) + self.values[0]

    def _error(self, text: str) -> CronError:
        return CronError(
            f"{text!r} is not a {self.name} from {self.values[0]} to {self.values[-1]}"
        )


_FIELDS = (
    _Field(name="minute", values=range(60)),
    _Field(name="hour", values=range(24)),
    _Field(name="day of month", values=range(1, 32)),
    _Field(name="month", values=range(1, 13), names=_MONTHS),
    _Field(name="day of week", values=range(7), names=_DAYS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedule:
    """A parsed cron expression."""

    text: str
    timezone: ZoneInfo
    _fields: str

    def next_after(self, after_ms: int) -> int:
        """The first firing strictly after a time, both in unix milliseconds.

        Raises:
            CronError: there is none in the next fifty years.
        """
        after = (_EPOCH + after_ms * _MILLISECOND).astimezone(self.timezone)
        try:
            firings = CronSim(self._fields, after)
            found = next(
                firing
                for firing in firings
                # cronsim moves a skipped local time to the end of the gap, and starts over at
                # the first occurrence of a repeated one.
                if _fits(firings, firing) and firing.astimezone(UTC) > after.astimezone(UTC)
            )
        except (CronSimError, StopIteration, OverflowError) as error:
            raise CronError(f"{self.text!r} never fires") from error
        return (found.astimezone(UTC) - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=512)
def parse_cron(text: str) -> CronSchedule:
    """Parse ``[TZ=Area/City ]minute hour day-of-month month day-of-week``; UTC without a zone.

    Raises:
        CronError: another form, an unknown time zone, or a date that does not exist.
    """
    if len(text) > _MAX_LENGTH:
        raise CronError(f"a cron expression has at most {_MAX_LENGTH} characters")
    stripped = text.strip()
    prefix = _PREFIX.match(stripped)
    timezone = _timezone("UTC" if prefix is None else prefix.group(1))
    words = stripped[prefix.end() if prefix else 0 :].upper().split()
    if len(words) != len(_FIELDS):
        raise CronError(
            f"{text!r} has {len(words)} fields; a cron expression has five, such as '0 9 * * MON'"
        )
    fields = " ".join(field.expand(word) for field, word in zip(_FIELDS, words, strict=True))
    schedule = CronSchedule(text=text, timezone=timezone, _fields=fields)
    schedule.next_after(0)
    return schedule


def parse_jitter(text: str) -> timedelta:
    """Read a trigger's ``jitter``.

    Raises:
        CronError: it is no duration, or not from 1 s to 5 m.
    """
    try:
        jitter = parse_duration(text)
    except DurationError as error:
        raise CronError(f"jitter: {error}") from error
    if not MIN_JITTER <= jitter <= MAX_JITTER:
        raise CronError(f"a jitter of {text!r} is not from 1s to 5m")
    return jitter


def jitter_ms(jitter: timedelta, *, key: str, scheduled_ms: int) -> int:
    """How long a firing is held back, below `jitter`: always the same for one key and time."""
    digest = hashlib.sha256(f"{key}\n{scheduled_ms}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (jitter // _MILLISECOND)


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CronError(f"{name!r} is not a time zone; use a name like Europe/Paris") from error


def _fits(schedule: CronSim, firing: datetime) -> bool:
    return (
        firing.minute in schedule.minutes
        and firing.hour in schedule.hours
        and firing.month in schedule.months
        and schedule.match_day(firing.date())
    )
