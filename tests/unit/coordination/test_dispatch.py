import asyncio
import dataclasses

import pytest
from tests.unit.coordination.kit import BILLING, OTHER, REQUESTED, START_MS, Requested

from rawr.coordination import (
    IdempotencyConflict,
    InvalidId,
    RunConflict,
    RunNotDispatchable,
    RunRequest,
    UndeclaredEvent,
    UnknownRun,
    UnsupportedTransaction,
)
from rawr.schema import Schema


class Amount(Schema):
    amount_due: int


async def register(runs, **changes):
    values = {
        "tenant_id": "acme",
        "requested_by": "bob",
        "request_id": "req-0",
        "correlation_id": "cor-0",
        "run_id": "run-1",
    }
    return await runs.register(**{**values, **changes})


async def test_a_dispatched_run_is_queued_and_readable_at_once(send, runs):
    sent = await send(run_id="run-1", idempotency_key="key-1")
    run = await runs.get("run-1", tenant_id="acme")
    assert run == sent.run
    assert (run.status, run.revision, run.requested_by) == ("queued", 1, "ada")
    assert (run.capability, run.workflow, run.input) == ("billing", "settle", {"amount": 1})
    assert (run.request_id, run.correlation_id) == ("req-1", "cor-1")
    assert run.is_dispatched
    assert not run.is_finished
    assert run.created_at.timestamp() * 1000 == START_MS


async def test_dispatch_writes_the_first_timeline_entry_and_one_outbox_row(send, runs, outbox_rows):
    sent = await send(run_id="run-1")
    (event,) = (await runs.timeline("run-1", tenant_id="acme")).events
    assert (event.sequence, event.type, event.status) == (1, "run.started", "queued")
    assert await outbox_rows() == [("billing.requested:run-1", "run-1", 0, None)]
    assert sent.event_ids == ("billing.requested:run-1",)


async def test_a_run_id_is_generated_when_absent(send, coordination):
    first, second = await send(), await send(idempotency_key="other")
    assert first.run.run_id != second.run.run_id
    assert coordination.dispatch.new_run_id() not in {first.run.run_id, second.run.run_id}


async def test_the_event_gets_the_runs_id_and_the_present_time(send, coordination, engine):
    await send(run_id="run-1")
    await coordination.relay.drain()
    event = engine.admitted["billing.requested:run-1"]
    assert REQUESTED.parse(event) == Requested(run_id="run-1")
    assert event.ts == START_MS


async def test_a_future_time_of_the_event_is_kept(send, coordination, engine):
    await send(run_id="run-1", event=REQUESTED.event(Requested(run_id="run-1"), ts_ms=START_MS + 5))
    await coordination.relay.drain()
    assert engine.admitted["billing.requested:run-1"].ts == START_MS + 5


async def test_a_model_is_stored_and_compared_by_its_wire_form(send, runs):
    sent = await send(run_id="run-1", input=Amount(amount_due=3))
    assert sent.run.input == {"amountDue": 3}
    assert (await send(run_id="run-1", input={"amountDue": 3})).event_ids == ()


@pytest.mark.parametrize("key", [None, "key-1"])
async def test_the_same_request_again_returns_the_run_and_sends_nothing(send, outbox_rows, key):
    first = await send(run_id="run-1" if key is None else None, idempotency_key=key)
    again = await send(run_id="run-1" if key is None else None, idempotency_key=key)
    assert again.run == first.run
    assert again.event_ids == ()
    assert len(await outbox_rows()) == 1


async def test_the_order_of_keys_does_not_make_another_request(send):
    await send(run_id="run-1", input={"a": 1, "b": 2})
    assert (await send(run_id="run-1", input={"b": 2, "a": 1})).event_ids == ()


async def test_a_repeated_request_sees_the_run_as_it_is_now(send, runs):
    sent = await send(idempotency_key="key-1")
    await runs.transition(sent.run.run_id, "running", tenant_id="acme")
    assert (await send(idempotency_key="key-1")).run.status == "running"


