"""Whatever the order of requests, the invariants of a run hold."""

import asyncio
import itertools
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.coordination.kit import (
    BILLING,
    REQUESTED,
    FakeEngine,
    ManualClock,
    Requested,
    request_for,
)

from rawr.coordination import (
    MIGRATIONS,
    Coordination,
    IllegalTransition,
    RunFinished,
    StaleRun,
    Verdict,
)
from rawr.sqlite import Database

LIFECYCLE = BILLING.lifecycle
STATUSES = st.sampled_from(sorted(LIFECYCLE.statuses))


class OneRun(RuleBasedStateMachine):
    """Drives one run and keeps the model of what it must look like."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.runner.run(self._open())
        self.timeline = [("run.started", "queued")]
        self.status, self.revision, self.sends = "queued", 1, 1

    async def _open(self) -> None:
        numbers = itertools.count()
        self.database = await Database.open(
            Path(self.directory.name) / "hq.db", migrations=[MIGRATIONS]
        )
        self.engine = FakeEngine()
        self.coordination = Coordination.on_sqlite(
            self.database,
            sender=self.engine,
            clock=ManualClock(),
            new_id=lambda: f"id-{next(numbers)}",
        )
        self.runs = self.coordination.runs(BILLING)
        await self._send()

    async def _send(self):
        return await self.coordination.dispatch.send(
            REQUESTED.event(Requested(run_id="run-1")), run=request_for(run_id="run-1")
        )

    @rule(to=STATUSES, behind=st.sampled_from([None, 0, 0, 1]))
    def transition(self, to, behind):
        verdict = LIFECYCLE.judge(self.status, to)
        expected = None if behind is None else self.revision - behind
        try:
            moved = self.runner.run(
                self.runs.transition("run-1", to, tenant_id="acme", expected_revision=expected)
            )
        except IllegalTransition:
            assert verdict is Verdict.ILLEGAL
        except StaleRun:
            assert behind
            assert verdict is not Verdict.NO_CHANGE
        else:
            assert moved.changed == (verdict is Verdict.CHANGE)
            if moved.changed:
                self.status, self.revision = to, self.revision + 1
                self.timeline.append((LIFECYCLE.event_type(to), to))

    @rule(event_id=st.sampled_from([None, "same"]))
    def append(self, event_id):
        try:
            event = self.runner.run(
                self.runs.append("run-1", "note", tenant_id="acme", event_id=event_id)
            )
        except RunFinished:
            assert LIFECYCLE.is_terminal(self.status)
        else:
            if event.sequence > len(self.timeline):
                self.timeline.append(("note", self.status))

    @rule()
    def repeat_the_request(self):
        sent = self.runner.run(self._send())
        assert sent.event_ids == ()
        assert sent.run.status == self.status

    @rule(name=st.sampled_from(["a", "b"]))
    def learn_the_engines_run(self, name):
        self.runner.run(self.runs.engine_run_known("run-1", name, tenant_id="acme"))

    @rule()
    def relay(self):
        assert self.runner.run(self.coordination.relay.drain()) == 0

    @precondition(lambda self: LIFECYCLE.is_terminal(self.status))
    @rule()
    def watch_to_the_end(self):
        async def watch():
            return [event async for event in self.runs.watch("run-1", tenant_id="acme")]

        assert [(e.type, e.status) for e in self.runner.run(watch())] == self.timeline

    @invariant()
    def the_run_is_what_the_model_says(self):
        timeline = self.runner.run(self.runs.timeline("run-1", tenant_id="acme"))
        run = timeline.run
        assert (run.status, run.revision) == (self.status, self.revision)
        assert run.is_finished == LIFECYCLE.is_terminal(self.status)
        assert [(event.type, event.status) for event in timeline.events] == self.timeline
        assert [event.sequence for event in timeline.events] == [*range(1, len(self.timeline) + 1)]
        assert run.last_sequence == len(self.timeline)

    @invariant()
    def the_event_was_sent_at_most_once(self):
        assert sum(len(call) for call in self.engine.calls) <= 1

    def teardown(self):
        self.runner.run(self.database.close())
        self.runner.close()
        self.directory.cleanup()


TestOneRun = OneRun.TestCase
TestOneRun.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
