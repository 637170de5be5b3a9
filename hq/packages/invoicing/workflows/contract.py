"""The canonical workflow contract of invoicing: triggers, run status, timeline.

A declaration only: the workflow plugin re-exports and implements it, the host mounts it.
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from packages.invoicing.domain.run import ReconciliationScope
from packages.invoicing.domain.status import RunState
from packages.invoicing.errors import (
    Forbidden,
    ReconciliationNotPossible,
    RequestConflict,
    RunNotFound,
    RunRef,
    Unauthorized,
)
from rawr.contract import Contract, get, post
from rawr.schema import Schema


class TriggerReconciliation(Schema):
    """Exactly one target: a registered run, one invoice, or a scope."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
                for name in ("runId", "invoiceId", "scope")
            ]
        }
    )

    request_id: str | None = Field(default=None, min_length=1, max_length=128)
    requested_by_user_id: str | None = Field(default=None, min_length=1, max_length=128)
    run_id: str | None = Field(default=None, min_length=1, max_length=128)
    invoice_id: str | None = Field(default=None, min_length=1, max_length=128)
    scope: ReconciliationScope | None = None

    @model_validator(mode="after")
    def _exactly_one_target(self) -> Self:
        targets = [self.run_id, self.invoice_id, self.scope]
        if sum(target is not None for target in targets) != 1:
            raise ValueError("give exactly one of runId, invoiceId and scope")
        return self


class ReconciliationAccepted(Schema):
    """The reconciliation is queued and will run, whatever happens to the process."""

    accepted: Literal[True] = True
    run_id: str
    correlation_id: str


class RunStatus(Schema):
    """Where a run stands."""

    run_id: str
    status: RunState
    is_terminal: bool


class TimelineEvent(Schema):
    """One step of a run's life; `sequence` orders them and resumes a stream.

    `correlation_id` is that of the request it goes back to.
    """

    event_id: str
    sequence: int
    run_id: str
    correlation_id: str | None = None
    type: str
    ts: datetime
    status: RunState
    detail: str | None = None
    attempt: int | None = None


class RunTimeline(Schema):
    """The life of a run, in sequence order."""

    run_id: str
    events: list[TimelineEvent]


class InvoicingWorkflows(
    Contract,
    prefix="/invoicing",
    tags=["invoicing"],
    errors=[Unauthorized, Forbidden],
    publish=True,
):
    """Trigger a reconciliation and follow it."""

    trigger_reconciliation = (
        post("/reconciliation/trigger")
        .route(operation_id="invoicingTriggerReconciliation", summary="Start a reconciliation")
        .input(TriggerReconciliation)
        .output(ReconciliationAccepted)
        .errors(RunNotFound, RequestConflict, ReconciliationNotPossible)
    )
    get_run_status = (
        get("/runs/{runId}")
        .route(operation_id="invoicingGetRunStatus", summary="Where a run stands")
        .input(RunRef)
        .output(RunStatus)
        .errors(RunNotFound)
    )
    get_run_timeline = (
        get("/runs/{runId}/timeline")
        .route(operation_id="invoicingGetRunTimeline", summary="The life of a run")
        .input(RunRef)
        .output(RunTimeline)
        .errors(RunNotFound)
    )
    watch_run = (
        get("/runs/{runId}/events")
        .route(operation_id="invoicingWatchRun", summary="The life of a run, as it happens")
        .input(RunRef)
        .streams(TimelineEvent)
        .errors(RunNotFound)
    )
