from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from rawr.durable.domain.cron import CronError, jitter_ms, parse_cron, parse_jitter


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1_000)


def firings(text: str, after: str, count: int) -> list[str]:
    schedule, at, found = parse_cron(text), ms(after), []
    for _ in range(count):
        at = schedule.next_after(at)
        found.append(datetime.fromtimestamp(at / 1_000, schedule.timezone).isoformat())
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", "2026-11-22T13:19:00+00:00"),
        ("*/15 * * * *", "2026-11-22T13:30:00+00:00"),
        ("7/20 * * * *", "2026-11-22T13:27:00+00:00"),
        ("0 9 * * *", "2026-11-23T09:00:00+00:00"),
        ("0 9 * * MON-FRI", "2026-11-23T09:00:00+00:00"),
        ("0 9 * * mon,wed", "2026-11-23T09:00:00+00:00"),
        ("0 0 1 jan *", "2027-01-01T00:00:00+00:00"),
        ("0 0 1-5/2 * ?", "2026-12-01T00:00:00+00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00:00+00:00"),
        ("0 0 13 * 5", "2026-11-27T00:00:00+00:00"),
        ("0 0 */13 * 5", "2026-11-27T00:00:00+00:00"),
        ("0 0 * * 5/1", "2026-11-27T00:00:00+00:00"),
        ("TZ=Europe/Paris 0 0 1 1 *", "2027-01-01T00:00:00+01:00"),
        ("CRON_TZ=Asia/Tokyo 30 6 * * *", "2026-11-23T06:30:00+09:00"),
        ("  0   9 * * *  ", "2026-11-23T09:00:00+00:00"),
    ],
)
def test_next_firing(text: str, expected: str) -> None:
    assert firings(text, "2026-11-22T13:18:34.817+00:00", 1) == [expected]


def test_a_firing_is_strictly_after_the_given_time() -> None:
    assert firings("0 9 * * *", "2026-11-22T09:00:00+00:00", 1) == ["2026-11-23T09:00:00+00:00"]
    assert firings("0 9 * * *", "2026-11-22T08:59:59.999+00:00", 1) == ["2026-11-22T09:00:00+00:00"]


def test_a_step_after_a_weekday_stops_at_saturday() -> None:
    assert firings("0 0 * * 5/1", "2026-11-26T12:00:00+00:00", 3) == [
        "2026-11-27T00:00:00+00:00",
        "2026-11-28T00:00:00+00:00",
        "2026-12-04T00:00:00+00:00",
    ]


def test_day_of_month_and_weekday_both_count_unless_one_is_a_star() -> None:
    assert firings("0 0 24 * THU", "2026-11-22T00:00:00+00:00", 2) == [
        "2026-11-24T00:00:00+00:00",
        "2026-11-26T00:00:00+00:00",
    ]


def test_a_local_time_skipped_in_spring_does_not_fire_that_day() -> None:
    assert firings("TZ=America/New_York 30 2 * * *", "2026-03-06T12:00:00-05:00", 3) == [
        "2026-03-07T02:30:00-05:00",
        "2026-03-09T02:30:00-04:00",
        "2026-03-10T02:30:00-04:00",
    ]


def test_the_hour_after_a_skipped_one_fires_once() -> None:
    assert firings("TZ=America/New_York 0 2,3 * * *", "2026-03-07T12:00:00-05:00", 3) == [
        "2026-03-08T03:00:00-04:00",
        "2026-03-09T02:00:00-04:00",
        "2026-03-09T03:00:00-04:00",
    ]


def test_a_local_time_repeated_in_autumn_fires_once() -> None:
    assert firings("TZ=America/New_York 30 1 * * *", "2026-10-31T12:00:00-04:00", 2) == [
        "2026-11-01T01:30:00-04:00",
        "2026-11-02T01:30:00-05:00",
    ]


def test_asking_between_the_two_occurrences_does_not_go_back_in_time() -> None:
    assert firings("TZ=America/New_York 45 1 * * *", "2026-11-01T01:30:00-05:00", 1) == [
        "2026-11-02T01:45:00-05:00"
    ]


def test_an_hourly_schedule_follows_elapsed_time() -> None:
    assert firings("TZ=America/New_York 0 * * * *", "2026-11-01T00:30:00-04:00", 3) == [
        "2026-11-01T01:00:00-04:00",
        "2026-11-01T01:00:00-05:00",
        "2026-11-01T02:00:00-05:00",
    ]
    assert firings("TZ=America/New_York 0 * * * *", "2026-03-08T00:30:00-05:00", 2) == [
        "2026-03-08T01:00:00-05:00",
        "2026-03-08T03:00:00-04:00",
    ]


def test_a_gap_at_midnight_skips_the_firing() -> None:
    # Clocks in Beirut went from 00:00 to 01:00 on 27 March 2022.
    assert firings("TZ=Asia/Beirut 0 0 * * *", "2022-03-26T12:00:00+02:00", 1) == [
        "2022-03-28T00:00:00+03:00"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "0 * * * * *",
        "@daily",
        "@every 5m",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * foo *",
        "* * * * 7",
        "* * * * BUN",
        "* * L * *",
        "* * * * 5L",
        "* * * * MON#2",
        "*/0 * * * *",
        "5-1 * * * *",
        "*-5 * * * *",
        "1,,2 * * * *",
        "1/x * * * *",
        "MON * * * *",
        "-1 * * * *",
        "0 0 31 2 *",
        "TZ=Mars/Olympus * * * * *",
        "TZ=../etc/passwd * * * * *",
        "TZ=UTC",
        "* " * 200,
    ],
)
def test_refuses_other_forms(text: str) -> None:
    with pytest.raises(CronError):
        parse_cron(text)


field = st.sampled_from(["*", "*/7", "3", "1-4", "2,5", "1-5/2"])


@given(st.tuples(field, field, field, field, field), st.integers(0, 4_000_000_000_000))
def test_every_firing_is_a_whole_minute_in_the_future(
    fields: tuple[str, ...], after_ms: int
) -> None:
    schedule = parse_cron(" ".join(fields))
    firing = schedule.next_after(after_ms)
    assert firing > after_ms
    assert firing % 60_000 == 0


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("30s", 30), ("5m", 300)])
def test_jitter_is_read_as_a_duration(text: str, seconds: int) -> None:
    assert parse_jitter(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["0s", "999ms", "301s", "-5s", "soon"])
def test_jitter_outside_its_range_is_refused(text: str) -> None:
    with pytest.raises(CronError):
        parse_jitter(text)


def test_jitter_is_the_same_for_one_function_and_time_and_spread_over_others() -> None:
    jitter = timedelta(seconds=30)
    offsets = {jitter_ms(jitter, key="app-fn", scheduled_ms=n * 60_000) for n in range(200)}
    assert jitter_ms(jitter, key="a", scheduled_ms=0) == jitter_ms(jitter, key="a", scheduled_ms=0)
    assert len(offsets) > 150
    assert min(offsets) >= 0
    assert max(offsets) < 30_000
