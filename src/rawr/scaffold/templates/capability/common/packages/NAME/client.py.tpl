"""The in-process client: how the plugins call the package."""

from dataclasses import dataclass, field
from typing import Any

%% if workflow
from rawr.composition import CallerClass, Principal, RequestInfo
%% else
from rawr.composition import Principal, RequestInfo
%% end
from rawr.procedure import Router, create_router_client

from packages.$name.context import ${Name}Context, ${Name}Deps
%% if workflow
from packages.$name.procedures.contract import READ, WRITE, ${Name}Package
%% else
from packages.$name.procedures.contract import ${Name}Package
%% end
from packages.$name.router import create_router

${Name}Client = ${Name}Package


@dataclass(frozen=True, slots=True)
class ${Name}Ports:
    """The package, bound to a host: makes clients for one principal and request."""

    deps: ${Name}Deps
    router: Router[Any] = field(default_factory=create_router)

    def client(self, principal: Principal, request: RequestInfo) -> ${Name}Client:
        """A client acting as a principal; its calls share one chain of middleware markers."""
        context = ${Name}Context(principal=principal, request=request, deps=self.deps)
        return create_router_client(${Name}Package, self.router, context)
%% if workflow

    def system_client(self, tenant_id: str, request: RequestInfo) -> ${Name}Client:
        """A client acting as the durable runtime's own principal, within one tenant."""
        return self.client(system_principal(tenant_id), request)


def system_principal(tenant_id: str) -> Principal:
    """Who durable functions act as: never the requesting user, with the roles they need."""
    return Principal(
        subject="system:$name",
        tenant_id=tenant_id,
        caller=CallerClass.SERVICE,
        roles=frozenset({READ, WRITE}),
    )
%% end
