"""Binds the API contract to its operations."""

from plugins.api.invoicing.context import InvoicingApiContext
from plugins.api.invoicing.contract import InvoicingApi
from plugins.api.invoicing.operations.processing import get_processing_status, start_processing
from plugins.api.invoicing.operations.reconciliation import get_reconciliation_status
from rawr.procedure import Router, implement


def create_router() -> Router[InvoicingApiContext]:
    """The API plugin's router."""
    os = implement(InvoicingApi, InvoicingApiContext)
    os.handler(InvoicingApi.start_invoice_processing)(start_processing)
    os.handler(InvoicingApi.get_invoice_processing_status)(get_processing_status)
    os.handler(InvoicingApi.get_reconciliation_status)(get_reconciliation_status)
    return os.router()
