"""Flow control of runs and calls."""

import json
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import inngest
import pytest

from rawr.durable.domain.errors import FunctionNotFound, RegistrationRejected
from rawr.durable.domain.run import RunStatus


def record(host: Any, fn_id: str = "fn", event: str = "app/go", **options: Any) -> list[Any]:
    """A function that notes the data of its events and when it ran, in seconds from the start."""
    ran: list[Any] = []
    start = host.clock.now_ms()

    @host.function(fn_id, event, **options)
    async def function(ctx: inngest.Context) -> None:
        seconds = (host.clock.now_ms() - start) // 1000
        ran.append(([one.data.get("n") for one in ctx.events], seconds))

    return ran


async def send(host: Any, count: int, **data: Any) -> list[str]:
    return [await host.send("app/go", {"n": n, **data}) for n in range(count)]


async def test_concurrency_limits_what_executes_at_once(host: Any) -> None:
    running, most, gate = 0, 0, anyio.Event()

    @host.function("busy", "app/go", concurrency=[inngest.Concurrency(limit=2)])
    async def busy(ctx: inngest.Context) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1

    await host.start()
    events = await send(host, 6)
    for _ in range(50):
        await anyio.lowlevel.checkpoint()
    gate.set()
    await host.engine.settle()

    assert most == 2
    for event in events:
        assert (await host.run(event)).status is RunStatus.COMPLETED


async def test_concurrency_counts_by_key(host: Any) -> None:
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    limits = [
        inngest.Concurrency(limit=1, key="event.data.tenant"),
        inngest.Concurrency(limit=3),
    ]

    @host.function("busy", "app/go", concurrency=limits)
    async def busy(ctx: inngest.Context) -> None:
        for key in (str(ctx.event.data["tenant"]), "all"):
            running[key] = running.get(key, 0) + 1
            most[key] = max(most.get(key, 0), running[key])
        await anyio.sleep(0.001)
        for key in (str(ctx.event.data["tenant"]), "all"):
            running[key] -= 1

    await host.start()
    events = [await host.send("app/go", {"tenant": tenant}) for tenant in "aabbccdd"]
    await host.engine.settle()

    assert {key: most[key] for key in "abcd"} == dict.fromkeys("abcd", 1)
    assert most["all"] <= 3
    for event in events:
        assert (await host.run(event)).status is RunStatus.COMPLETED


