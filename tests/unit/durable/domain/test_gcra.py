from datetime import timedelta

from hypothesis import given, strategies as st

from rawr.durable.domain.gcra import Quota

quotas = st.builds(Quota, emission=st.integers(1, 10_000), max_burst=st.integers(0, 50))
gaps = st.lists(st.integers(0, 30_000), min_size=1, max_size=200)


def admitted_at(quota: Quota, arrivals: list[int]) -> list[int]:
    tat: int | None = None
    times = []
    for now in arrivals:
        decision = quota.admit(tat, now=now)
        tat = decision.tat
        if decision.allowed:
            times.append(now)
    return times


def cumulative(steps: list[int]) -> list[int]:
    total = 0
    return [total := total + step for step in steps]


def test_throttle_admits_limit_plus_burst_at_once_then_one_per_emission() -> None:
    quota = Quota.throttle(limit=2, period=timedelta(seconds=10), burst=1)
    arrivals = [0] * 5 + [5000, 5000, 10_000]
    assert admitted_at(quota, arrivals) == [0, 0, 0, 5000, 10_000]


def test_throttle_without_burst_admits_limit_at_once() -> None:
    quota = Quota.throttle(limit=3, period=timedelta(seconds=3))
    assert admitted_at(quota, [0] * 10) == [0] * 3


def test_throttle_says_when_the_next_start_is_due() -> None:
    quota = Quota.throttle(limit=1, period=timedelta(seconds=5))
    first = quota.admit(None, now=1000)
    refused = quota.admit(first.tat, now=2000)
    assert (refused.allowed, refused.retry_at) == (False, 6000)
    assert quota.admit(first.tat, now=6000).allowed


def test_rate_limit_of_five_in_ten_seconds_is_one_in_two() -> None:
    quota = Quota.rate_limit(limit=5, period=timedelta(seconds=10))
    second = 1_000_000_000
    arrivals = [0, 0, second, 2 * second, 3 * second, 4 * second]
    assert admitted_at(quota, arrivals) == [0, 2 * second, 4 * second]


def test_rate_limit_lets_a_tenth_through_early() -> None:
    quota = Quota.rate_limit(limit=20, period=timedelta(minutes=1))
    assert len(admitted_at(quota, [0] * 20)) == 3


def test_limits_finer_than_the_clock_still_move_it() -> None:
    assert Quota.throttle(limit=5000, period=timedelta(seconds=1)).emission == 1


@given(quotas, gaps)
def test_never_more_than_the_quota_in_any_window(quota: Quota, steps: list[int]) -> None:
    times = admitted_at(quota, cumulative(steps))
    for start in range(len(times)):
        for end in range(start, len(times)):
            allowed = quota.max_burst + 1 + (times[end] - times[start]) // quota.emission
            assert end - start + 1 <= allowed


@given(quotas, gaps)
def test_a_refusal_names_the_first_moment_that_succeeds(quota: Quota, steps: list[int]) -> None:
    tat: int | None = None
    for now in cumulative(steps):
        decision = quota.admit(tat, now=now)
        if not decision.allowed:
            assert decision.retry_at > now
            assert decision.tat == tat
            assert quota.admit(tat, now=decision.retry_at).allowed
            assert not quota.admit(tat, now=decision.retry_at - 1).allowed
        tat = decision.tat


@given(quotas, st.integers(0, 10**6))
def test_a_stored_time_that_has_passed_is_as_good_as_none(quota: Quota, now: int) -> None:
    assert quota.admit(now, now=now) == quota.admit(None, now=now)


@given(quotas, st.integers(0, 10**6))
def test_one_arrival_per_emission_is_always_admitted(quota: Quota, start: int) -> None:
    arrivals = [start + index * quota.emission for index in range(50)]
    assert admitted_at(quota, arrivals) == arrivals
