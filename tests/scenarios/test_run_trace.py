"""The trace of a durable run, and the hooks that run around its calls."""

import logging
from pathlib import Path
from typing import Any

import inngest
import pytest
from tests.scenarios.kit import HQ, fields, manifest_with, running_hq
from tests.scenarios.test_failure import ALWAYS, FlakyLedger

from plugins.workflows.invoicing.functions.run_trace import RunTrace, RunTracing, run_trace

STATUSES = ["queued", "reconciling", "completed"]


def event(**data: Any) -> inngest.Event:
    return inngest.Event(name="e", data=data)


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        (event(), RunTrace()),
        (event(requestId="r", correlationId="c"), RunTrace(request_id="r", correlation_id="c")),
        (event(correlationId="c"), RunTrace(request_id="unknown", correlation_id="c")),
        (event(requestId=None, correlationId=""), RunTrace()),
        (
            event(event={"data": {"requestId": "r", "correlationId": "c"}}, run_id="engine"),
            RunTrace(request_id="r", correlation_id="c"),
        ),
        (event(event="text", requestId="r"), RunTrace(request_id="r")),
    ],
)
def test_a_trace_is_read_from_the_event_and_else_unknown(
    given: inngest.Event, trace: RunTrace
) -> None:
    assert RunTrace.of(given) == trace


def test_without_the_middleware_the_trace_is_unknown() -> None:
    class Bare:
        pass

    bare: Any = Bare()
    assert run_trace(bare) == RunTrace(request_id="unknown", correlation_id="unknown")


async def test_the_correlation_of_a_request_is_on_every_entry_of_its_timeline(hq: HQ) -> None:
    response = await hq.trigger(headers={"x-correlation-id": "corr-7"}, invoiceId="inv-1")
    await hq.settle()
    events = await hq.timeline(fields(response)["runId"])
    assert [event["status"] for event in events] == STATUSES
    assert {event["correlationId"] for event in events} == {"corr-7"}


async def test_a_registered_runs_entries_tell_their_own_requests(hq: HQ) -> None:
    started = await hq.caller(**{"x-correlation-id": "corr-start"}).request(
        "POST", "/api/orpc/invoicing/processing/start", body=b'{"invoiceId":"inv-1"}'
    )
    run_id = fields(started)["runId"]
    await hq.trigger(headers={"x-correlation-id": "corr-go"}, runId=run_id)
    await hq.settle()
    told = [event["correlationId"] for event in await hq.timeline(run_id)]
    assert told == ["corr-start", "corr-go", "corr-go", "corr-go"]


async def test_the_failure_handler_has_the_trace_of_the_run_that_failed(tmp_path: Path) -> None:
    async with running_hq(tmp_path, manifest=manifest_with(FlakyLedger(ALWAYS).over)) as hq:
        response = await hq.trigger(headers={"x-correlation-id": "corr-7"}, invoiceId="inv-1")
        run_id = fields(response)["runId"]
        await hq.exhaust(run_id)
        assert (await hq.timeline(run_id))[-1]["correlationId"] == "corr-7"


async def test_the_end_of_calls_is_logged_with_the_correlation(
    hq: HQ, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "invoicing.functions"):
        await hq.trigger(headers={"x-correlation-id": "corr-7"}, invoiceId="inv-1")
        await hq.settle()
    told = [vars(record)["correlation_id"] for record in caplog.records if "ended" in record.msg]
    assert told
    assert set(told) == {"corr-7"}


async def test_a_hook_that_runs_twice_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-010: the engine may call a finished hook again."""
    hook = RunTracing.after_execution

    async def twice(self: RunTracing) -> None:
        await hook(self)
        await hook(self)

    monkeypatch.setattr(RunTracing, "after_execution", twice)
    async with running_hq(tmp_path) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        assert await hq.statuses(run_id) == STATUSES
        assert await hq.reconciled() == [("inv-1", "acme", run_id)]


async def test_a_hook_that_never_runs_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D-010: nothing of the run's state hangs on a hook."""
    monkeypatch.setattr(RunTracing, "after_execution", inngest.Middleware.after_execution)
    monkeypatch.setattr(RunTracing, "transform_input", inngest.Middleware.transform_input)
    async with running_hq(tmp_path) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.settle()
        assert await hq.statuses(run_id) == STATUSES
        assert (await hq.status(run_id))["status"] == "completed"


async def test_a_hook_that_fails_once_costs_a_retry_and_repeats_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True])

    async def fail_once(_self: RunTracing) -> None:
        if next(failures, False):
            raise ConnectionError("nobody takes the measurement")

    monkeypatch.setattr(RunTracing, "after_execution", fail_once)
    async with running_hq(tmp_path) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
        await hq.exhaust(run_id)
        assert await hq.statuses(run_id) == STATUSES
        assert await hq.reconciled() == [("inv-1", "acme", run_id)]
