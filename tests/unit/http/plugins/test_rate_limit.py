import limits
import pytest
from hypothesis import given, strategies as st
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from tests.unit.http.kit import rpc_client

from rawr.http import Request
from rawr.http.plugins import (
    Batch,
    LimitsRateLimiter,
    MemoryRateLimiter,
    RateLimit,
    by_address,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_burst_is_allowed_and_then_refilled_evenly() -> None:
    clock = Clock()
    limiter = MemoryRateLimiter(3, 30.0, clock=clock)
    remaining = [(await limiter.take("a")).remaining for _ in range(3)]
    assert remaining == [2, 1, 0]
    refused = await limiter.take("a")
    assert (refused.is_allowed, refused.remaining, refused.retry_after_seconds) == (False, 0, 10.0)
    assert refused.reset_seconds == 30.0
    clock.now += 10.0
    assert (await limiter.take("a")).is_allowed
    assert not (await limiter.take("a")).is_allowed
    clock.now += 3600.0
    assert (await limiter.take("a")).remaining == 2


async def test_each_key_has_its_own_count() -> None:
    limiter = MemoryRateLimiter(1, 1.0, clock=Clock())
    assert [(await limiter.take(key)).is_allowed for key in "aba"] == [True, True, False]


async def test_keys_back_to_normal_are_forgotten() -> None:
    clock = Clock()
    limiter = MemoryRateLimiter(1, 1.0, clock=clock)
    for number in range(5000):
        clock.now += 0.01
        await limiter.take(str(number))
    assert len(limiter._free_at) < 1200


@given(
    st.integers(1, 50), st.floats(0.01, 1e4), st.lists(st.floats(0, 1e3), min_size=1, max_size=80)
)
async def test_never_more_than_twice_the_limit_in_a_period(
    limit: int, period: float, waits: list[float]
) -> None:
    clock = Clock()
    limiter = MemoryRateLimiter(limit, period, clock=clock)
    allowed: list[float] = []
    for wait in waits:
        clock.now += wait
        if (await limiter.take("a")).is_allowed:
            allowed.append(clock.now)
    for start in allowed:
        assert sum(start <= at < start + period for at in allowed) <= 2 * limit


@pytest.mark.parametrize(("limit", "period"), [(0, 1.0), (1, 0.0), (1, -1.0)])
def test_a_rate_is_positive(limit: int, period: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        MemoryRateLimiter(limit, period)


async def test_the_limits_library_may_count() -> None:
    strategy = FixedWindowRateLimiter(MemoryStorage())
    limiter = LimitsRateLimiter(strategy, limits.parse("2/hour"))
    decisions = [await limiter.take("a") for _ in range(3)]
    assert [(d.is_allowed, d.remaining) for d in decisions] == [(True, 1), (True, 0), (False, 0)]
    assert 0 < decisions[2].retry_after_seconds <= 3600


async def test_a_call_over_the_limit_is_refused_and_told_when_to_come_back() -> None:
    limiter = MemoryRateLimiter(2, 60.0, clock=Clock())
    client = rpc_client(plugins=[RateLimit(limiter)])
    responses = [await client.request("POST", "/rpc/nothing", body=b"{}") for _ in range(3)]
    assert [response.status for response in responses] == [200, 200, 429]
    assert responses[0].headers["ratelimit-limit"] == "2"
    assert responses[0].headers["ratelimit-remaining"] == "1"
    assert responses[0].headers["ratelimit-reset"] == "30"
    assert "retry-after" not in responses[1].headers
    assert responses[2].headers["retry-after"] == "30"
    assert responses[2].json()["json"]["code"] == "TOO_MANY_REQUESTS"


async def test_whom_a_call_counts_for_can_be_chosen() -> None:
    def by_key(request: Request) -> str | None:
        return request.headers.get("x-key")

    client = rpc_client(plugins=[RateLimit(MemoryRateLimiter(1, 60.0, clock=Clock()), key=by_key)])

    async def status(**headers: str) -> int:
        return (await client.request("POST", "/rpc/nothing", headers=headers)).status

    assert [await status(**{"x-key": key}) for key in "aab"] == [200, 429, 200]
    assert [await status(), await status()] == [200, 200]


async def test_every_item_of_a_batch_counts() -> None:
    limiter = MemoryRateLimiter(1, 60.0, clock=Clock())
    client = rpc_client(plugins=[RateLimit(limiter), Batch()])
    response = await client.request(
        "POST",
        "/rpc",
        headers={"x-orpc-batch": "buffered"},
        body=b'[{"url":"http://h/rpc/nothing"},{"url":"http://h/rpc/nothing"}]',
    )
    assert sorted(answer["status"] for answer in response.json()) == [200, 429]


async def test_a_client_without_an_address_is_not_counted() -> None:
    seen: list[str | None] = []

    def noting(request: Request) -> str | None:
        seen.append(by_address(request))
        return None

    limiter = MemoryRateLimiter(1, 60.0)
    client = rpc_client(plugins=[RateLimit(limiter, key=noting)])
    await client.request("POST", "/rpc/nothing")
    client._client = None
    await client.request("POST", "/rpc/nothing")
    assert seen == ["127.0.0.1", None]