async def test_the_same_key_with_another_input_conflicts_and_changes_nothing(
    send, runs, outbox_rows
):
    first = await send(idempotency_key="key-1")
    with pytest.raises(IdempotencyConflict, match="use a new key") as caught:
        await send(idempotency_key="key-1", input={"amount": 2})
    assert (caught.value.key, caught.value.run) == ("key-1", first.run)
    assert await runs.get(first.run.run_id, tenant_id="acme") == first.run
    assert len(await outbox_rows()) == 1


async def test_keys_are_apart_per_tenant_and_workflow(send):
    first = await send(idempotency_key="key-1")
    tenant = await send(idempotency_key="key-1", tenant_id="umbrella")
    workflow = await send(idempotency_key="key-1", workflow=OTHER)
    assert len({sent.run.run_id for sent in (first, tenant, workflow)}) == 3
    assert all(sent.event_ids for sent in (first, tenant, workflow))


@pytest.mark.parametrize(
    "changes",
    [
        {"input": {"amount": 2}},
        {"tenant_id": "umbrella"},
        {"workflow": OTHER},
        {"workflow": dataclasses.replace(BILLING, name="refund")},
        {"idempotency_key": "key-2"},
    ],
)
async def test_a_run_id_used_for_something_else_conflicts_and_is_untouched(
    send, runs, outbox_rows, changes
):
    first = await send(run_id="run-1", idempotency_key="key-1")
    with pytest.raises(RunConflict, match="run-1"):
        await send(run_id="run-1", **changes)
    assert await runs.get("run-1", tenant_id="acme") == first.run
    assert len(await outbox_rows()) == 1


@pytest.mark.parametrize(
    "run_id", ["../../escape", " ", "-x", "a/b", "a b", "x" * 129, "a\n", "é", ".hidden"]
)
async def test_an_unsafe_run_id_is_refused(send, run_id):
    with pytest.raises(InvalidId, match="run id"):
        await send(run_id=run_id)


@pytest.mark.parametrize("run_id", ["a", "A.b_c-9", "x" * 128])
async def test_a_path_safe_run_id_is_accepted(send, run_id):
    assert (await send(run_id=run_id)).run.run_id == run_id


async def test_concurrent_same_requests_dispatch_once(send, outbox_rows):
    results = await asyncio.gather(*(send(idempotency_key="key-1") for _ in range(20)))
    assert len({sent.run.run_id for sent in results}) == 1
    assert sum(bool(sent.event_ids) for sent in results) == 1
    assert len(await outbox_rows()) == 1


async def test_a_capability_writes_its_rows_in_the_same_transaction(send, note, notes):
    await send(run_id="run-1", also=note)
    assert await notes() == [("run-1", "queued")]


async def test_a_capability_that_raises_undoes_the_dispatch(send, runs, notes, note, outbox_rows):
    def refuse(transaction, run):
        note(transaction, run)
        raise LookupError("budget exhausted")

    with pytest.raises(LookupError):
        await send(run_id="run-1", also=refuse)
    with pytest.raises(UnknownRun):
        await runs.get("run-1", tenant_id="acme")
    assert await notes() == []
    assert await outbox_rows() == []
    assert (await send(run_id="run-1", also=note)).event_ids


async def test_a_repeated_request_does_not_write_the_capabilitys_rows_again(send, note, notes):
    for _ in range(2):
        await send(run_id="run-1", also=note)
    assert await notes() == [("run-1", "queued")]


async def test_a_foreign_kind_of_transaction_is_refused(send):
    with pytest.raises(UnsupportedTransaction, match=r"sqlite3\.Connection, not int"):
        await send(also=lambda transaction, run: transaction.native(int))


async def test_a_registered_run_is_not_sent(runs, outbox_rows):
    run = await register(runs, input={"invoice": "i-1"})
    assert (run.status, run.is_dispatched, run.input) == ("queued", False, {"invoice": "i-1"})
    assert await outbox_rows() == []
    (event,) = (await runs.timeline("run-1", tenant_id="acme")).events
    assert (event.type, event.status) == ("run.started", "queued")


async def test_registering_a_taken_id_conflicts(runs):
    await register(runs)
    with pytest.raises(RunConflict):
        await register(runs)


