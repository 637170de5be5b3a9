"""Binds the package to what a host lends it."""

from packages.invoicing.client import InvoicingPorts
from packages.invoicing.context import InvoicingDeps
from packages.invoicing.service.ledger import SqliteLedger
from packages.invoicing.service.runs import CoordinatedRuns
from packages.invoicing.service.workflow import RECONCILIATION
from rawr.composition import HostPorts


def provide(ports: HostPorts) -> InvoicingPorts:
    """The package's ports on the host's run store and database."""
    deps = InvoicingDeps(
        runs=CoordinatedRuns(ports.runs(RECONCILIATION), ports.new_id),
        ledger=SqliteLedger(ports.database),
    )
    return InvoicingPorts(deps)