async def test_a_sleeping_run_holds_no_slot(host: Any) -> None:
    @host.function("sleeper", "app/go", concurrency=[inngest.Concurrency(limit=1)])
    async def sleeper(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", timedelta(hours=1))

    await host.start()
    events = await send(host, 3)
    await host.advance(3601)
    for event in events:
        assert (await host.run(event)).status is RunStatus.COMPLETED


async def test_rate_limit_drops_what_is_above_it(host: Any) -> None:
    limit = inngest.RateLimit(limit=1, period=timedelta(minutes=1))
    ran = record(host, rate_limit=limit)
    await host.start()
    first, second = await send(host, 2)
    await host.advance(61)
    third = await host.send("app/go", {"n": 2})
    await host.engine.settle()

    assert [one for one, _ in ran] == [[0], [2]]
    assert await host.runs(second) == []
    assert len(await host.runs(first)) == len(await host.runs(third)) == 1


async def test_idempotency_starts_one_run_by_value_in_24_hours(host: Any) -> None:
    ran = record(host, idempotency="event.data.key")
    await host.start()
    for n, key in enumerate(["a", "b", "a"]):
        await host.send("app/go", {"n": n, "key": key})
    await host.advance(24 * 3600 + 1)
    await host.send("app/go", {"n": 3, "key": "a"})
    await host.engine.settle()

    assert sorted(one for one, _ in ran) == [[0], [1], [3]]


async def test_throttle_delays_what_is_above_it(host: Any) -> None:
    throttle = inngest.Throttle(limit=1, period=timedelta(seconds=10), burst=1)
    ran = record(host, throttle=throttle)
    await host.start()
    await send(host, 4)
    await host.advance(60)

    assert [seconds for _, seconds in ran] == [0, 0, 10, 20]


async def test_debounce_runs_the_newest_event_after_the_quiet_time(host: Any) -> None:
    ran = record(host, debounce=inngest.Debounce(period=timedelta(seconds=10)))
    await host.start()
    first = await host.send("app/go", {"n": 0})
    await host.advance(6)
    second = await host.send("app/go", {"n": 1})
    await host.advance(60)
    await host.send("app/go", {"n": 2})
    await host.advance(60)

    assert ran == [([1], 16), ([2], 76)]
    assert await host.runs(first) == []
    assert len(await host.runs(second)) == 1


async def test_debounce_ignores_an_older_event_and_has_a_longest_delay(host: Any) -> None:
    debounce = inngest.Debounce(period=timedelta(seconds=10), timeout=timedelta(seconds=15))
    ran = record(host, debounce=debounce)
    await host.start()
    await host.send("app/go", {"n": 0})
    await host.advance(8)
    await host.send("app/go", {"n": 1})
    await host.send("app/go", {"n": 2}, ts=host.clock.now_ms() - 60_000)
    await host.advance(30)

    assert ran == [([1], 15)]


async def test_a_batch_starts_when_it_is_full_or_its_time_is_up(host: Any) -> None:
    batch = inngest.Batch(max_size=3, timeout=timedelta(seconds=10))
    ran = record(host, batch_events=batch)
    await host.start()
    events = await send(host, 4)
    await host.advance(5)
    assert ran == [([0, 1, 2], 0)]
    await host.advance(10)
    assert ran == [([0, 1, 2], 0), ([3], 10)]
    runs = [await host.run(event) for event in events[:3]]
    assert len({run.id for run in runs}) == 1


async def test_a_batch_survives_a_crash(host: Any) -> None:
    batch = inngest.Batch(max_size=3, timeout=timedelta(seconds=10), key="event.data.k")
    ran = record(host, batch_events=batch)
    await host.start()
    await send(host, 2, k="a")
    await host.restart()
    await host.send("app/go", {"n": 2, "k": "a"})
    await host.send("app/go", {"n": 3, "k": "b"})
    await host.engine.settle()

    assert [one for one, _ in ran] == [[0, 1, 2]]


async def test_an_event_outside_the_batchs_condition_runs_at_once(host: Any) -> None:
    batch = inngest.Batch(max_size=3, timeout=timedelta(seconds=10), if_exp="event.data.n > 0")
    ran = record(host, batch_events=batch)
    await host.start()
    await send(host, 2)
    await host.engine.settle()
    assert ran == [([0], 0)]


async def test_a_singleton_skips_while_one_run_lives(host: Any) -> None:
    @host.function("one", "app/go", singleton=inngest.Singleton(mode="skip", key="event.data.k"))
    async def one(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", timedelta(seconds=10))

    await host.start()
    first = await host.send("app/go", {"k": "a"})
    second = await host.send("app/go", {"k": "a"})
    other = await host.send("app/go", {"k": "b"})
    await host.advance(11)
    third = await host.send("app/go", {"k": "a"})
    await host.advance(11)

    statuses = [(await host.run(event)).status for event in (first, second, other, third)]
    assert statuses == [
        RunStatus.COMPLETED,
        RunStatus.SKIPPED,
        RunStatus.COMPLETED,
        RunStatus.COMPLETED,
    ]


async def test_a_singleton_may_cancel_the_run_before(host: Any) -> None:
    @host.function("one", "app/go", singleton=inngest.Singleton(mode="cancel"))
    async def one(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", timedelta(seconds=10))

    await host.start()
    first = await host.send("app/go")
    await host.advance(1)
    second = await host.send("app/go")
    await host.advance(20)

    assert (await host.run(first)).status is RunStatus.CANCELLED
    assert (await host.run(second)).status is RunStatus.COMPLETED


async def test_cancel_on_ends_the_runs_its_expression_names(host: Any) -> None:
    cancel = inngest.Cancel(event="app/stop", if_exp="event.data.id == async.data.id")

    @host.function("long", "app/go", cancel=[cancel])
    async def long(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", timedelta(minutes=1))

    await host.start()
    one = await host.send("app/go", {"id": 1})
    two = await host.send("app/go", {"id": 2})
    await host.advance(1)
    await host.send("app/stop", {"id": 1})
    await host.advance(120)

    assert (await host.run(one)).status is RunStatus.CANCELLED
    assert (await host.run(two)).status is RunStatus.COMPLETED


async def test_a_run_that_does_not_finish_in_time_is_cancelled(host: Any) -> None:
    @host.function("long", "app/go", timeouts=inngest.Timeouts(finish=timedelta(seconds=30)))
    async def long(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", timedelta(seconds=float(str(ctx.event.data["nap"]))))

    await host.start()
    short = await host.send("app/go", {"nap": 20})
    late = await host.send("app/go", {"nap": 40})
    await host.advance(120)

    assert (await host.run(short)).status is RunStatus.COMPLETED
    assert (await host.run(late)).status is RunStatus.CANCELLED


async def test_a_run_that_does_not_start_in_time_is_cancelled(host: Any) -> None:
    throttle = inngest.Throttle(limit=1, period=timedelta(minutes=1), burst=0)
    timeouts = inngest.Timeouts(start=timedelta(seconds=30))
    ran = record(host, throttle=throttle, timeouts=timeouts)
    await host.start()
    first, second = await send(host, 2)
    await host.advance(120)

    assert [one for one, _ in ran] == [[0]]
    assert (await host.run(first)).status is RunStatus.COMPLETED
    assert (await host.run(second)).status is RunStatus.CANCELLED


async def test_priority_moves_a_run_forward(host: Any) -> None:
    order: list[object] = []

    @host.function(
        "ranked",
        "app/go",
        priority=inngest.Priority(run="event.data.rank"),
        concurrency=[inngest.Concurrency(limit=1)],
    )
    async def ranked(ctx: inngest.Context) -> None:
        order.append(ctx.event.data["rank"])

    await host.start()
    await host.engine.send(
        [host.draft("app/go", {"rank": rank}) for rank in (0, 100, 50)],
    )
    await host.engine.settle()
    assert order == [100, 50, 0]


async def test_a_cron_fires_on_schedule_and_once_across_a_restart(host: Any) -> None:
    ran: list[Any] = []

    @host.function("tick", "", trigger=inngest.TriggerCron(cron="*/5 * * * *"))
    async def tick(ctx: inngest.Context) -> None:
        ran.append(ctx.event)

    await host.start()
    await host.advance(11 * 60)
    fired = len(ran)
    assert fired in {2, 3}
    await host.restart()
    await host.advance(10 * 60)

    assert len(ran) == fired + 2
    assert ran[0].name == "inngest/scheduled.timer"
    assert ran[0].data["cron"] == "*/5 * * * *"
    assert len({one.id for one in ran}) == len(ran)


async def test_invoking_by_id_needs_no_trigger(host: Any) -> None:
    ran = record(host, event="never/sent")
    engine = await host.start()
    event = await engine.invoke("app-fn", {"n": 7})
    await engine.settle()

    assert ran == [([7], 0)]
    assert (await host.run(event)).status is RunStatus.COMPLETED
    with pytest.raises(FunctionNotFound, match="app-nobody"):
        await engine.invoke("app-nobody", {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trigger": inngest.TriggerEvent(event="a", expression="event.")}, "not valid"),
        ({"trigger": inngest.TriggerCron(cron="* * *")}, "five"),
        ({"idempotency": "nobody.knows"}, "unknown variable"),
        ({"cancel": [inngest.Cancel(event="a", if_exp="lowercase(event.name) == 'a'")]}, "allowed"),
        ({"concurrency": [inngest.Concurrency(limit=1, key="event.data.")]}, "not valid"),
    ],
)
async def test_settings_that_could_only_fail_later_are_refused(
    host: Any, options: Any, message: str
) -> None:
    record(host, **options)
    with pytest.raises(RegistrationRejected, match=message):
        await host.start()


async def test_a_rate_limited_invocation_is_an_error_of_the_parent(host: Any) -> None:
    limit = inngest.RateLimit(limit=1, period=timedelta(hours=1))

    @host.function("child", "app/child", rate_limit=limit)
    async def child(ctx: inngest.Context) -> str:
        return "ran"

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> object:
        first = await ctx.step.invoke("one", function=child)
        try:
            await ctx.step.invoke("two", function=child)
        except inngest.StepError as error:
            return [first, error.message]
        return "not reached"

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    assert await host.output(event) == ["ran", "invoked function is rate limited"]


async def test_a_failed_runs_output_is_the_sdks_own_error(host: Any) -> None:
    @host.function("final", "app/go")
    async def final(ctx: inngest.Context) -> None:
        raise inngest.NonRetriableError("foo")

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    output = json.loads((await host.run(event)).output)
    output.pop("stack")
    assert output == {
        "code": "non_retriable_error",
        "message": "foo",
        "name": "NonRetriableError",
    }


async def test_a_batch_of_large_events_finishes(host: Any) -> None:
    batch = inngest.Batch(max_size=2, timeout=timedelta(seconds=10))
    ran = record(host, batch_events=batch)
    await host.start()
    await send(host, 2, pad="x" * 2_000_000)
    if host.transport == "http":
        host.client._get_batch = host.fetch_batch
        host.client._get_steps = host.fetch_steps
    await host.engine.settle()
    assert ran == [([0, 1], 0)]
