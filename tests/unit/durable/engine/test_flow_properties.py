"""Flow control over virtual time, for whatever comes in whatever order."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio.lowlevel
import inngest
from hypothesis import given, settings, strategies as st

from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.run import RunStatus
from rawr.testing import EngineHarness

#: What arrives: seconds since the one before, and a key.
ARRIVALS = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 2, 5, 9, 12, 30]), st.sampled_from("xy")),
    min_size=1,
    max_size=12,
)
few = settings(max_examples=20, deadline=None)

Handler = Callable[[inngest.Context], Awaitable[Any]]


def harness(handler: Handler, **options: Any) -> EngineHarness:
    client = inngest.Inngest(app_id="app", is_production=False)
    trigger = inngest.TriggerEvent(event="app/go")
    function = client.create_function(fn_id="fn", trigger=trigger, **options)(handler)
    return EngineHarness(client, [function])


async def send(engine: EngineHarness, arrivals: list[tuple[int, str]]) -> list[str]:
    sent = []
    for number, (gap, key) in enumerate(arrivals):
        await engine.advance(timedelta(seconds=gap))
        sent.append(await engine.send("app/go", {"n": number, "key": key}))
    return sent


async def nothing(_ctx: inngest.Context) -> None:
    return None


async def starts(engine: EngineHarness) -> list[tuple[str, int]]:
    """The key and the time of every run that started, in milliseconds."""
    found = []
    for run in await engine.engine.list_runs(limit=100):
        event = await engine.engine.get_event(run.event_ids[0])
        assert event is not None
        if run.started_at is not None:
            found.append((event.data["key"], run.started_at))
    return sorted(found, key=lambda one: one[1])


def most_within(times: list[int], window_ms: int) -> int:
    return max((sum(t <= s < t + window_ms for s in times) for t in times), default=0)


@few
@given(
    arrivals=ARRIVALS,
    limit=st.integers(1, 3),
    keyed=st.booleans(),
    turns=st.lists(st.integers(1, 6), min_size=12, max_size=12),
)
def test_never_more_than_the_limit_executes(
    arrivals: list[tuple[int, str]], limit: int, keyed: bool, turns: list[int]
) -> None:
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def busy(ctx: inngest.Context) -> None:
        key = str(ctx.event.data["key"]) if keyed else ""

        async def work() -> None:
            running[key] += 1
            most[key] = max(most[key], running[key])
            for _ in range(turns[int(str(ctx.event.data["n"]))]):
                await anyio.lowlevel.checkpoint()
            running[key] -= 1

        await ctx.step.run("work", work)
        await ctx.step.sleep("nap", timedelta(seconds=3))
        await ctx.step.run("again", work)

    async def scenario() -> None:
        concurrency = inngest.Concurrency(limit=limit, key="event.data.key" if keyed else None)
        async with harness(busy, concurrency=[concurrency]) as engine:
            drafts = [("app/go", {"n": n, "key": key}) for n, (_, key) in enumerate(arrivals)]
            sent = [await engine.send(*draft) for draft in drafts]
            await engine.run_until_idle()
            for event_id in sent:
                assert (await engine.outcome(event_id)).status is RunStatus.COMPLETED

    asyncio.run(scenario())
    assert all(count <= limit for count in most.values())


@few
@given(arrivals=ARRIVALS, limit=st.integers(1, 3), burst=st.integers(1, 2), period=st.just(10))
def test_a_throttle_delays_starts_and_loses_none(
    arrivals: list[tuple[int, str]], limit: int, burst: int, period: int
) -> None:
    async def scenario() -> None:
        throttle = inngest.Throttle(
            limit=limit, period=timedelta(seconds=period), burst=burst, key="event.data.key"
        )
        async with harness(nothing, throttle=throttle) as engine:
            sent = await send(engine, arrivals)
            await engine.run_until_idle()
            started = await starts(engine)
            assert len(started) == len(sent)
            for key in "xy":
                times = [at for one, at in started if one == key]
                # GCRA: the bucket, and what leaks in a period.
                assert most_within(times, period * 1000) <= limit + burst + limit

    asyncio.run(scenario())


@few
@given(arrivals=ARRIVALS, limit=st.sampled_from([1, 2, 10]), period=st.just(10))
def test_a_rate_limit_never_admits_more(
    arrivals: list[tuple[int, str]], limit: int, period: int
) -> None:
    async def scenario() -> None:
        rate_limit = inngest.RateLimit(
            limit=limit, period=timedelta(seconds=period), key="event.data.key"
        )
        async with harness(nothing, rate_limit=rate_limit) as engine:
            await send(engine, arrivals)
            await engine.run_until_idle()
            started = await starts(engine)
            for key in "xy":
                times = [at for one, at in started if one == key]
                assert most_within(times, period * 1000) <= limit // 10 + 1 + limit
                arrived = any(one == key for _, one in arrivals)
                assert bool(times) is arrived, "the first is always admitted"

    asyncio.run(scenario())


@few
@given(arrivals=ARRIVALS)
def test_a_debounce_fires_once_with_the_newest_after_each_quiet_time(
    arrivals: list[tuple[int, str]],
) -> None:
    period = 10
    expected = []
    at = {"x": 0, "y": 0}
    newest: dict[str, int] = {}
    now = 0
    for number, (gap, key) in enumerate(arrivals):
        now += gap
        expected += [newest.pop(other) for other in list(newest) if now - at[other] >= period]
        newest[key], at[key] = number, now
    expected += newest.values()
    ran: list[int] = []

    async def note(ctx: inngest.Context) -> None:
        ran.append(int(str(ctx.event.data["n"])))

    async def scenario() -> None:
        debounce = inngest.Debounce(period=timedelta(seconds=period), key="event.data.key")
        async with harness(note, debounce=debounce) as engine:
            await send(engine, arrivals)
            await engine.run_until_idle()
            assert len(await engine.engine.list_runs(limit=100)) == len(expected)

    asyncio.run(scenario())
    assert sorted(ran) == sorted(expected)


@few
@given(arrivals=ARRIVALS, size=st.integers(2, 4))
def test_a_batch_takes_every_event_once_and_no_more_than_its_size(
    arrivals: list[tuple[int, str]], size: int
) -> None:
    batches: list[list[int]] = []

    async def note(ctx: inngest.Context) -> None:
        batches.append([int(str(event.data["n"])) for event in ctx.events])

    async def scenario() -> None:
        batch = inngest.Batch(max_size=size, timeout=timedelta(seconds=10))
        async with harness(note, batch_events=batch) as engine:
            await send(engine, arrivals)
            await engine.run_until_idle()

    asyncio.run(scenario())
    assert sorted(number for batch in batches for number in batch) == list(range(len(arrivals)))
    assert max(map(len, batches)) <= size


@few
@given(
    arrivals=ARRIVALS,
    delays=st.lists(st.sampled_from([0, 0, 5, 40]), min_size=12, max_size=12),
    gathers=st.sampled_from(["nothing", "batch", "debounce"]),
    limit=st.integers(1, 2),
)
def test_a_throttle_holds_for_runs_that_were_kept_waiting(
    arrivals: list[tuple[int, str]], delays: list[int], gathers: str, limit: int
) -> None:
    period = 10
    ran: list[tuple[int, list[int]]] = []
    options: dict[str, Any] = {
        "nothing": {},
        "batch": {"batch_events": inngest.Batch(max_size=3, timeout=timedelta(seconds=4))},
        "debounce": {"debounce": inngest.Debounce(period=timedelta(seconds=4))},
    }[gathers]

    async def scenario() -> None:
        async def note(ctx: inngest.Context) -> None:
            numbers = [int(str(event.data["n"])) for event in ctx.events]
            ran.append((engine.clock.now_ms(), numbers))

        throttle = inngest.Throttle(limit=limit, period=timedelta(seconds=period), burst=0)
        async with harness(note, throttle=throttle, **options) as engine:
            for number, (gap, key) in enumerate(arrivals):
                await engine.advance(timedelta(seconds=gap))
                ts = engine.clock.now_ms() + 1000 * delays[number] if delays[number] else None
                draft = EventDraft(name="app/go", data={"n": number, "key": key}, ts=ts)
                await engine.engine.send([draft])
            await engine.run_until_idle()

    asyncio.run(scenario())
    # GCRA: the bucket, and what leaks in a period.
    assert most_within([at for at, _ in ran], period * 1000) <= 2 * limit
    handled = sorted(number for _, numbers in ran for number in numbers)
    if gathers == "debounce":
        assert handled
        assert set(handled) <= set(range(len(arrivals)))
    else:
        assert handled == list(range(len(arrivals)))


@few
@given(arrivals=ARRIVALS, mode=st.sampled_from(["skip", "cancel"]))
def test_one_run_of_a_singleton_lives_at_a_time(arrivals: list[tuple[int, str]], mode: Any) -> None:
    async def naps(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", timedelta(seconds=7))

    async def scenario() -> None:
        singleton = inngest.Singleton(key="event.data.key", mode=mode)
        async with harness(naps, singleton=singleton) as engine:
            await send(engine, arrivals)
            await engine.run_until_idle()
            spans = []
            for run in await engine.engine.list_runs(limit=100):
                event = await engine.engine.get_event(run.event_ids[0])
                assert event is not None
                if run.status is not RunStatus.SKIPPED:
                    spans.append((event.data["key"], run.created_at, run.ended_at or 0))
            for key in "xy":
                mine = sorted((begin, end) for one, begin, end in spans if one == key)
                for (_, end), (begin, _) in itertools.pairwise(mine):
                    assert end <= begin

    asyncio.run(scenario())
