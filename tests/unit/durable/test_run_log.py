"""What a host logs of runs that go wrong."""

import logging

import inngest
import pytest

from rawr.durable.domain.run import Run, RunStatus
from rawr.durable.run_log import RunLog
from rawr.testing import EngineHarness

shop = inngest.Inngest(app_id="shop", is_production=False)


async def decline() -> None:
    raise ConnectionError("the provider is away")


@shop.create_function(fn_id="pay", trigger=inngest.TriggerEvent(event="order"), retries=1)
async def pay(ctx: inngest.Context) -> None:
    await ctx.step.run("charge", decline)


@shop.create_function(fn_id="thank", trigger=inngest.TriggerEvent(event="order"))
async def thank(ctx: inngest.Context) -> str:
    return "thanks"


async def test_attempts_and_runs_that_failed_are_logged_with_their_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with EngineHarness(shop, [pay, thank]) as harness:
        harness.engine.listen(RunLog())
        await harness.send("order")
        await harness.run_until_idle()
    logged = [one for one in caplog.records if one.name == "rawr.runs"]
    heads = [one.getMessage().splitlines()[0] for one in logged]
    away = "ConnectionError: the provider is away"
    assert heads[:2] == [
        f"Step charge of shop-pay failed, attempt 1 of 2: {away}",
        f"Step charge of shop-pay failed, attempt 2 of 2, the last: {away}",
    ]
    assert heads[2].endswith(f"of shop-pay failed: {away}")
    assert "in decline" in logged[0].getMessage()
    assert [one.levelno for one in logged] == [logging.WARNING, logging.WARNING, logging.ERROR]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (None, "no reason given"),
        (b'{"name": "Error", "message": "no"}', "Error: no"),
        (b'"just text"', '"just text"'),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_failure_is_logged_whatever_shape_it_has(
    output: bytes | None, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(id="run-1", function_id="shop-pay", events=(), created_at=0, max_attempts=1)
    RunLog().ended(run, RunStatus.FAILED, output)
    RunLog().ended(run, RunStatus.COMPLETED, output)
    assert [one.getMessage() for one in caplog.records] == [f"Run run-1 of shop-pay failed: {told}"]
