"""Binds the package's procedures to their handlers."""

from packages.invoicing.context import InvoicingContext
from packages.invoicing.middleware import hydrate_deps, require_role
from packages.invoicing.procedures import reconciliation, runs
from packages.invoicing.procedures.contract import InvoicingPackage
from rawr.procedure import Router, implement


def create_router() -> Router[InvoicingContext]:
    """The package's router; plugins reach it through the in-process client."""
    os = implement(InvoicingPackage, InvoicingContext).use(require_role).use(hydrate_deps)
    os.handler(InvoicingPackage.start)(runs.start)
    os.handler(InvoicingPackage.get_status)(runs.get_status)
    os.handler(InvoicingPackage.cancel)(runs.cancel)
    os.handler(InvoicingPackage.get_reconciliation_status)(runs.get_reconciliation_status)
    os.handler(InvoicingPackage.get_timeline)(runs.get_timeline)
    os.stream(InvoicingPackage.watch_timeline)(runs.watch_timeline)
    os.handler(InvoicingPackage.queue_reconciliation)(reconciliation.queue_reconciliation)
    os.handler(InvoicingPackage.preflight_reconciliation)(reconciliation.preflight_reconciliation)
    os.handler(InvoicingPackage.reconcile)(reconciliation.reconcile)
    os.handler(InvoicingPackage.mark_reconciliation_result)(
        reconciliation.mark_reconciliation_result
    )
    os.handler(InvoicingPackage.record_failure)(reconciliation.record_failure)
    return os.router()
