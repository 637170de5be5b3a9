"""Middleware that only looks lets a call go on after each step."""

from typing import Any

import inngest
import pytest

from .conftest import Host


class Looking(inngest.Middleware):
    observes_only = True
    seen = 0

    async def transform_input(self, *_args: Any) -> None:
        type(self).seen += 1


class Rewriting(inngest.Middleware):
    async def transform_input(self, *_args: Any) -> None:
        return


@pytest.mark.parametrize(("kind", "calls"), [(Looking, 1), (Rewriting, 4)])
async def test_a_step_ends_the_call_only_where_values_may_be_rewritten(
    host: Host, kind: type[inngest.Middleware], calls: int
) -> None:
    if host.transport == "http":
        pytest.skip("over HTTP a step always ends its call")
    entered: list[int] = []
    Looking.seen = 0

    @host.function("three", "app/go")
    async def three(ctx: inngest.Context) -> int:
        async def step() -> int:
            return 1

        entered.append(1)
        return sum([await ctx.step.run(f"s{number}", step) for number in range(3)])

    host.client.add_middleware(kind)
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    assert await host.output(event) == 3
    assert len(entered) == calls
    assert Looking.seen == (1 if kind is Looking else 0)
