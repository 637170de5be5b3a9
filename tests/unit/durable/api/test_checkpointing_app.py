"""An app behind the ingress that saves its steps while a call goes on, over real loopback HTTP."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import inngest
import pytest
from inngest._internal import server_lib

from rawr.durable.api import create_engine_api
from rawr.durable.domain.clock import SystemClock
from rawr.durable.domain.errors import StoreUnavailable
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine
from rawr.durable.ingress._checkpointing import Checkpointing

from .conftest import CLOUD, served
from .test_sdk import World

CALL: dict[str, Any] = {
    "ctx": {
        "attempt": 0,
        "disable_immediate_execution": False,
        "fn_id": "f",
        "generation_id": 1,
        "max_attempts": 4,
        "qi_id": "q",
        "request_id": "r",
        "run_id": "01M81PH3JC98VA8353EHY0EFKV",
        "stack": {"current": 0, "stack": []},
    },
    "events": [{"name": "app/go", "data": {"n": 1}, "id": "e", "ts": 1}],
    "steps": {},
    "use_api": False,
}


@pytest.fixture
async def world(engine: Engine) -> AsyncIterator[World]:
    async with served(create_engine_api(engine, settings=CLOUD)) as origin:
        world = World(engine, CLOUD, origin)
        yield world
        await world.close()


class Counted:
    """Functions of three steps that count how often they are called."""

    def __init__(self) -> None:
        self.calls = 0
        self.failures = 0

    def steps(self, client: inngest.Inngest) -> inngest.Function[Any]:
        @client.create_function(fn_id="three", trigger=inngest.TriggerEvent(event="app/go"))
        async def three(ctx: inngest.Context) -> int:
            self.calls += 1

            async def number(value: int) -> int:
                return value

            given = ctx.event.data["n"]
            assert isinstance(given, int)
            first = await ctx.step.run("first", number, given)
            second = await ctx.step.run("second", number, first + 1)
            return await ctx.step.run("third", number, first + second)

        return three

    def in_thread(self, client: inngest.Inngest) -> inngest.Function[Any]:
        @client.create_function(fn_id="plain", trigger=inngest.TriggerEvent(event="app/go"))
        def plain(ctx: inngest.ContextSync) -> list[str]:
            self.calls += 1
            return [ctx.step.run(one, str.upper, one) for one in ("a", "b")]

        return plain

    def napping(self, client: inngest.Inngest) -> inngest.Function[Any]:
        @client.create_function(fn_id="nap", trigger=inngest.TriggerEvent(event="app/go"))
        async def nap(ctx: inngest.Context) -> str:
            self.calls += 1

            async def word() -> str:
                return "rested"

            await ctx.step.run("before", word)
            await ctx.step.sleep("nap", dt.timedelta(milliseconds=1))
            return await ctx.step.run("after", word)

        return nap

    def parallel(self, client: inngest.Inngest) -> inngest.Function[Any]:
        @client.create_function(fn_id="both", trigger=inngest.TriggerEvent(event="app/go"))
        async def both(ctx: inngest.Context) -> list[int]:
            self.calls += 1

            async def number(value: int) -> int:
                return value

            await ctx.step.run("before", number, 0)
            found = await ctx.group.parallel(
                (lambda: ctx.step.run("one", number, 1), lambda: ctx.step.run("two", number, 2))
            )
            return [*found, await ctx.step.run("after", number, 3)]

        return both

    def unlucky(self, client: inngest.Inngest) -> inngest.Function[Any]:
        @client.create_function(
            fn_id="unlucky", trigger=inngest.TriggerEvent(event="app/go"), retries=0
        )
        async def unlucky(ctx: inngest.Context) -> str:
            self.calls += 1

            async def word() -> str:
                return "fine"

            async def risky() -> str:
                self.failures += 1
                raise ValueError("no good")

            await ctx.step.run("before", word)
            try:
                return await ctx.step.run("risky", risky)
            except inngest.StepError:
                return await ctx.step.run("after", word)

        return unlucky


async def finished(world: World, *define: Any) -> tuple[Any, list[str]]:
    async with world.serving(*define, checkpointing=True):
        run = await world.run_of(await world.send("app/go", n=1))
        assert run.status is RunStatus.COMPLETED
        steps = await world.engine.run_steps(run.id)
    return json.loads(run.output or b"null"), [step.name for step in steps]


async def test_sequential_steps_are_one_call(world: World) -> None:
    counted = Counted()
    assert await finished(world, counted.steps) == (3, ["first", "second", "third"])
    assert counted.calls == 1


async def test_a_function_in_a_thread_goes_on_as_well(world: World) -> None:
    counted = Counted()
    assert await finished(world, counted.in_thread) == (["A", "B"], ["a", "b"])
    assert counted.calls == 1


async def test_a_sleep_ends_the_call(world: World) -> None:
    counted = Counted()
    assert await finished(world, counted.napping) == ("rested", ["before", "nap", "after"])
    assert counted.calls == 2


async def test_parallel_steps_are_planned_and_called_one_by_one(world: World) -> None:
    counted = Counted()
    output, steps = await finished(world, counted.parallel)
    assert (output, sorted(steps)) == ([1, 2, 3], ["after", "before", "one", "two"])


async def test_a_failing_step_is_reported_as_without(world: World) -> None:
    counted = Counted()
    assert await finished(world, counted.unlucky) == ("fine", ["before", "risky", "after"])
    assert counted.failures == 1


async def test_steps_that_cannot_be_saved_end_their_calls(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_args: object, **_options: object) -> None:
        raise StoreUnavailable("no")

    monkeypatch.setattr(world.engine, "checkpoint", refuse)
    counted = Counted()
    assert await finished(world, counted.steps) == (3, ["first", "second", "third"])
    assert counted.calls == 4


def app_of(*define: Any, **options: Any) -> Checkpointing:
    client = inngest.Inngest(app_id="app", is_production=False, api_base_url="http://127.0.0.1:1")
    functions = [one(client) for one in define]
    return Checkpointing(
        client,
        functions,
        framework=server_lib.Framework.FAST_API,
        clock=SystemClock(),
        **options,
    )


async def test_after_its_time_a_call_ends_with_its_next_step() -> None:
    app = app_of(Counted().steps, max_runtime=dt.timedelta(0))
    answer = await app.answer(
        json.dumps(CALL).encode(), function_id="app-three", step_id="step", key=None
    )
    assert answer is not None
    assert answer.status_code == 206
    (op,) = json.loads(json.dumps(answer.body))
    assert (op["op"], op["name"], op["data"]) == ("StepRun", "first", 1)
    assert answer.headers["x-inngest-sdk"].startswith("inngest-py:v")


@pytest.mark.parametrize(
    ("change", "function_id", "step_id"),
    [
        ({}, "app-other", "step"),
        ({}, None, "step"),
        ({}, "app-three", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ({"use_api": True}, "app-three", "step"),
        ({"events": []}, "app-three", "step"),
        ({"steps": {"a": {"input": [1]}}}, "app-three", "step"),
        ({"ctx": {**CALL["ctx"], "attempt": 1}}, "app-three", "step"),
        ({"ctx": {**CALL["ctx"], "disable_immediate_execution": True}}, "app-three", "step"),
        ({"ctx": {"run_id": "r"}}, "app-three", "step"),
    ],
)
async def test_other_calls_are_left_to_the_sdk(
    change: dict[str, Any], function_id: str | None, step_id: str
) -> None:
    body = json.dumps({**CALL, **change}).encode()
    app = app_of(Counted().steps)
    assert await app.answer(body, function_id=function_id, step_id=step_id, key=None) is None


async def test_middleware_that_rewrites_gets_a_call_for_every_step(world: World) -> None:
    class Rewriting(inngest.Middleware):
        async def transform_output(self, result: inngest.TransformOutputResult) -> None:
            """It could."""

    counted = Counted()

    def define(client: inngest.Inngest) -> inngest.Function[Any]:
        function = counted.steps(client)
        function._middleware = [Rewriting]
        return function

    assert await finished(world, define) == (3, ["first", "second", "third"])
    assert counted.calls == 4
