"""What limits count together: scopes, keys, the steps of a run; what ends before it starts."""

from collections import Counter
from datetime import timedelta
from typing import Any, Literal

import anyio
import inngest
import pytest

from rawr.durable.domain.run import RunStatus

from .conftest import Host
from .test_flow import record


class Busy:
    """Counts what executes at once, by name; nothing ends before so much executes at once."""

    def __init__(self, expected: int) -> None:
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self._expected = expected
        self._reached = anyio.Event()

    async def work(self, *names: str) -> None:
        for name in names:
            self.running[name] += 1
            self.most[name] = max(self.most[name], self.running[name])
        if self.running[names[-1]] == self._expected:
            self._reached.set()
        await self._reached.wait()
        for name in names:
            self.running[name] -= 1


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(("scope", "most"), [("fn", 2), ("env", 1), ("account", 1)])
async def test_functions_share_a_limit_by_its_scope(
    host: Host, scope: Literal["fn", "env", "account"], most: int
) -> None:
    # Each tenant has its own, so that two do not wait for one another.
    busy = Busy(2 * most)
    limit = inngest.Concurrency(limit=1, scope=scope, key="event.data.tenant")
    for fn_id in ("one", "two"):

        @host.function(fn_id, "app/go", concurrency=[limit])
        async def function(ctx: inngest.Context) -> None:
            await busy.work(str(ctx.event.data["tenant"]), "all")

    await host.start()
    for tenant in "aabb":
        await host.send("app/go", {"tenant": tenant})
    await host.engine.settle()

    assert (busy.most["a"], busy.most["b"]) == (most, most)


async def test_steps_of_one_run_count_against_its_limit(host: Host) -> None:
    busy = Busy(2)

    @host.function("fn", "app/go", concurrency=[inngest.Concurrency(limit=2)])
    async def function(ctx: inngest.Context) -> int:
        steps = tuple(
            (lambda name=f"s{number}": ctx.step.run(name, busy.work, "step")) for number in range(6)
        )
        return len(await ctx.group.parallel(steps))

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == 6
    assert busy.most["step"] == 2


async def test_batches_are_gathered_by_key(host: Host) -> None:
    batch = inngest.Batch(max_size=2, timeout=seconds(10), key="event.data.tenant")
    ran = record(host, batch_events=batch)
    await host.start()
    for number, tenant in enumerate("aba"):
        await host.send("app/go", {"n": number, "tenant": tenant})
    await host.advance(20)

    assert ran == [([0, 2], 0), ([1], 10)]


async def test_a_throttle_counts_by_key(host: Host) -> None:
    throttle = inngest.Throttle(limit=1, period=seconds(10), burst=0, key="event.data.tenant")
    ran = record(host, throttle=throttle)
    await host.start()
    for number, tenant in enumerate("aab"):
        await host.send("app/go", {"n": number, "tenant": tenant})
    await host.advance(20)

    assert sorted(ran) == [([0], 0), ([1], 10), ([2], 0)]


async def test_a_rate_limit_spaces_what_it_admits(host: Host) -> None:
    ran = record(host, rate_limit=inngest.RateLimit(limit=5, period=seconds(10)))
    await host.start()
    for number in range(12):
        await host.send("app/go", {"n": number})
        await host.advance(1)

    assert [at for _, at in ran] == [0, 2, 4, 6, 8, 10]


async def test_a_key_that_is_false_limits_nothing(host: Host) -> None:
    key = "event.data.paid == false"
    ran = record(host, rate_limit=inngest.RateLimit(limit=1, period=seconds(60), key=key))
    await host.start()
    for number, paid in enumerate([True, True, False, False]):
        await host.send("app/go", {"n": number, "paid": paid})
    await host.engine.settle()

    assert sorted(one for one, _ in ran) == [[0], [1], [2]]


async def test_cancel_on_ends_with_its_timeout(host: Host) -> None:
    stop = inngest.Cancel(event="app/stop", timeout=seconds(30))

    @host.function("fn", "app/go", cancel=[stop])
    async def function(ctx: inngest.Context) -> str:
        await ctx.step.wait_for_event("nap", event="app/never", timeout=seconds(60))
        return "done"

    await host.start()
    early = await host.send("app/go")
    await host.advance(20)
    late = await host.send("app/go")
    await host.advance(15)
    await host.send("app/stop")
    await host.advance(60)

    assert await host.output(early) == "done"
    assert (await host.run(late)).status is RunStatus.CANCELLED


async def test_a_delayed_run_can_be_cancelled_before_it_starts(host: Host) -> None:
    ran = record(host, cancel=[inngest.Cancel(event="app/stop")])
    await host.start()
    in_a_minute = host.clock.now_ms() + 60_000
    assert await host.engine.queue_due() == 0
    by_event = await host.send("app/go", {"n": 0}, ts=in_a_minute)
    assert (await host.engine.queue_depth(), await host.engine.queue_due()) == (1, 0)
    await host.send("app/stop")
    await host.engine.settle()
    by_hand = await host.send("app/go", {"n": 1}, ts=in_a_minute)
    assert await host.engine.cancel_run((await host.run(by_hand)).id)
    await host.advance(120)

    assert ran == []
    for event in (by_event, by_hand):
        assert (await host.run(event)).status is RunStatus.CANCELLED
    assert await host.engine.queue_depth() == 0


async def test_a_pause_lets_runs_that_are_queued_start(host: Host) -> None:
    ran: list[Any] = record(host, throttle=inngest.Throttle(limit=1, period=seconds(10), burst=0))
    await host.start()
    for number in range(3):
        await host.send("app/go", {"n": number})
    await host.engine.settle()
    await host.engine.pause_function("app-fn")
    skipped = await host.send("app/go", {"n": 3})
    await host.advance(60)

    assert ran == [([0], 0), ([1], 10), ([2], 20)]
    assert (await host.run(skipped)).status is RunStatus.SKIPPED
