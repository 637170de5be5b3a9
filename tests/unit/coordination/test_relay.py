import asyncio
import contextlib
import itertools
import logging
from datetime import timedelta

import anyio
import pytest
from tests.unit.coordination.kit import REQUESTED, FakeEngine, Requested

from rawr.coordination import EngineUnavailable, Relay, RelayPolicy, SqliteOutbox
from rawr.sqlite import StorageError


@pytest.fixture
def running(coordination):
    """The relay at work in the background."""

    @contextlib.asynccontextmanager
    async def run(relay=coordination.relay):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(relay.run, name="relay")
            yield
            tasks.cancel_scope.cancel()

    return run


@pytest.fixture
def relay_with(coordination, engine, clock):
    """A relay in which one part is replaced."""

    def make(*, outbox=SqliteOutbox, sender=engine, policy=None):
        return Relay(
            outbox=outbox(coordination.store._database),
            sender=sender,
            signals=coordination.store.signals,
            clock=clock,
            policy=policy,
        )

    return make


async def test_a_committed_event_is_sent_at_once_and_its_admission_noted(
    running, send, engine, runs, clock
):
    async with running():
        await clock.somebody_waits()
        await send(run_id="run-1")
        await engine.has_admitted(1)
        await clock.somebody_waits()
    run = await runs.get("run-1", tenant_id="acme")
    assert run.admission_id == "admission-billing.requested:run-1"
    assert (run.status, run.revision) == ("queued", 1)
    assert engine.calls == [["billing.requested:run-1"]]


async def test_events_go_out_together_in_commit_order(send, engine, coordination):
    for number in range(5):
        await send(run_id=f"run-{number}")
    assert await coordination.relay.drain() == 0
    assert engine.calls == [[f"billing.requested:run-{n}" for n in range(5)]]


async def test_nothing_is_sent_twice(send, engine, coordination):
    await send(run_id="run-1")
    await coordination.relay.drain()
    await coordination.relay.drain()
    assert len(engine.calls) == 1


async def test_what_an_earlier_process_left_is_sent_after_a_start(running, elsewhere, send, engine):
    await send(run_id="run-1")
    async with running(elsewhere.relay):
        await engine.has_admitted(1)


async def test_rows_of_another_process_are_found_by_polling(
    running, elsewhere, send, engine, clock
):
    async with running(elsewhere.relay):
        await clock.somebody_waits()
        await send(run_id="run-1")
        clock.advance(1000)
        await engine.has_admitted(1)


async def test_an_event_sent_along_with_a_run_goes_the_same_way(send, engine, coordination, clock):
    def notify(transaction, run):
        event = REQUESTED.event(Requested(run_id=run.run_id), event_id="extra-1")
        for _ in range(2):
            transaction.enqueue(event, run_id=None, now=run.created_at)

    await send(run_id="run-1", also=notify)
    await coordination.relay.drain()
    assert list(engine.admitted) == ["billing.requested:run-1", "extra-1"]


async def test_an_outage_loses_nothing_blames_no_row_and_pauses_longer_each_time(
    running, send, engine, clock, outbox_rows
):
    for number in range(600):
        await send(run_id=f"run-{number}")
    engine.is_down = True
    async with running():
        for pause in (1000, 2000, 4000):
            await clock.somebody_waits()
            assert clock.waits[-1] == clock.now_ms() + pause
            clock.advance(pause)
        await clock.somebody_waits()
        engine.is_down = False
        clock.advance(8000)
        await engine.has_admitted(600)
    blamed = [row for row in await outbox_rows() if row[2] > 0]
    assert len(blamed) <= 4


async def test_a_lone_event_is_retried_until_the_engine_is_back(running, send, relay_with, clock):
    times = []

    class DownForFourSends(FakeEngine):
        async def send(self, events, /):
            times.append(clock.now_ms())
            self.is_down = len(times) <= 4
            return await super().send(events)

    engine = DownForFourSends()
    await send(run_id="run-1")
    async with running(relay_with(sender=engine)):
        while not engine.admitted:
            await clock.advance_to_the_next_wait()
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [
        1000,
        2000,
        4000,
        8000,
    ]


async def test_a_refused_event_does_not_block_the_others(
    send, engine, coordination, outbox_rows, caplog
):
    engine.refused = {"billing.requested:run-0", "billing.requested:run-41"}
    for number in range(100):
        await send(run_id=f"run-{number}")
    with caplog.at_level(logging.WARNING, "rawr.coordination"):
        assert await coordination.relay.drain() == 2
    assert len(engine.admitted) == 98
    assert {row[0]: row[2] for row in await outbox_rows() if row[2]} == dict.fromkeys(
        engine.refused, 1
    )
    assert {record.event_id for record in caplog.records} == engine.refused
    assert {record.run_id for record in caplog.records} == {"run-0", "run-41"}


async def test_a_refused_event_is_tried_alone_and_ever_more_rarely(
    send, engine, coordination, clock, outbox_rows
):
    engine.refused = {"billing.requested:run-0"}
    await send(run_id="run-0")
    await coordination.relay.drain()
    for attempt, pause in enumerate((1000, 2000, 4000), start=1):
        clock.advance(pause - 1)
        await coordination.relay.drain()
        assert (await outbox_rows())[0][2] == attempt
        clock.advance(1)
        await send(run_id=f"run-{attempt}")
        engine.calls.clear()
        await coordination.relay.drain()
        assert engine.calls == [[f"billing.requested:run-{attempt}"], ["billing.requested:run-0"]]
    engine.refused.clear()
    clock.advance(300_000)
    assert await coordination.relay.drain() == 0


