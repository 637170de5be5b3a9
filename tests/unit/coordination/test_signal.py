"""Signals: events for runs that are under way."""

import dataclasses

import pytest
from tests.unit.coordination.kit import BILLING, OTHER, Requested

from rawr.coordination import EventType, RunFinished, UndeclaredSignal, UnknownRun

SHIPPED = EventType("billing.shipped", Requested)


@pytest.fixture
def signal(coordination):
    """Send a signal to run-1; keywords change what is sent."""

    async def dispatch(**changes):
        values = {"workflow": BILLING, "run_id": "run-1", "tenant_id": "acme", **changes}
        return await coordination.dispatch.signal(
            SHIPPED.event(Requested(run_id="run-1")), **values
        )

    return dispatch


async def test_a_signal_is_sent_and_is_in_the_timeline_of_its_run(
    send, signal, runs, coordination, engine
):
    await send(run_id="run-1")
    sent = await signal()
    assert sent.event_ids == ("billing.shipped:run-1:key=",)
    events = (await runs.timeline("run-1", tenant_id="acme")).events
    assert [(event.type, event.status, event.detail) for event in events[1:]] == [
        ("run.signalled", "queued", "billing.shipped")
    ]
    assert events[1].correlation_id == "cor-1"
    await coordination.relay.drain()
    assert SHIPPED.parse(engine.admitted["billing.shipped:run-1:key="]).run_id == "run-1"


async def test_a_signal_leaves_what_the_engine_called_the_runs_own_event(
    send, signal, runs, coordination
):
    await send(run_id="run-1")
    await coordination.relay.drain()
    before = await runs.get("run-1", tenant_id="acme")
    await signal()
    await coordination.relay.drain()
    after = await runs.get("run-1", tenant_id="acme")
    assert dataclasses.replace(after, last_sequence=before.last_sequence) == before


async def test_a_signal_is_sent_once_for_each_key(send, signal, outbox_rows):
    await send(run_id="run-1")
    assert (await signal(key="parcel-1")).event_ids
    assert not (await signal(key="parcel-1")).event_ids
    assert (await signal(key="parcel-2")).event_ids
    assert len(await outbox_rows()) == 3


async def test_what_goes_with_a_signal_is_stored_with_it_or_undoes_it(send, signal, outbox_rows):
    await send(run_id="run-1")

    def refuse(_transaction, run):
        raise LookupError(run.status)

    with pytest.raises(LookupError, match="queued"):
        await signal(also=refuse)
    assert len(await outbox_rows()) == 1
    noted = []
    await signal(also=lambda _transaction, run: noted.append(run.run_id))
    await signal(also=lambda _transaction, run: noted.append(run.run_id))
    assert noted == ["run-1"]


@pytest.mark.parametrize(
    "other", [{"tenant_id": "globex"}, {"run_id": "run-9"}, {"workflow": OTHER}]
)
async def test_a_run_of_somebody_else_is_as_missing_as_one_that_never_was(send, signal, other):
    await send(run_id="run-1")
    with pytest.raises(UnknownRun):
        await signal(**other)


async def test_a_run_that_has_ended_waits_for_nothing(send, signal, runs, outbox_rows):
    await send(run_id="run-1")
    await signal(key="before")
    await runs.transition("run-1", "failed", tenant_id="acme")
    with pytest.raises(RunFinished):
        await signal(key="after")
    assert not (await signal(key="before")).event_ids, "repeated, it was accepted before"
    assert len(await outbox_rows()) == 2
    assert (await runs.timeline("run-1", tenant_id="acme")).events[-1].status == "failed"


async def test_a_limited_dispatch_sends_the_signals_it_is_limited_to(coordination, send, runs):
    await send(run_id="run-1")
    event = SHIPPED.event(Requested(run_id="run-1"))
    target = {"workflow": BILLING, "run_id": "run-1", "tenant_id": "acme"}
    with pytest.raises(UndeclaredSignal, match=r"\(none\); add it to signals="):
        await coordination.dispatch.limited_to([SHIPPED.name]).signal(event, **target)
    limited = coordination.dispatch.limited_to([], signals=[SHIPPED.name])
    assert (await limited.signal(event, **target)).event_ids
