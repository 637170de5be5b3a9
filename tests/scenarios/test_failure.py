"""A ledger that fails: retries on a virtual clock, and the run that gives up."""

from pathlib import Path

import pytest
from tests.scenarios.kit import manifest_with, running_hq

from packages.invoicing.domain.run import ReconciliationScope
from packages.invoicing.service.ledger import Ledger
from rawr.durable.domain.clock import Clock
from rawr.host import BootStages, EngineBundle, Settings
from rawr.host._boot import open_engine

SECOND_MS = 1000


class FlakyLedger:
    """A ledger whose first calls raise."""

    def __init__(self, failures: float) -> None:
        self.failures = failures
        self.calls: list[str] = []
        self.books: Ledger | None = None

    def over(self, books: Ledger) -> Ledger:
        self.books = books
        return self

    async def reconcile(self, tenant_id: str, run_id: str, scope: ReconciliationScope) -> list[str]:
        self.calls.append(run_id)
        if len(self.calls) <= self.failures:
            raise ConnectionError(f"the books are closed ({len(self.calls)})")
        assert self.books is not None
        return await self.books.reconcile(tenant_id, run_id, scope)


ALWAYS = float("inf")


async def test_while_retries_remain_the_run_is_not_failed(tmp_path: Path) -> None:
    ledger = FlakyLedger(ALWAYS)
    async with running_hq(tmp_path, manifest=manifest_with(ledger.over)) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        for attempt in (1, 2):
            assert len(ledger.calls) == attempt
            assert await hq.status(run_id) == {
                "runId": run_id,
                "status": "reconciling",
                "isTerminal": False,
            }
            await hq.advance_to_next()
        assert len(ledger.calls) == 3


async def test_when_retries_are_exhausted_the_run_has_failed_once(tmp_path: Path) -> None:
    ledger = FlakyLedger(ALWAYS)
    async with running_hq(tmp_path, manifest=manifest_with(ledger.over)) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.exhaust(run_id)

        assert len(ledger.calls) == 3
        events = await hq.timeline(run_id)
        assert [event["status"] for event in events] == ["queued", "reconciling", "failed"]
        assert "the books are closed (3)" in events[-1]["detail"]
        assert await hq.reconciled() == []


async def test_a_failed_run_stays_failed(tmp_path: Path) -> None:
    ledger = FlakyLedger(3)
    async with running_hq(tmp_path, manifest=manifest_with(ledger.over)) as hq:
        run_id = await hq.accepted(requestId="req-1", invoiceId="inv-1")
        await hq.exhaust(run_id)
        before = await hq.timeline(run_id)

        assert await hq.accepted(requestId="req-1", invoiceId="inv-1") == run_id
        hq.clock.advance(24 * 3600 * SECOND_MS)
        await hq.settle()
        assert await hq.timeline(run_id) == before
        assert len(ledger.calls) == 3


async def test_a_failure_that_passes_is_retried_to_completion(tmp_path: Path) -> None:
    ledger = FlakyLedger(2)
    async with running_hq(tmp_path, manifest=manifest_with(ledger.over)) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.exhaust(run_id)
        assert len(ledger.calls) == 3
        assert await hq.statuses(run_id) == ["queued", "reconciling", "completed"]
        assert await hq.reconciled() == [("inv-1", "acme", run_id)]


async def test_a_retry_waits_as_the_protocol_says(tmp_path: Path) -> None:
    ledger = FlakyLedger(ALWAYS)
    async with running_hq(tmp_path, manifest=manifest_with(ledger.over)) as hq:
        await hq.accepted(invoiceId="inv-1")
        for least_seconds in (15, 30):  # and up to 30 seconds of jitter
            waited = await hq.advance_to_next()
            assert least_seconds * SECOND_MS <= waited <= (least_seconds + 30) * SECOND_MS


async def test_one_runs_failure_is_not_anothers(tmp_path: Path) -> None:
    ledger = FlakyLedger(1)
    async with running_hq(tmp_path, manifest=manifest_with(ledger.over)) as hq:
        unlucky = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        lucky = await hq.accepted(invoiceId="inv-2")
        await hq.settle()
        assert (await hq.status(lucky))["status"] == "completed"
        assert (await hq.status(unlucky))["status"] == "reconciling"


@pytest.mark.parametrize("crash_after", [0, 1, 2])
async def test_retries_go_on_after_a_restart(tmp_path: Path, crash_after: int) -> None:
    ledger = FlakyLedger(2)
    manifest = manifest_with(ledger.over)
    async with running_hq(tmp_path, manifest=manifest) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        for _ in range(crash_after):
            await hq.advance_to_next()
        now_ms = hq.clock.now_ms()
    async with running_hq(tmp_path, manifest=manifest, start_ms=now_ms) as hq:
        await hq.exhaust(run_id)
        assert await hq.statuses(run_id) == ["queued", "reconciling", "completed"]
        assert len(ledger.calls) == 3


async def without_engine(settings: Settings, clock: Clock) -> EngineBundle:
    """An engine whose client gets nothing through."""
    bundle = await open_engine(settings, clock)

    async def refuse(_events: object) -> list[str]:
        raise ConnectionError("the engine is away")

    vars(bundle.client)["send"] = refuse
    return bundle


async def test_a_run_accepted_while_the_engine_was_away_runs_after_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_hq(tmp_path, stages=BootStages(open_engine=without_engine)) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        assert (await hq.status(run_id))["status"] == "queued"
        later = hq.clock.now_ms() + 3600 * SECOND_MS
    assert "1 events wait in the outbox" in caplog.text

    async with running_hq(tmp_path, start_ms=later) as hq:
        await hq.settle()
        assert (await hq.status(run_id))["status"] == "completed"
