from datetime import timedelta

import pytest

from rawr.durable.domain.backoff import parse_retry_after, retry_delay_ms

NOW_MS = 1_795_353_514_817  # 2026-11-22T13:18:34.817Z
DAY_MS = 24 * 60 * 60 * 1000


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    list(enumerate([15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200, 7200, 7200])),
)
def test_delay_follows_the_table_and_repeats_its_end(attempt: int, seconds: int) -> None:
    assert retry_delay_ms(attempt, jitter=0.0) == seconds * 1000


def test_jitter_adds_up_to_thirty_seconds() -> None:
    assert retry_delay_ms(0, jitter=0.5) == 30_000
    assert retry_delay_ms(0, jitter=0.999_999) < 45_000


def test_fixed_interval_replaces_table_and_jitter() -> None:
    assert retry_delay_ms(9, jitter=0.9, fixed_interval=timedelta(seconds=1)) == 1000


def test_retry_after_wins_over_everything() -> None:
    interval = timedelta(seconds=1)
    assert retry_delay_ms(3, jitter=0.9, fixed_interval=interval, retry_after_ms=7000) == 7000


@pytest.mark.parametrize(("asked_ms", "given_ms"), [(0, 1000), (-5, 1000), (2 * DAY_MS, DAY_MS)])
def test_retry_after_is_clamped(asked_ms: int, given_ms: int) -> None:
    assert retry_delay_ms(0, jitter=0.0, retry_after_ms=asked_ms) == given_ms


@pytest.mark.parametrize(
    ("value", "delay_ms"),
    [
        ("7", 7000),
        (" 7 ", 7000),
        ("0", 1000),
        ("-3", 1000),
        ("999999", DAY_MS),
        ("2026-11-22T13:18:40.817Z", 6000),
        ("2026-11-22T14:18:40.817+01:00", 6000),
        ("2020-01-01T00:00:00Z", 1000),
        ("Sun, 22 Nov 2026 13:19:34 GMT", 59_183),
        ("Sun, 22 Nov 2026 14:19:34 +0100", 59_183),
        ("Sun, 22 Nov 2026 13:19:34 -0000", 59_183),
        ("Sunday, 22-Nov-26 13:19:34 GMT", 59_183),
    ],
)
def test_retry_after_header_forms(value: str, delay_ms: int) -> None:
    assert parse_retry_after(value, now_ms=NOW_MS) == delay_ms


@pytest.mark.parametrize("value", ["", "soon", "1.5", "٣", "1e3", "Foo, 99 Bar 2026 99:99:99 GMT"])
def test_unreadable_retry_after_is_no_wish(value: str) -> None:
    assert parse_retry_after(value, now_ms=NOW_MS) is None