async def test_registering_writes_the_capabilitys_rows(runs, note, notes):
    await register(runs, also=note)
    assert await notes() == [("run-1", "queued")]


async def test_a_registered_run_is_dispatched_once(send, runs, outbox_rows):
    await register(runs, input={"invoice": "i-1"})
    sent = await send(run_id="run-1", registered=True, idempotency_key="key-1")
    assert sent.event_ids == ("billing.requested:run-1",)
    assert (sent.run.revision, sent.run.requested_by, sent.run.request_id) == (2, "ada", "req-1")
    assert sent.run.input == {"amount": 1}
    timeline = await runs.timeline("run-1", tenant_id="acme")
    assert [event.type for event in timeline.events] == ["run.started", "run.dispatched"]
    assert (await send(run_id="run-1", registered=True, idempotency_key="key-1")).event_ids == ()
    with pytest.raises(RunNotDispatchable, match="already dispatched") as caught:
        await send(run_id="run-1", registered=True, idempotency_key="key-2")
    assert caught.value.run == sent.run
    assert len(await outbox_rows()) == 1


async def test_each_entry_tells_the_request_that_caused_it(send, runs):
    await register(runs, correlation_id="cor-0")
    await send(run_id="run-1", registered=True)
    events = (await runs.timeline("run-1", tenant_id="acme")).events
    assert [event.correlation_id for event in events] == ["cor-0", "cor-1"]


async def test_a_registered_run_keeps_its_input_if_the_dispatch_brings_none(send, runs):
    await register(runs, input={"invoice": "i-1"})
    sent = await send(run_id="run-1", registered=True, input=None)
    assert sent.run.input == {"invoice": "i-1"}


async def test_a_key_used_for_another_registered_run_conflicts(send, runs):
    await register(runs)
    await register(runs, run_id="run-2")
    await send(run_id="run-1", registered=True, idempotency_key="key-1")
    with pytest.raises(IdempotencyConflict):
        await send(run_id="run-2", registered=True, idempotency_key="key-1")


async def test_a_registered_run_past_dispatch_is_refused(send, runs):
    await register(runs)
    await runs.transition("run-1", "canceled", tenant_id="acme")
    with pytest.raises(RunNotDispatchable, match="is canceled"):
        await send(run_id="run-1", registered=True)


async def test_a_registered_run_in_another_dispatchable_status_is_sent(send, runs):
    await register(runs)
    await runs.transition("run-1", "running", tenant_id="acme")
    sent = await send(run_id="run-1", registered=True)
    assert sent.run.status == "running"


@pytest.mark.parametrize("changes", [{"tenant_id": "umbrella"}, {"workflow": OTHER}])
async def test_a_registered_run_of_somebody_else_looks_missing(send, runs, changes):
    await register(runs)
    with pytest.raises(UnknownRun):
        await send(run_id="run-1", registered=True, **changes)


async def test_a_run_said_to_be_registered_must_exist(send):
    with pytest.raises(UnknownRun, match="does not exist"):
        await send(run_id="run-1", registered=True)


async def test_creating_over_a_registered_run_conflicts(send, runs):
    await register(runs)
    with pytest.raises(RunConflict):
        await send(run_id="run-1")


async def test_a_limited_dispatch_sends_what_it_is_limited_to_and_stores_nothing_else(
    coordination, runs, outbox_rows
):
    request = RunRequest(
        workflow=BILLING,
        tenant_id="acme",
        requested_by="ada",
        request_id="req-1",
        correlation_id="cor-1",
        run_id="run-1",
    )
    event = REQUESTED.event(Requested(run_id="run-1"))
    with pytest.raises(UndeclaredEvent, match=r"'billing\.requested' is not among .*\(billing\.o"):
        await coordination.dispatch.limited_to(["billing.other"]).send(event, run=request)
    with pytest.raises(UndeclaredEvent, match=r"\(none\); add it to events="):
        await coordination.dispatch.limited_to([]).send(event, run=request)
    assert await outbox_rows() == []
    sent = await coordination.dispatch.limited_to(["billing.requested"]).send(event, run=request)
    assert sent.event_ids == ("billing.requested:run-1",)
