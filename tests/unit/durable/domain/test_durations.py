from datetime import timedelta

import pytest

from rawr.durable.domain.durations import (
    DurationError,
    WaitTooLongError,
    deadline_ms,
    parse_duration,
    parse_instant_ms,
)

NOW_MS = 1_795_353_514_817  # 2026-11-22T13:18:34.817Z
DAY_MS = 24 * 60 * 60 * 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", timedelta()),
        ("10s", timedelta(seconds=10)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1w", timedelta(weeks=1)),
        ("1w3d", timedelta(days=10)),
        ("1d2h", timedelta(hours=26)),
        ("1.5h", timedelta(minutes=90)),
        (".5s", timedelta(milliseconds=500)),
        ("300ms", timedelta(milliseconds=300)),
        ("250us", timedelta(microseconds=250)),
        ("250µs", timedelta(microseconds=250)),
        ("5000ns", timedelta(microseconds=5)),
        ("-1m30s", timedelta(seconds=-90)),
        ("+1m", timedelta(minutes=1)),
    ],
)
def test_reads_durations(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "s",
        "10 s",
        "1y",
        "1mm",
        "1s!2s",
        "1.2.3s",
        "1h-1m",
        "tomorrow",
        "٣s",
        "1s\n",
        "1" * 400 + "s",
    ],
)
def test_refuses_other_grammars(text: str) -> None:
    with pytest.raises(DurationError, match="is not a duration"):
        parse_duration(text)


def test_refuses_what_no_calendar_holds() -> None:
    with pytest.raises(DurationError, match="out of range"):
        parse_duration("9" * 20 + "w")


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("2026-11-22T13:18:34.817Z", NOW_MS),
        ("2026-11-22T13:18:34.817", NOW_MS),
        ("2026-11-22T14:18:34.817+01:00", NOW_MS),
        ("2026-11-22t13:18:34.817z", NOW_MS),
        ("2026-11-22T13:18:34.817999Z", NOW_MS),
        ("1970-01-02", DAY_MS),
        ("1969-12-31T23:59:59Z", -1000),
    ],
)
def test_reads_instants(text: str, expected_ms: int) -> None:
    assert parse_instant_ms(text) == expected_ms


def test_refuses_what_is_no_instant() -> None:
    with pytest.raises(DurationError, match="RFC 3339"):
        parse_instant_ms("next tuesday")


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("", NOW_MS),
        ("1s", NOW_MS + 1000),
        ("1h30m15s500ms", NOW_MS + 5_415_500),
        ("-5m", NOW_MS),
        ("2026-11-22T13:18:37.217Z", NOW_MS + 2400),
        ("2020-01-01", NOW_MS),
        ("366d", NOW_MS + 366 * DAY_MS),
    ],
)
def test_deadline_is_exact_and_never_past(text: str, expected_ms: int) -> None:
    assert deadline_ms(text, now_ms=NOW_MS) == expected_ms


@pytest.mark.parametrize("text", ["366d1ms", "2028-01-01T00:00:00Z"])
def test_deadline_beyond_366_days_is_refused(text: str) -> None:
    with pytest.raises(WaitTooLongError, match="366 days"):
        deadline_ms(text, now_ms=NOW_MS)


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-11-22T25:00:00Z"])
def test_deadline_refuses_what_it_cannot_read(text: str) -> None:
    with pytest.raises(DurationError):
        deadline_ms(text, now_ms=NOW_MS)
