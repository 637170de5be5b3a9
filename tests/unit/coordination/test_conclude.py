"""Ending runs whose function has ended at the engine."""

import pytest
from tests.unit.coordination.kit import OTHER

from rawr.coordination import Coordination, Lifecycle, Outcome, UnknownWorkflow, Workflow

EVENT = "billing.requested:run-1"


@pytest.mark.parametrize("outcome", Outcome)
async def test_an_open_run_ends_as_its_function_did(send, runs, coordination, clock, outcome):
    await send(run_id="run-1")
    clock.advance(7000)
    ended = await coordination.conclude(EVENT, outcome, detail="as the engine tells")
    timeline = await runs.timeline("run-1", tenant_id="acme")
    assert ended == timeline.run
    assert ended is not None
    assert (ended.status, ended.revision, ended.is_finished) == (outcome.value, 2, True)
    last = timeline.events[-1]
    assert (last.type, last.status, last.detail) == (
        f"run.{outcome.value}",
        outcome.value,
        "as the engine tells",
    )
    assert last.correlation_id == "cor-1"
    assert timeline.is_complete


async def test_the_table_of_moves_does_not_keep_a_run_open(send, runs, coordination):
    await send(run_id="run-1")
    await runs.transition("run-1", "settling", tenant_id="acme")
    ended = await coordination.conclude(EVENT, Outcome.CANCELED)
    assert ended is not None
    assert ended.status == "canceled"


async def test_a_failure_is_stored_as_the_runs_error(send, coordination, runs):
    await send(run_id="run-1")
    ended = await coordination.conclude(EVENT, Outcome.FAILED, detail="no such account")
    assert ended is not None
    assert ended.error is not None
    assert ended.error.message == "no such account"


async def test_a_run_that_has_ended_itself_is_left_alone(send, runs, coordination):
    await send(run_id="run-1")
    await runs.transition("run-1", "failed", tenant_id="acme", detail="its own reason")
    assert await coordination.conclude(EVENT, Outcome.COMPLETED) is None
    timeline = await runs.timeline("run-1", tenant_id="acme")
    assert timeline.events[-1].detail == "its own reason"


@pytest.mark.parametrize("event_id", ["billing.requested:run-2", "another.event:run-1", "", "run"])
async def test_an_event_that_is_no_runs_ends_nothing(send, runs, coordination, event_id):
    await send(run_id="run-1")
    assert await coordination.conclude(event_id, Outcome.FAILED) is None
    assert not (await runs.get("run-1", tenant_id="acme")).is_finished


async def test_a_lifecycle_that_goes_on_elsewhere_keeps_its_run_open(coordination, send):
    relayed = Workflow(
        capability="billing",
        name="relayed",
        lifecycle=Lifecycle(
            initial="queued",
            transitions={"queued": ["completed", "failed"], "completed": [], "failed": []},
            outcomes={Outcome.FAILED: "failed"},
        ),
    )
    runs = coordination.runs(relayed)
    await send(run_id="run-1", workflow=relayed)
    assert await coordination.conclude(EVENT, Outcome.COMPLETED) is None
    assert (await runs.get("run-1", tenant_id="acme")).status == "queued"


async def test_runs_of_a_workflow_nobody_asked_for_are_not_guessed_at(
    send, coordination: Coordination
):
    coordination.runs(OTHER)
    await send(run_id="run-1")
    with pytest.raises(UnknownWorkflow, match="billing/settle"):
        await coordination.conclude(EVENT, Outcome.FAILED)


async def test_who_watches_the_run_sees_it_end(send, runs, coordination):
    await send(run_id="run-1")
    await coordination.conclude(EVENT, Outcome.CANCELED)
    watched = [event.status async for event in runs.watch("run-1", tenant_id="acme", after=0)]
    assert watched == ["queued", "canceled"]
