import asyncio

import pytest
from tests.unit.coordination.kit import OTHER

from rawr.coordination import (
    IllegalTransition,
    InvalidCursor,
    RunError,
    RunFinished,
    StaleRun,
    UnknownRun,
)


@pytest.fixture
async def run_id(send):
    return (await send(run_id="run-1")).run.run_id


async def test_a_transition_changes_status_and_timeline_together(runs, run_id, clock):
    clock.advance(5)
    moved = await runs.transition(
        run_id, "settling", tenant_id="acme", detail="two invoices", attempt=2, data={"n": 2}
    )
    assert moved.changed
    assert (moved.run.status, moved.run.revision, moved.run.last_sequence) == ("settling", 2, 2)
    assert (moved.run.updated_at - moved.run.created_at).total_seconds() == 0.005
    timeline = await runs.timeline(run_id, tenant_id="acme")
    assert timeline.run == moved.run
    event = timeline.events[-1]
    assert (event.sequence, event.type, event.status) == (2, "run.settling", "settling")
    assert (event.detail, event.attempt, event.data["n"]) == ("two invoices", 2, 2)
    assert event.ts == moved.run.updated_at


async def test_reentering_a_status_changes_nothing(runs, run_id):
    first = await runs.transition(run_id, "settling", tenant_id="acme", expected_revision=1)
    again = await runs.transition(run_id, "settling", tenant_id="acme", expected_revision=1)
    assert not again.changed
    assert again.run == first.run
    assert len((await runs.timeline(run_id, tenant_id="acme")).events) == 2


async def test_an_illegal_transition_changes_nothing_and_tells_the_status(runs, run_id):
    canceled = await runs.transition(run_id, "canceled", tenant_id="acme")
    with pytest.raises(IllegalTransition, match="is canceled and cannot become settling") as caught:
        await runs.transition(run_id, "settling", tenant_id="acme")
    assert caught.value.run == canceled.run
    assert (await runs.timeline(run_id, tenant_id="acme")).run == canceled.run


async def test_a_status_outside_the_lifecycle_is_a_mistake(runs, run_id):
    with pytest.raises(ValueError, match="not a status of this lifecycle"):
        await runs.transition(run_id, "exploded", tenant_id="acme")


async def test_a_stale_revision_is_refused(runs, run_id):
    await runs.transition(run_id, "running", tenant_id="acme")
    with pytest.raises(StaleRun, match="read it again") as caught:
        await runs.transition(run_id, "settling", tenant_id="acme", expected_revision=1)
    assert (caught.value.run.revision, caught.value.expected_revision) == (2, 1)


