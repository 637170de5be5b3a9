import pytest
from hypothesis import given, strategies as st

from rawr.host.identity import KeyedLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_one_at_a_time() -> None:
    clock = Clock()
    limit = KeyedLimit[str](per_minute=6, now=clock)
    assert [limit.take("a") for _ in range(7)] == [None] * 6 + [10]
    clock.now += 9
    assert limit.take("a") == 1
    clock.now += 1
    assert [limit.take("a"), limit.take("a")] == [None, 10]


def test_keys_do_not_share() -> None:
    limit = KeyedLimit[str](per_minute=1, now=Clock())
    assert (limit.take("a"), limit.take("b")) == (None, None)
    assert limit.take("a") == 60


def test_refusals_cost_nothing() -> None:
    clock = Clock()
    limit = KeyedLimit[str](per_minute=1, now=clock)
    limit.take("a")
    for _ in range(100):
        limit.take("a")
    clock.now += 60
    assert limit.take("a") is None


def test_a_clock_set_back_locks_nobody_out() -> None:
    clock = Clock()
    limit = KeyedLimit[str](per_minute=2, now=clock)
    limit.take("a")
    clock.now -= 900
    assert limit.take("a") in (None, 30)
    clock.now += 60
    assert limit.take("a") is None


def test_memory_is_bounded() -> None:
    limit = KeyedLimit[int](per_minute=1, now=Clock())
    for key in range(20_001):
        limit.take(key)
    assert len(limit._full_at) == 10_000


def test_a_limit_admits_something() -> None:
    with pytest.raises(ValueError, match="at least one"):
        KeyedLimit[str](per_minute=0, now=Clock())


@given(st.integers(1, 600), st.lists(st.floats(0, 30), max_size=200))
def test_never_more_than_the_rate_and_a_burst(per_minute: int, pauses: list[float]) -> None:
    clock = Clock()
    start, limit, admitted = clock.now, KeyedLimit[str](per_minute=per_minute, now=clock), 0
    for pause in pauses:
        clock.now += pause
        admitted += limit.take("a") is None
        assert admitted <= per_minute + (clock.now - start) / 60 * per_minute + 1e-6


@given(st.integers(1, 600), st.integers(0, 50))
def test_whoever_waits_as_told_is_admitted(per_minute: int, before: int) -> None:
    clock = Clock()
    limit = KeyedLimit[str](per_minute=per_minute, now=clock)
    for _ in range(before):
        limit.take("a")
    wait = limit.take("a")
    if wait is not None:
        clock.now += wait
        assert limit.take("a") is None
