"""Package middleware: the role, checked once per chain and role; the ports, bound once."""

from packages.invoicing.context import InvoicingContext, TenantContext
from packages.invoicing.errors import Forbidden
from packages.invoicing.procedures.contract import ROLE
from packages.invoicing.service.tenant import TenantDeps
from rawr.procedure import Call, Next, once


async def check_role(call: Call[InvoicingContext], next: Next[InvoicingContext]) -> object:
    """Refuse callers without the role the procedure names in its metadata."""
    role = ROLE.of(call.contract)
    if role not in call.context.principal.roles:
        raise Forbidden(message=f"{role} role is required")
    return await next(call)


require_role = once(check_role, per=lambda call: ROLE.of(call.contract))


async def hydrate_deps(call: Call[InvoicingContext], next: Next[TenantContext]) -> object:
    """Bind the ports to the principal's tenant; handlers get nothing that reaches further."""
    context = call.context

    async def bind() -> TenantDeps:
        return TenantDeps(context.principal.tenant_id, context.deps.runs, context.deps.ledger)

    deps = await context.markers.cached(hydrate_deps, bind)
    hydrated = TenantContext(principal=context.principal, request=context.request, deps=deps)
    return await next(call.with_context(hydrated))