async def test_of_two_transitions_on_one_revision_one_wins(runs, run_id):
    results = await asyncio.gather(
        *(
            runs.transition(run_id, to, tenant_id="acme", expected_revision=1)
            for to in ("settling", "canceled", "failed")
        ),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == [
        "StaleRun",
        "StaleRun",
        "Transitioned",
    ]


async def test_a_terminal_status_finishes_the_run_and_keeps_its_output(runs, run_id):
    await runs.transition(run_id, "settling", tenant_id="acme")
    done = await runs.transition(run_id, "completed", tenant_id="acme", output={"ok": True})
    assert done.run.is_finished
    assert done.run.finished_at == done.run.updated_at
    assert done.run.output == {"ok": True}


async def test_a_failure_is_kept_on_the_run(runs, run_id):
    error = RunError(code="LEDGER_DOWN", message="no answer")
    await runs.transition(run_id, "failed", tenant_id="acme", error=error)
    assert (await runs.get(run_id, tenant_id="acme")).error == error


async def test_a_transition_may_name_its_event(runs, run_id):
    await runs.transition(run_id, "failed", tenant_id="acme", event_type="run.timed-out")
    timeline = await runs.timeline(run_id, tenant_id="acme")
    assert timeline.events[-1].type == "run.timed-out"


async def test_a_capability_writes_along_with_a_transition(runs, run_id, note, notes):
    await runs.transition(run_id, "settling", tenant_id="acme", also=note)
    await runs.transition(run_id, "settling", tenant_id="acme", also=note)
    assert await notes() == [("run-1", "settling")]


async def test_a_capability_that_raises_undoes_the_transition(runs, run_id):
    def refuse(transaction, run):
        raise LookupError

    with pytest.raises(LookupError):
        await runs.transition(run_id, "settling", tenant_id="acme", also=refuse)
    run = await runs.get(run_id, tenant_id="acme")
    assert (run.status, run.last_sequence) == ("queued", 1)


async def test_forty_concurrent_appends_are_all_kept_in_sequence(runs, run_id):
    await asyncio.gather(*(runs.append(run_id, f"desk.{n}", tenant_id="acme") for n in range(40)))
    timeline = await runs.timeline(run_id, tenant_id="acme")
    assert [event.sequence for event in timeline.events] == list(range(1, 42))
    assert {event.type for event in timeline.events[1:]} == {f"desk.{n}" for n in range(40)}


async def test_an_append_leaves_status_and_revision_alone(runs, run_id):
    event = await runs.append(
        run_id, "desk.started", tenant_id="acme", attempt=1, data={"deskId": "a"}
    )
    run = await runs.get(run_id, tenant_id="acme")
    assert (event.status, event.data["deskId"]) == ("queued", "a")
    assert (run.status, run.revision, run.last_sequence) == ("queued", 1, 2)


async def test_a_repeated_append_with_its_own_id_is_kept_once(runs, run_id):
    first = await runs.append(
        run_id, "desk.started", tenant_id="acme", event_id="desk-a", status="started"
    )
    again = await runs.append(run_id, "desk.started", tenant_id="acme", event_id="desk-a")
    assert again == first
    assert (await runs.get(run_id, tenant_id="acme")).last_sequence == 2


async def test_nothing_follows_the_terminal_event(runs, run_id):
    await runs.transition(run_id, "canceled", tenant_id="acme")
    with pytest.raises(RunFinished, match="its timeline is closed"):
        await runs.append(run_id, "desk.started", tenant_id="acme")


async def test_learning_the_engines_run_never_touches_the_status(runs, run_id):
    done = await runs.transition(run_id, "canceled", tenant_id="acme")
    await runs.engine_run_known(run_id, "engine-7", tenant_id="acme")
    await runs.engine_run_known(run_id, "engine-7", tenant_id="acme")
    run = await runs.get(run_id, tenant_id="acme")
    assert run.engine_run_id == "engine-7"
    assert (run.status, run.revision) == (done.run.status, done.run.revision)


async def test_learning_the_engines_run_does_not_make_a_reader_stale(runs, run_id):
    run = await runs.get(run_id, tenant_id="acme")
    await runs.engine_run_known(run_id, "engine-7", tenant_id="acme")
    moved = await runs.transition(
        run_id, "settling", tenant_id="acme", expected_revision=run.revision
    )
    assert moved.run.engine_run_id == "engine-7"


async def test_another_tenant_finds_nothing(runs, run_id):
    stranger = {"tenant_id": "umbrella"}
    for attempt in (
        runs.get(run_id, **stranger),
        runs.timeline(run_id, **stranger),
        runs.transition(run_id, "canceled", **stranger),
        runs.append(run_id, "desk.started", **stranger),
        runs.engine_run_known(run_id, "engine-7", **stranger),
        anext(runs.watch(run_id, **stranger)),
    ):
        with pytest.raises(UnknownRun) as caught:
            await attempt
        assert caught.value.run_id == run_id
    assert (await runs.list(**stranger)).runs == ()
    assert (await runs.get(run_id, tenant_id="acme")).status == "queued"


async def test_another_workflow_finds_nothing(coordination, run_id):
    others = coordination.runs(OTHER)
    for attempt in (
        others.get(run_id, tenant_id="acme"),
        others.timeline(run_id, tenant_id="acme"),
        others.transition(run_id, "canceled", tenant_id="acme"),
    ):
        with pytest.raises(UnknownRun):
            await attempt
    assert (await others.list(tenant_id="acme")).runs == ()


async def test_the_reader_of_all_runs_reads_every_workflow(coordination, send):
    await send(run_id="run-1")
    await send(run_id="run-2", workflow=OTHER)
    page = await coordination.all_runs.list(tenant_id="acme")
    assert {run.run_id for run in page.runs} == {"run-1", "run-2"}
    assert (await coordination.all_runs.get("run-2", tenant_id="acme")).capability == "shipping"


async def test_runs_are_listed_newest_first_page_by_page(runs, send, clock):
    for number in range(7):
        clock.advance(number % 2)  # some share a millisecond
        await send(run_id=f"run-{number}")
    seen, cursor = [], None
    for _ in range(3):
        page = await runs.list(tenant_id="acme", limit=3, cursor=cursor)
        seen.append([run.run_id for run in page.runs])
        cursor = page.next_cursor
    assert seen == [["run-6", "run-5", "run-4"], ["run-3", "run-2", "run-1"], ["run-0"]]
    assert cursor is None


async def test_runs_started_meanwhile_do_not_shift_the_next_page(runs, send, clock):
    for number in range(4):
        await send(run_id=f"run-{number}")
    first = await runs.list(tenant_id="acme", limit=2)
    clock.advance(1)
    await send(run_id="run-9")
    second = await runs.list(tenant_id="acme", limit=2, cursor=first.next_cursor)
    assert [run.run_id for run in second.runs] == ["run-1", "run-0"]


async def test_runs_are_listed_by_status(runs, send):
    await send(run_id="run-1")
    await send(run_id="run-2")
    await runs.transition("run-2", "canceled", tenant_id="acme")
    page = await runs.list(tenant_id="acme", status="canceled")
    assert [run.run_id for run in page.runs] == ["run-2"]


@pytest.mark.parametrize(
    "cursor", ["", "%%%", "é", "bm90IGEgY3Vyc29y", "OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA"]
)
async def test_a_made_up_cursor_is_refused(runs, cursor):
    with pytest.raises(InvalidCursor, match="start again without one"):
        await runs.list(tenant_id="acme", cursor=cursor)


async def test_a_timeline_is_read_from_a_cursor(runs, run_id):
    for number in range(4):
        await runs.append(run_id, f"desk.{number}", tenant_id="acme")
    part = await runs.timeline(run_id, tenant_id="acme", after=2, limit=2)
    assert [event.sequence for event in part.events] == [3, 4]
    assert not part.is_complete


async def test_a_timeline_knows_when_nothing_can_follow(runs, run_id):
    await runs.transition(run_id, "canceled", tenant_id="acme")
    assert not (await runs.timeline(run_id, tenant_id="acme", limit=1)).is_complete
    assert (await runs.timeline(run_id, tenant_id="acme")).is_complete
    assert (await runs.timeline(run_id, tenant_id="acme", after=9)).is_complete


async def test_every_entry_tells_the_correlation_id_of_its_run(runs, run_id):
    await runs.append(run_id, "desk.started", tenant_id="acme")
    await runs.transition(run_id, "failed", tenant_id="acme")
    timeline = await runs.timeline(run_id, tenant_id="acme")
    assert [event.correlation_id for event in timeline.events] == [timeline.run.correlation_id] * 3


async def test_an_entry_may_bring_the_correlation_id_of_another_request(runs, run_id):
    event = await runs.append(
        run_id, "desk.started", tenant_id="acme", data={"correlationId": "cor-9"}
    )
    assert event.correlation_id == "cor-9"
