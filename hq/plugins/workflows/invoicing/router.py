"""Binds the workflow contract to its operations."""

from plugins.workflows.invoicing.context import InvoicingWorkflowContext
from plugins.workflows.invoicing.contract import InvoicingWorkflows
from plugins.workflows.invoicing.operations.access import require_internal
from plugins.workflows.invoicing.operations.status import (
    get_run_status,
    get_run_timeline,
    watch_run,
)
from plugins.workflows.invoicing.operations.trigger import trigger
from rawr.procedure import Router, implement


def create_router() -> Router[InvoicingWorkflowContext]:
    """The workflow plugin's router: triggers and reads, all internal."""
    os = implement(InvoicingWorkflows, InvoicingWorkflowContext).use(require_internal)
    os.handler(InvoicingWorkflows.trigger_reconciliation)(trigger)
    os.handler(InvoicingWorkflows.get_run_status)(get_run_status)
    os.handler(InvoicingWorkflows.get_run_timeline)(get_run_timeline)
    os.stream(InvoicingWorkflows.watch_run)(watch_run)
    return os.router()