def test_pauses_double_up_to_a_limit():
    policy = RelayPolicy()
    seconds = [policy.pause(failures).total_seconds() for failures in (1, 2, 3, 9, 10, 1000)]
    assert seconds == [1, 2, 4, 256, 300, 300]


async def test_a_sender_that_returns_too_few_ids_has_not_sent(send, relay_with):
    class Forgetful:
        async def send(self, events, /):
            return []

    await send(run_id="run-1")
    assert await relay_with(sender=Forgetful()).drain() == 1


async def test_a_sender_that_hangs_is_given_up_on(send, relay_with):
    class Hanging:
        async def send(self, events, /):
            await anyio.sleep_forever()

    at_once = RelayPolicy(send_timeout=timedelta(0))
    await send(run_id="run-1")
    assert await relay_with(sender=Hanging(), policy=at_once).drain() == 1


async def test_a_storage_failure_is_logged_and_tried_again(
    running, send, relay_with, clock, caplog
):
    class Failing(SqliteOutbox):
        failures = 2

        async def due(self, now, *, limit):
            if self.failures:
                self.failures -= 1
                raise StorageError("disk on holiday")
            return await super().due(now, limit=limit)

    caplog.set_level(logging.ERROR, "rawr.coordination")
    await send(run_id="run-1")
    async with running(relay_with(outbox=Failing)):
        for pause in (1000, 2000):
            await clock.somebody_waits()
            assert clock.waits[-1] == clock.now_ms() + pause
            clock.advance(pause)
        await clock.somebody_waits()
    assert [record.action for record in caplog.records] == ["outbox_failed"] * 2


async def test_a_send_that_was_not_noted_is_repeated_under_the_same_id(
    send, engine, coordination, relay_with
):
    class Amnesic(SqliteOutbox):
        async def settle(self, outcomes, *, now):
            raise StorageError("power cut before the note")

    await send(run_id="run-1")
    with pytest.raises(StorageError):
        await relay_with(outbox=Amnesic).drain()
    await coordination.relay.drain()
    assert engine.calls == [["billing.requested:run-1"]] * 2
    assert len(engine.admitted) == 1


async def test_draining_and_running_together_send_once(running, send, engine, coordination):
    async with running():
        await asyncio.gather(*(send(run_id=f"run-{n}") for n in range(30)))
        await asyncio.gather(*(coordination.relay.drain() for _ in range(5)))
    assert sorted(one for call in engine.calls for one in call) == sorted(engine.admitted)


async def test_a_watcher_is_told_of_the_admission_but_the_status_stands(
    send, runs, coordination, database
):
    await send(run_id="run-1")
    await runs.transition("run-1", "settling", tenant_id="acme")
    await runs.transition("run-1", "completed", tenant_id="acme")
    await coordination.relay.drain()
    run = await runs.get("run-1", tenant_id="acme")
    assert (run.status, run.revision) == ("completed", 3)
    assert run.admission_id is not None


async def test_an_outbox_row_that_is_no_event_is_corruption(send, coordination, database):
    await send(run_id="run-1")
    await database.write(
        lambda c: c.execute("UPDATE coordination_outbox SET event = '{}'").rowcount
    )
    with pytest.raises(StorageError, match="outbox row 1 does not hold an event"):
        await coordination.relay.drain()


async def test_an_unavailable_engine_blames_not_even_a_lone_event(  # noqa: PLR0917 - fixtures
    running, send, relay_with, clock, outbox_rows, caplog
):

    class Away(FakeEngine):
        async def send(self, events, /):
            if self.is_down:
                self.calls.append([event.id for event in events])
                raise EngineUnavailable("nobody answers at http://engine")
            return await super().send(events)

    caplog.set_level(logging.ERROR, "rawr.coordination")
    engine = Away()
    engine.is_down = True
    await send(run_id="run-1")
    async with running(relay_with(sender=engine)):
        for pause in (1000, 2000, 4000, 5000, 5000, 5000):
            await clock.somebody_waits()
            assert clock.waits[-1] == clock.now_ms() + pause
            clock.advance(pause)
        await clock.somebody_waits()
        engine.is_down = False
        clock.advance(5000)
        await engine.has_admitted(1)
    assert [row[2] for row in await outbox_rows()] == [0]
    assert [record.message.rpartition(": ")[2] for record in caplog.records] == [
        "nobody answers at http://engine"
    ]


async def test_a_refused_event_waits_for_an_unavailable_engine_without_new_blame(
    send, engine, coordination, clock, outbox_rows
):
    engine.refused = {"billing.requested:run-0"}
    await send(run_id="run-0")
    await coordination.relay.drain()

    async def unavailable(_events, /):
        raise EngineUnavailable

    clock.advance(1000)
    coordination.relay._sender = type("Away", (), {"send": staticmethod(unavailable)})()
    assert await coordination.relay.drain() == 1
    assert [row[2] for row in await outbox_rows()] == [1]
