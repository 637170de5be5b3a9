"""What functions of the official SDK rely on, whichever way they are reached.

Each test has a counterpart in the SDK's own suite; what that suite has beyond these is in the
tests beside this one, by subject.
"""

import asyncio
import functools
import json
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import inngest
import inngest.experimental
import pydantic
import pytest

from rawr.durable.domain.run import RunStatus

from .conftest import Host

ODD = "!@#$%^&*()_+-=[]{}|;':\",./<>?`~ \u00fc"


async def error_of(host: Host, event_id: str) -> dict[str, Any]:
    run = await host.run(event_id)
    assert run.status is RunStatus.FAILED, run
    error: dict[str, Any] = json.loads(run.output or b"null")
    return error


async def go(host: Host, name: str, data: dict[str, Any] | None = None) -> str:
    """Send an event and run what is due."""
    event_id = await host.send(name, data)
    await host.engine.settle()
    return event_id


def giving(value: Any) -> Callable[[], Awaitable[Any]]:
    async def give() -> Any:
        return value

    return give


async def test_a_caught_step_error_may_become_another_error(host: Host) -> None:
    class Renamed(Exception):
        pass

    @host.function("changes", "app/go", retries=0)
    async def changes(ctx: inngest.Context) -> None:
        async def fails() -> None:
            raise ValueError("first")

        try:
            await ctx.step.run("fails", fails)
        except inngest.StepError as error:
            raise Renamed("I am new") from error

    await host.start()
    error = await error_of(host, await go(host, "app/go"))
    assert (error["name"], error["message"]) == ("Renamed", "I am new")
    assert error["code"] == "unknown"


async def test_plain_functions_do_not_block_each_other(host: Host) -> None:
    if host.transport == "http":
        pytest.skip("over HTTP the app's own server decides")
    both = threading.Barrier(2, timeout=10)

    @host.function("plain", "app/go", retries=0)
    def plain(ctx: inngest.ContextSync) -> str:
        both.wait()
        return ctx.run_id

    await host.start()
    first = await host.engine.send([host.draft("app/go"), host.draft("app/go")])
    await host.engine.settle()
    outputs = [await host.output(event_id) for event_id in first]
    assert len(set(outputs)) == 2


async def test_ids_may_have_any_characters(host: Host) -> None:
    @host.function(ODD, "app/go")
    async def odd(ctx: inngest.Context) -> Any:
        return await ctx.step.run(ODD, giving(1))

    await host.start()
    event_id = await go(host, "app/go")
    assert await host.output(event_id) == 1
    (step,) = await host.engine.run_steps((await host.run(event_id)).id)
    assert step.name == ODD


async def test_steps_may_come_in_another_order_in_each_call(host: Host) -> None:
    calls: Counter[str] = Counter()

    @host.function("shuffles", "app/go", retries=0)
    async def shuffles(ctx: inngest.Context) -> None:
        calls["function"] += 1
        names = ["one", "two"] if calls["function"] % 2 else ["two", "one"]

        async def note(name: str) -> str:
            calls[name] += 1
            return name

        for name in names:
            await ctx.step.run(name, note, name)

    await host.start()
    event_id = await go(host, "app/go")
    assert (await host.run(event_id)).status is RunStatus.COMPLETED
    assert calls["one"] == calls["two"] == 1


class Order(inngest.Middleware):
    """Notes when each of its hooks is called."""

    label = "?"
    notes: list[str]

    async def before_execution(self) -> None:
        self.notes.append(f"{self.label} before")

    async def after_execution(self) -> None:
        self.notes.append(f"{self.label} after")

    async def before_send_events(self, events: list[inngest.Event]) -> None:
        self.notes.append(f"{self.label} sends {len(events)}")

    async def transform_output(self, result: inngest.TransformOutputResult) -> None:
        self.notes.append(f"{self.label} output {result.output}")


async def test_middleware_goes_in_and_out_in_order_and_around_every_call(host: Host) -> None:
    notes: list[str] = []

    class First(Order):
        label = "1"

    class Second(Order):
        label = "2"

    First.notes = Second.notes = notes

    @host.function("wrapped", "app/go", middleware=[First, Second])
    async def wrapped(ctx: inngest.Context) -> str:
        await ctx.step.send_event("tell", inngest.Event(name="app/told"))
        return "done"

    await host.start()
    assert await host.output(await go(host, "app/go")) == "done"
    sent = notes.index("1 sends 1")
    assert notes[: sent + 2] == ["1 before", "2 before", "1 sends 1", "2 sends 1"]
    assert notes[-6:] == [
        "1 before",
        "2 before",
        "2 after",
        "1 after",
        "2 output done",
        "1 output done",
    ]


