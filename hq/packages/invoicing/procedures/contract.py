"""The package's own procedures: what plugins and durable functions call, in process.

Each one says in its metadata which role it takes; reads take `finance:read`, writes
`finance:write`.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from packages.invoicing.domain.run import ReconciliationScope
from packages.invoicing.domain.status import RunState
from packages.invoicing.errors import Forbidden, NotFound, RunRef
from packages.invoicing.workflows.contract import RunTimeline, TimelineEvent
from rawr.contract import Contract, MetaKey, procedure
from rawr.schema import Schema

READ = "finance:read"
WRITE = "finance:write"
OPERATOR = "operator"
"""Known, and asked for by no procedure here: operators see runs, they move no money."""

ROLE = MetaKey[str]("role")


class StartRun(Schema):
    """Registers a run for an invoice."""

    invoice_id: str = Field(min_length=1, max_length=128)
    requested_by: str = Field(min_length=1, max_length=128)


class RunStarted(Schema):
    """The registered run."""

    run_id: str
    accepted: bool


class CurrentStatus(Schema):
    """The status of a run."""

    run_id: str
    status: RunState


class CancelOutcome(Schema):
    """Whether the run was canceled; a run that is past canceling is not."""

    accepted: bool


class QueueReconciliation(Schema):
    """Asks whether a registered run may be reconciled."""

    run_id: str = Field(min_length=1, max_length=128)
    requested_by: str = Field(min_length=1, max_length=128)


class QueueOutcome(Schema):
    """Accepted with the invoice to reconcile, or the reason why not."""

    accepted: bool
    run_id: str | None = None
    scope: ReconciliationScope | None = None
    reason: Literal["invalid-state"] | None = None


class PreflightReconciliation(Schema):
    """Asks for a new run over a scope."""

    request_id: str
    scope: ReconciliationScope


class PreflightOutcome(Schema):
    """The run that the dispatch creates, in the transaction that queues its event."""

    accepted: Literal[True] = True
    run_id: str
    correlation_id: str


class WatchTimeline(Schema):
    """Names a run and the last event already seen."""

    run_id: str
    after: int = Field(default=0, ge=0)


class ReconciliationStatus(Schema):
    """Where the reconciliation of a run stands."""

    run_id: str
    tenant_id: str
    status: RunState
    is_terminal: bool
    updated_at: datetime


class Reconcile(Schema):
    """Reconciles the invoices of a run."""

    run_id: str
    scope: ReconciliationScope
    attempt: int = 0


class ReconcileOutcome(Schema):
    """Whether every invoice could be reconciled; `status` is the run's after the step."""

    ok: bool
    status: RunState


class MarkResult(Schema):
    """Ends a reconciliation."""

    run_id: str
    ok: bool


class RecordFailure(Schema):
    """Ends a run that could not be finished."""

    run_id: str
    reason: str


class InvoicingPackage(Contract, errors=[Forbidden]):
    """Runs of invoices: register, reconcile, end, read."""

    start = procedure().meta(role=WRITE).input(StartRun).output(RunStarted)
    get_status = procedure().meta(role=READ).input(RunRef).output(CurrentStatus).errors(NotFound)
    cancel = procedure().meta(role=WRITE).input(RunRef).output(CancelOutcome).errors(NotFound)
    queue_reconciliation = (
        procedure()
        .meta(role=WRITE)
        .input(QueueReconciliation)
        .output(QueueOutcome)
        .errors(NotFound)
    )
    preflight_reconciliation = (
        procedure().meta(role=WRITE).input(PreflightReconciliation).output(PreflightOutcome)
    )
    get_reconciliation_status = (
        procedure().meta(role=READ).input(RunRef).output(ReconciliationStatus).errors(NotFound)
    )
    get_timeline = procedure().meta(role=READ).input(RunRef).output(RunTimeline).errors(NotFound)
    watch_timeline = (
        procedure().meta(role=READ).input(WatchTimeline).streams(TimelineEvent).errors(NotFound)
    )
    reconcile = (
        procedure().meta(role=WRITE).input(Reconcile).output(ReconcileOutcome).errors(NotFound)
    )
    mark_reconciliation_result = (
        procedure().meta(role=WRITE).input(MarkResult).output(CurrentStatus).errors(NotFound)
    )
    record_failure = (
        procedure().meta(role=WRITE).input(RecordFailure).output(CurrentStatus).errors(NotFound)
    )
