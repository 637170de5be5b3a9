"""The workflow plugin of invoicing."""

from plugins.workflows.invoicing.context import create_context
from plugins.workflows.invoicing.contract import InvoicingWorkflows
from plugins.workflows.invoicing.functions.event import ReconciliationRequested
from plugins.workflows.invoicing.functions.reconcile import create_functions
from plugins.workflows.invoicing.router import create_router
from rawr.composition import define_workflow_surface

surface = define_workflow_surface(
    contract=InvoicingWorkflows,
    create_router=create_router,
    create_context=create_context,
    create_functions=create_functions,
    events=(ReconciliationRequested,),
)
