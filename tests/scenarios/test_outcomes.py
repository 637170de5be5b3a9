"""Runs end with their functions, whether those end them or not."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import inngest
import pytest
from tests.scenarios.kit import HQ, running_hq

import rawr_hq
from rawr.composition import Manifest, compose_capabilities
from rawr.durable.domain.run import RunStatus

EVENT = "invoicing.reconciliation.requested"
Work = Callable[[inngest.Context], Awaitable[object]] | Callable[[inngest.ContextSync], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One durable function in place of the reference HQ's own."""

    work: Work
    fn_id: str = "stand-in"
    event: str = EVENT
    on_failure: Any = None


def manifest_of(*bodies: Body) -> Manifest:
    def create_functions(client: inngest.Inngest, _ports: object) -> Sequence[Any]:
        return [
            client.create_function(
                fn_id=body.fn_id,
                retries=0,
                trigger=inngest.TriggerEvent(event=body.event),
                on_failure=body.on_failure,
            )(body.work)
            for body in bodies
        ]

    invoicing = rawr_hq.invoicing_capability
    assert invoicing.workflows is not None
    surface = replace(invoicing.workflows, create_functions=create_functions)
    return compose_capabilities([replace(invoicing, workflows=surface)])


@asynccontextmanager
async def started(tmp_path: Path, *bodies: Body) -> AsyncIterator[tuple[HQ, str]]:
    """An HQ with these functions, and a run of it."""
    async with running_hq(tmp_path, manifest=manifest_of(*bodies)) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        yield hq, run_id


async def returns(_ctx: inngest.Context) -> None:
    """Leave the run as it is."""


def works_in_a_thread(ctx: inngest.ContextSync) -> str:
    return ctx.step.run("one", str.upper, "one")


async def fails(_ctx: inngest.Context) -> None:
    raise ValueError("no such books")


async def sleeps(ctx: inngest.Context) -> None:
    await ctx.step.sleep("a while", 3_600_000)


async def test_a_function_that_just_returns_completes_its_run(tmp_path: Path) -> None:
    async with started(tmp_path, Body(work=returns)) as (hq, run_id):
        assert await hq.statuses(run_id) == ["queued", "completed"]


async def test_a_plain_function_is_seen_as_an_async_one_is(tmp_path: Path) -> None:
    async with started(tmp_path, Body(work=works_in_a_thread)) as (hq, run_id):
        assert await hq.statuses(run_id) == ["queued", "completed"]
        run = await hq.runs.get(run_id, tenant_id="acme")
        (engine_run,) = await hq.host.engine.list_runs(status=RunStatus.COMPLETED)
        assert run.engine_run_id == engine_run.id


async def test_a_step_is_no_end(tmp_path: Path) -> None:
    async with started(tmp_path, Body(work=sleeps)) as (hq, run_id):
        assert await hq.statuses(run_id) == ["queued"]
        await hq.advance_to_next()
        assert await hq.statuses(run_id) == ["queued", "completed"]


async def test_a_function_that_fails_fails_its_run(tmp_path: Path) -> None:
    async with started(tmp_path, Body(work=fails)) as (hq, run_id):
        (*_, last) = await hq.timeline(run_id)
        assert (last["status"], last["detail"]) == ("failed", "no such books")
        run = await hq.runs.get(run_id, tenant_id="acme")
        assert run.error is not None
        assert run.error.message == "no such books"


async def test_a_failure_handler_has_a_minute_to_end_the_run_in_its_words(tmp_path: Path) -> None:
    body = Body(work=fails, on_failure=fails)
    async with started(tmp_path, body) as (hq, run_id):
        assert await hq.statuses(run_id) == ["queued"]
        assert await hq.advance_to_next() == 60_000
        assert await hq.statuses(run_id) == ["queued", "failed"]


@pytest.mark.parametrize("status", ["reconciling", "queued"])
async def test_a_function_cancelled_at_the_engine_cancels_its_run(
    tmp_path: Path, status: str
) -> None:
    async with started(tmp_path, Body(work=sleeps)) as (hq, run_id):
        await hq.runs.transition(run_id, status, tenant_id="acme")
        (run,) = await hq.host.engine.list_runs(status=RunStatus.RUNNING)
        await hq.host.engine.cancel_run(run.id)
        await hq.settle()
        (*_, last) = await hq.timeline(run_id)
        assert (last["status"], last["detail"]) == (
            "canceled",
            "its function was canceled at the engine",
        )


async def test_a_run_that_ended_itself_is_not_ended_again(tmp_path: Path) -> None:
    async with running_hq(tmp_path) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        assert await hq.statuses(run_id) == ["queued", "reconciling", "completed"]


async def test_of_two_functions_neither_knows_when_the_run_has_ended(tmp_path: Path) -> None:
    bodies = [Body(work=returns), Body(work=fails, fn_id="another")]
    async with started(tmp_path, *bodies) as (hq, run_id):
        assert await hq.statuses(run_id) == ["queued"]


async def test_who_listens_by_a_wildcard_only_looks_on(tmp_path: Path) -> None:
    bodies = [Body(work=sleeps), Body(work=fails, fn_id="logs", event="invoicing.*")]
    async with started(tmp_path, *bodies) as (hq, run_id):
        assert await hq.statuses(run_id) == ["queued"]
        await hq.advance_to_next()
        assert await hq.statuses(run_id) == ["queued", "completed"]
