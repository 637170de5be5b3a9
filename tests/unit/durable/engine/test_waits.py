"""Waiting for events, sending them, and starting later."""

from datetime import timedelta
from typing import Any

import inngest

from rawr.durable.domain.run import RunStatus


def waiter(host: Any, **wait: Any) -> None:
    @host.function("waiter", "app/go")
    async def function(ctx: inngest.Context) -> object:
        event = await ctx.step.wait_for_event("wait", event="app/reply", **wait)
        return None if event is None else [event.name, event.data]


async def test_a_matching_event_ends_a_wait(host: Any) -> None:
    waiter(host, timeout=timedelta(hours=1))
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    host.clock.advance(10)
    await host.send("app/reply", {"answer": 42})
    await host.engine.settle()

    assert await host.output(event) == ["app/reply", {"answer": 42}]
    assert host.engine.next_due_at() is None or host.engine.next_due_at() > host.clock.now_ms()


async def test_a_wait_that_times_out_gives_none(host: Any) -> None:
    waiter(host, timeout=timedelta(minutes=1))
    await host.start()
    event = await host.send("app/go")
    await host.advance(61)

    assert await host.output(event) is None


async def test_an_event_after_the_timeout_does_nothing(host: Any) -> None:
    waiter(host, timeout=timedelta(minutes=1))
    await host.start()
    event = await host.send("app/go")
    await host.advance(61)
    await host.send("app/reply", {"late": True})
    await host.engine.settle()

    assert await host.output(event) is None


async def test_only_the_event_the_expression_is_true_for_ends_a_wait(host: Any) -> None:
    waiter(host, timeout=timedelta(hours=1), if_exp="event.data.id == async.data.id")
    await host.start()
    one = await host.send("app/go", {"id": "one"})
    two = await host.send("app/go", {"id": "two"})
    await host.engine.settle()
    host.clock.advance(10)
    await host.send("app/reply", {"id": "two"})
    await host.send("app/reply", {"id": "three"})
    await host.engine.settle()

    assert (await host.run(one)).status is RunStatus.RUNNING
    assert await host.output(two) == ["app/reply", {"id": "two"}]


async def test_the_rest_of_the_expression_counts_beside_the_indexed_equality(host: Any) -> None:
    waiter(
        host,
        timeout=timedelta(hours=1),
        if_exp="event.data.id == async.data.id && async.data.amount > 10",
    )
    await host.start()
    event = await host.send("app/go", {"id": 7})
    await host.engine.settle()
    host.clock.advance(10)
    await host.send("app/reply", {"id": 7, "amount": 3})
    await host.engine.settle()
    assert (await host.run(event)).status is RunStatus.RUNNING
    await host.send("app/reply", {"id": 7.0, "amount": 11})
    await host.engine.settle()

    assert await host.output(event) == ["app/reply", {"id": 7.0, "amount": 11}]


async def test_an_invalid_wait_expression_fails_the_run(host: Any) -> None:
    waiter(host, timeout=timedelta(hours=1), if_exp="event.data.id ==")
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    run = await host.run(event)
    assert run.status is RunStatus.FAILED
    assert b"InvalidExpression" in run.output


async def test_one_event_ends_the_waits_of_many_runs(host: Any) -> None:
    waiter(host, timeout=timedelta(hours=1))
    await host.start()
    events = [await host.send("app/go") for _ in range(20)]
    await host.engine.settle()
    host.clock.advance(1)
    await host.send("app/reply", {})
    await host.engine.settle()

    assert [await host.output(event) for event in events] == [["app/reply", {}]] * 20


async def test_a_step_sends_events_that_start_other_functions(host: Any) -> None:
    received: list[object] = []

    @host.function("sender", "app/go")
    async def sender(ctx: inngest.Context) -> object:
        return await ctx.step.send_event(
            "tell", [inngest.Event(name="app/told", data={"n": n}) for n in range(2)]
        )

    @host.function("listener", "app/told")
    async def listener(ctx: inngest.Context) -> None:
        received.append(ctx.event.data["n"])

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert len(await host.output(event)) == 2
    assert sorted(received) == [0, 1]  # type: ignore[type-var]  # both are ints


async def test_a_future_ts_delays_the_run(host: Any) -> None:
    @host.function("later", "app/go")
    async def later(ctx: inngest.Context) -> str:
        return "ran"

    await host.start()
    event = await host.send("app/go", ts=host.clock.now_ms() + 60_000)
    await host.engine.settle()
    assert (await host.run(event)).status is RunStatus.QUEUED
    await host.advance(59)
    assert (await host.run(event)).status is RunStatus.QUEUED
    await host.advance(2)
    assert await host.output(event) == "ran"


async def test_the_same_event_id_starts_a_function_once(host: Any) -> None:
    ran: list[str] = []

    @host.function("once", "app/go")
    async def once(ctx: inngest.Context) -> None:
        ran.append(ctx.run_id)

    await host.start()
    await host.send("app/go", id="same")
    await host.send("app/go", id="same")
    await host.send("app/go", id="other")
    await host.engine.settle()
    assert len(ran) == 2
    await host.advance(24 * 3600 + 1)
    await host.send("app/go", id="same")
    await host.engine.settle()
    assert len(ran) == 3


async def test_wildcards_and_expressions_select_the_functions(host: Any) -> None:
    ran: list[str] = []

    def recorder(name: str, trigger: Any) -> None:
        @host.function(name, "", trigger=trigger)
        async def record(ctx: inngest.Context) -> None:
            ran.append(name)

    recorder("all", inngest.TriggerEvent(event="app/*"))
    recorder("users", inngest.TriggerEvent(event="app/user.*"))
    recorder("big", inngest.TriggerEvent(event="app/*", expression="event.data.n > 10"))
    recorder(
        "twice", [inngest.TriggerEvent(event="app/user.*"), inngest.TriggerEvent(event="app/*")]
    )
    recorder("other", inngest.TriggerEvent(event="other/*"))

    await host.start()
    await host.send("app/user.created", {"n": 11})
    await host.send("app/order", {"n": 1})
    await host.engine.settle()

    assert sorted(ran) == sorted(["all", "users", "big", "twice", "all", "twice"])
