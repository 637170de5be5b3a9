"""Registering invoices and telling how far they are, in the API's own words."""

from packages.invoicing.domain.status import is_terminal_status
from packages.invoicing.errors import Forbidden, NotFound, RunNotFound, RunRef
from packages.invoicing.procedures.contract import StartRun
from plugins.api.invoicing.context import InvoicingApiContext
from plugins.api.invoicing.contract import (
    InvoiceProcessingStarted,
    InvoiceProcessingStatus,
    StartInvoiceProcessing,
)


async def start_processing(
    context: InvoicingApiContext, input: StartInvoiceProcessing
) -> InvoiceProcessingStarted:
    """Register a run in the name of the principal; nobody can ask in another's name."""
    subject = context.principal.subject
    if input.requested_by_user_id not in (None, subject):
        raise Forbidden(message="requestedByUserId is not the caller")
    started = await context.invoicing.start(
        StartRun(invoice_id=input.invoice_id, requested_by=subject)
    )
    return InvoiceProcessingStarted(run_id=started.run_id, accepted=started.accepted)


async def get_processing_status(
    context: InvoicingApiContext, input: RunRef
) -> InvoiceProcessingStatus:
    """Project the package's status to a phase."""
    try:
        current = await context.invoicing.get_status(input)
    except NotFound as error:
        raise RunNotFound(input) from error
    return InvoiceProcessingStatus(
        run_id=current.run_id,
        phase=current.status,
        is_terminal=is_terminal_status(current.status),
    )
