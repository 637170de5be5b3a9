"""The API boundary of invoicing.

It diverges from the package on purpose, twice: callers say `requestedByUserId` where the
package says `requestedBy`, and they see a `phase` where the package has a `status`.
"""

from datetime import datetime

from pydantic import Field

from packages.invoicing.domain.status import RunState
from packages.invoicing.errors import Forbidden, RunNotFound, RunRef, Unauthorized
from rawr.contract import Contract, get, post
from rawr.schema import Schema


class StartInvoiceProcessing(Schema):
    """Registers a run for an invoice; it dispatches nothing."""

    invoice_id: str = Field(min_length=1, max_length=128)
    requested_by_user_id: str | None = Field(default=None, min_length=1, max_length=128)
    request_source: str | None = Field(default=None, max_length=128)


class InvoiceProcessingStarted(Schema):
    """The registered run."""

    run_id: str
    accepted: bool


class InvoiceProcessingStatus(Schema):
    """How far the processing of an invoice is."""

    run_id: str
    phase: RunState
    is_terminal: bool


class ReconciliationStatus(Schema):
    """Where the reconciliation of a run stands."""

    run_id: str
    tenant_id: str
    status: RunState
    is_terminal: bool
    updated_at: datetime


class InvoicingApi(
    Contract,
    prefix="/invoicing",
    tags=["invoicing"],
    errors=[Unauthorized, Forbidden],
    publish=True,
):
    """Register invoices and read how far they are."""

    start_invoice_processing = (
        post("/processing/start")
        .route(summary="Register a run for an invoice")
        .input(StartInvoiceProcessing)
        .output(InvoiceProcessingStarted)
    )
    get_invoice_processing_status = (
        get("/processing/{runId}")
        .route(summary="How far an invoice is")
        .input(RunRef)
        .output(InvoiceProcessingStatus)
        .errors(RunNotFound)
    )
    get_reconciliation_status = (
        get("/reconciliation/{runId}")
        .route(summary="Where a reconciliation stands")
        .input(RunRef)
        .output(ReconciliationStatus)
        .errors(RunNotFound)
    )
