"""Telling where a reconciliation stands."""

from packages.invoicing.errors import NotFound, RunNotFound, RunRef
from plugins.api.invoicing.context import InvoicingApiContext
from plugins.api.invoicing.contract import ReconciliationStatus


async def get_reconciliation_status(
    context: InvoicingApiContext, input: RunRef
) -> ReconciliationStatus:
    """Project the package's status; the two happen to agree today and may part."""
    try:
        status = await context.invoicing.get_reconciliation_status(input)
    except NotFound as error:
        raise RunNotFound(input) from error
    return ReconciliationStatus(
        run_id=status.run_id,
        tenant_id=status.tenant_id,
        status=status.status,
        is_terminal=status.is_terminal,
        updated_at=status.updated_at,
    )