async def test_middleware_sees_the_output_of_every_parallel_step(host: Host) -> None:
    seen: list[Any] = []

    class Watch(inngest.Middleware):
        async def transform_output(self, result: inngest.TransformOutputResult) -> None:
            if result.output is not None:
                seen.append(result.output)

    @host.function("watched", "app/go", middleware=[Watch])
    async def watched(ctx: inngest.Context) -> str:
        await ctx.group.parallel(
            (
                lambda: ctx.step.run("1.1", giving("one")),
                lambda: ctx.step.run("1.2", giving("two")),
            )
        )
        return "function"

    await host.start()
    await go(host, "app/go")
    assert sorted(seen) == ["function", "one", "two"]


async def test_middleware_may_replace_what_goes_in_and_comes_out(host: Host) -> None:
    class Sealed(inngest.Middleware):
        async def transform_output(self, result: inngest.TransformOutputResult) -> None:
            if result.step is not None and result.output is not None:
                result.output = {"sealed": result.output}

        async def transform_input(
            self, _ctx: Any, _function: Any, steps: inngest.StepMemos
        ) -> None:
            for memo in steps.values():
                if isinstance(memo.data, dict) and "sealed" in memo.data:
                    memo.data = memo.data["sealed"]

    @host.function("sealed", "app/go", middleware=[Sealed])
    async def sealed(ctx: inngest.Context) -> Any:
        first = await ctx.step.run("first", giving("secret"))
        return await ctx.step.run("second", giving(f"{first}!"))

    await host.start()
    event_id = await go(host, "app/go")
    assert await host.output(event_id) == "secret!"
    steps = await host.engine.run_steps((await host.run(event_id)).id)
    assert json.loads(steps[0].memo or b"") == {"data": {"sealed": "secret"}}


async def test_a_step_within_a_step_fails_the_run_for_good(host: Host) -> None:
    inner: list[int] = []

    @host.function("nests", "app/go", retries=5)
    async def nests(ctx: inngest.Context) -> None:
        async def outer() -> None:
            async def note() -> None:
                inner.append(1)

            await ctx.step.run("inner", note)

        await ctx.step.run("outer", outer)

    await host.start()
    error = await error_of(host, await go(host, "app/go"))
    assert error["message"] == "Nested steps are not supported."
    assert inner == []


async def test_branches_of_a_group_may_be_sequences(host: Host) -> None:
    calls: Counter[str] = Counter()

    @host.function("branches", "app/go")
    async def branches(ctx: inngest.Context) -> Any:
        async def note(name: str) -> str:
            calls[name] += 1
            return name

        async def sequence(*names: str) -> list[str]:
            return [await ctx.step.run(name, note, name) for name in names]

        both = await ctx.group.parallel(
            (
                lambda: sequence("1a", "1b"),
                lambda: sequence("2a", "2b", "2c"),
                lambda: sequence("3"),
            )
        )
        await ctx.step.run("after", note, "after")
        return both

    await host.start()
    output = await host.output(await go(host, "app/go"))
    assert output == [["1a", "1b"], ["2a", "2b", "2c"], ["3"]]
    assert set(calls.values()) == {1}


async def test_a_planned_step_that_disappears_fails_the_run(host: Host) -> None:
    calls: Counter[str] = Counter()

    @host.function("vanishes", "app/go", retries=0)
    async def vanishes(ctx: inngest.Context) -> None:
        calls["function"] += 1
        names = "abc" if calls["function"] == 1 else "ab"
        await ctx.group.parallel(
            tuple(functools.partial(ctx.step.run, name, giving(None)) for name in names)
        )
        await ctx.step.run("after", giving(None))

    await host.start()
    error = await error_of(host, await go(host, "app/go"))
    assert error["code"] == "step_unexpected"
    assert error["message"] == 'found step "after" when targeting a different step'


async def test_an_output_that_is_not_json_is_named(host: Host) -> None:
    @host.function("opaque", "app/go", retries=0)
    async def opaque(ctx: inngest.Context) -> None:
        await ctx.step.run("makes", giving(object()))

    await host.start()
    error = await error_of(host, await go(host, "app/go"))
    assert error["code"] == "output_unserializable"
    assert error["message"] == '"makes" returned unserializable data'


async def test_a_tuple_comes_back_as_a_list(host: Host) -> None:
    @host.function("tuples", "app/go")
    async def tuples(ctx: inngest.Context) -> Any:
        value = await ctx.step.run("pair", giving((1, 2)))
        return [type(value).__name__, value]

    await host.start()
    assert await host.output(await go(host, "app/go")) == ["list", [1, 2]]


async def test_steps_take_arguments_of_every_kind(host: Host) -> None:
    @host.function("passes", "app/go")
    async def passes(ctx: inngest.Context) -> Any:
        async def add(a: int, b: str) -> str:
            return f"{a}{b}"

        by_place = await ctx.step.run("place", add, 1, "a")
        by_name = await ctx.step.run("name", functools.partial(add, 1, b="b"))
        return [by_place, by_name]

    await host.start()
    assert await host.output(await go(host, "app/go")) == ["1a", "1b"]


