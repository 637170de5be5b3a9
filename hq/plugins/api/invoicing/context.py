"""The context of invoicing's API procedures."""

from dataclasses import dataclass

from packages.invoicing.client import InvoicingClient, InvoicingPorts
from rawr.composition import ApiBoundary, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicingApiContext:
    """Who asks, and the package as that principal may use it."""

    principal: Principal
    invoicing: InvoicingClient


def create_context(boundary: ApiBoundary, ports: InvoicingPorts) -> InvoicingApiContext:
    """Build the context of one request."""
    return InvoicingApiContext(
        principal=boundary.principal,
        invoicing=ports.client(boundary.principal, boundary.request),
    )
