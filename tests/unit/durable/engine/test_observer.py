"""What an engine tells of its work."""

from collections import Counter
from pathlib import Path

import httpx2
import inngest

from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.run import RunStatus
from rawr.durable.domain.step import StepStatus
from rawr.durable.engine import Engine
from rawr.durable.engine.observer import CallOutcome, Observer


class Told:
    """Remembers what it was told, and how often."""

    def __init__(self) -> None:
        self.heard: Counter[tuple[str, ...]] = Counter()

    def accepted(self, events: int) -> None:
        self.heard["accepted",] += events

    def started(self, function_id: str) -> None:
        self.heard["started", function_id] += 1

    def stepped(self, function_id: str, status: StepStatus) -> None:
        self.heard["stepped", function_id, status] += 1

    def called(self, function_id: str, outcome: CallOutcome, duration_ms: int) -> None:
        assert duration_ms >= 0
        self.heard["called", function_id, outcome] += 1

    def ended(self, function_id: str, status: RunStatus) -> None:
        self.heard["ended", function_id, status] += 1


async def test_an_observer_hears_of_events_runs_steps_and_calls(tmp_path: Path) -> None:
    client = inngest.Inngest(app_id="app", is_production=False)

    @client.create_function(fn_id="good", trigger=inngest.TriggerEvent(event="app/go"))
    async def good(ctx: inngest.Context) -> None:
        for name in "ab":
            await ctx.step.run(name, lambda: None)

    @client.create_function(fn_id="bad", trigger=inngest.TriggerEvent(event="app/go"))
    async def bad(ctx: inngest.Context) -> None:
        raise inngest.NonRetriableError("broken")

    told: Told = Told()
    observer: Observer = told
    async with await Engine.open(
        tmp_path, http_client=httpx2.AsyncClient(), observer=observer
    ) as engine:
        await engine.serve(client, [good, bad])
        await engine.send([EventDraft(name="app/go", data={}), EventDraft(name="app/x", data={})])
        await engine.settle()
    assert told.heard == {
        ("accepted",): 2,
        ("started", "app-good"): 1,
        ("started", "app-bad"): 1,
        ("stepped", "app-good", "completed"): 2,
        ("called", "app-good", "returned"): 1,
        ("called", "app-bad", "errored"): 1,
        ("ended", "app-good", "completed"): 1,
        ("ended", "app-bad", "failed"): 1,
    }