async def test_the_step_tools_are_in_the_context_too(host: Host) -> None:
    @host.function("contextual", "app/go")
    async def contextual(ctx: inngest.Context) -> Any:
        step = inngest.experimental.get_step_context()
        return [await step.run("a", giving(1)), await ctx.step.run("b", giving(2))]

    await host.start()
    assert await host.output(await go(host, "app/go")) == [1, 2]


async def test_the_context_tells_about_event_run_and_attempt(host: Host) -> None:
    @host.function("told", "app/go", retries=1)
    async def told(ctx: inngest.Context) -> Any:
        if ctx.attempt == 0:
            raise inngest.RetryAfterError("again", timedelta(seconds=2))
        return {
            "event": [ctx.event.name, ctx.event.id, ctx.event.data],
            "events": len(ctx.events),
            "run": ctx.run_id,
            "attempt": ctx.attempt,
            "time": ctx.event.ts > 0,
        }

    await host.start()
    event_id = await go(host, "app/go", {"foo": {"bar": "baz"}})
    # The SDK names an instant, by the clock of the machine.
    await host.advance(10)
    assert await host.output(event_id) == {
        "event": ["app/go", event_id, {"foo": {"bar": "baz"}}],
        "events": 1,
        "run": (await host.run(event_id)).id,
        "attempt": 1,
        "time": True,
    }


class Data(pydantic.BaseModel):
    count: int


async def test_typed_data_and_outputs_keep_their_types(host: Host) -> None:
    host.client = inngest.Inngest(
        app_id="app", is_production=False, serializer=inngest.PydanticSerializer()
    )

    @host.function("typed", "app/go", output_type=Data)
    async def typed(ctx: inngest.Context) -> Data:
        given = Data.model_validate(ctx.event.data)

        async def more() -> Data:
            return Data(count=given.count + 1)

        made = await ctx.step.run("more", more, output_type=Data)
        assert isinstance(made, Data)
        return made

    await host.start()
    assert await host.output(await go(host, "app/go", {"count": 1})) == {"count": 2}


async def test_each_trigger_starts_a_run_of_its_own(host: Host) -> None:
    triggers = [inngest.TriggerEvent(event="app/one"), inngest.TriggerEvent(event="app/two")]

    @host.function("many", "", trigger=triggers)
    async def many(ctx: inngest.Context) -> str:
        return ctx.event.name

    await host.start()
    for name in ("app/one", "app/two"):
        assert await host.output(await go(host, name)) == name


async def test_a_client_may_send_within_a_function(host: Host) -> None:
    sent: list[str] = []

    @host.function("sends", "app/go")
    async def sends(ctx: inngest.Context) -> Any:
        async def send() -> list[str]:
            return await host.client.send(inngest.Event(name="app/sent", data={"n": 1}))

        return await ctx.step.run("send", send)

    @host.function("hears", "app/sent")
    async def hears(ctx: inngest.Context) -> None:
        sent.append(ctx.event.id)

    await host.start()
    assert await host.output(await go(host, "app/go")) == sent


async def test_sleeping_until_an_instant_ends_at_it(host: Host) -> None:
    from datetime import UTC, datetime

    until = datetime.fromtimestamp(host.clock.now_ms() / 1000 + 90, UTC)

    @host.function("sleeps", "app/go")
    async def sleeps(ctx: inngest.Context) -> str:
        await ctx.step.sleep_until("nap", until)
        return "awake"

    await host.start()
    event_id = await go(host, "app/go")
    await host.advance(88)
    assert (await host.run(event_id)).status is RunStatus.RUNNING
    await host.advance(3)
    assert await host.output(event_id) == "awake"


async def test_functions_are_invoked_by_object_with_their_own_data(host: Host) -> None:
    @host.function("child", "app/never")
    async def child(ctx: inngest.Context) -> Any:
        return [ctx.event.data["n"], ctx.event.name]

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("ask", function=child, data={"n": 7})

    await host.start()
    event_id = await go(host, "app/go")
    assert await host.output(event_id) == [7, "inngest/function.invoked"]


async def test_many_functions_on_one_event_run_each_on_its_own(host: Host) -> None:
    for number in range(3):

        @host.function(f"f{number}", "app/go", retries=0)
        async def function(ctx: inngest.Context, number: int = number) -> int:
            if number == 1:
                raise inngest.NonRetriableError("this one only")
            return number

    await host.start()
    event_id = await go(host, "app/go")
    statuses = {run.function_id: run.status for run in await host.runs(event_id)}
    assert statuses == {
        "app-f0": RunStatus.COMPLETED,
        "app-f1": RunStatus.FAILED,
        "app-f2": RunStatus.COMPLETED,
    }


async def test_an_async_step_of_a_plain_callback_is_awaited(host: Host) -> None:
    @host.function("mixed", "app/go")
    async def mixed(ctx: inngest.Context) -> Any:
        return await ctx.step.run("lambda", lambda: asyncio.sleep(0, "slept"))

    await host.start()
    assert await host.output(await go(host, "app/go")) == "slept"
