"""The in-process client: how plugins and durable functions call the package."""

from dataclasses import dataclass, field
from typing import Any

from packages.invoicing.context import InvoicingContext, InvoicingDeps
from packages.invoicing.procedures.contract import READ, WRITE, InvoicingPackage
from packages.invoicing.router import create_router
from rawr.composition import CallerClass, Principal, RequestInfo
from rawr.procedure import Router, create_router_client

InvoicingClient = InvoicingPackage


@dataclass(frozen=True, slots=True)
class InvoicingPorts:
    """The package, bound to a host: makes clients for one principal and request."""

    deps: InvoicingDeps
    router: Router[Any] = field(default_factory=create_router)

    def client(self, principal: Principal, request: RequestInfo) -> InvoicingClient:
        """A client acting as a principal; its calls share one chain of middleware markers."""
        context = InvoicingContext(principal=principal, request=request, deps=self.deps)
        return create_router_client(InvoicingPackage, self.router, context)

    def system_client(self, tenant_id: str, request: RequestInfo) -> InvoicingClient:
        """A client acting as the durable runtime's own principal, within one tenant."""
        return self.client(system_principal(tenant_id), request)


def system_principal(tenant_id: str) -> Principal:
    """Who durable functions act as: never the requesting user, with the roles they need."""
    return Principal(
        subject="system:invoicing",
        tenant_id=tenant_id,
        caller=CallerClass.SERVICE,
        roles=frozenset({READ, WRITE}),
    )
