"""The context of invoicing's workflow procedures: it alone can dispatch."""

from dataclasses import dataclass

from packages.invoicing.client import InvoicingClient, InvoicingPorts
from rawr.composition import NetworkPolicy, Principal, RequestInfo, WorkflowBoundary
from rawr.coordination import Dispatch


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicingWorkflowContext:
    """Who asks, the package as that principal may use it, and the dispatch."""

    principal: Principal
    request: RequestInfo
    network: NetworkPolicy
    invoicing: InvoicingClient
    dispatch: Dispatch


def create_context(boundary: WorkflowBoundary, ports: InvoicingPorts) -> InvoicingWorkflowContext:
    """Build the context of one request."""
    return InvoicingWorkflowContext(
        principal=boundary.principal,
        request=boundary.request,
        network=boundary.network,
        invoicing=ports.client(boundary.principal, boundary.request),
        dispatch=boundary.dispatch,
    )
