"""Package middleware: roles are checked here, once per chain and role."""

from rawr.procedure import Call, Next

from packages.$name.context import ${Name}Context
from packages.$name.errors import Forbidden


async def require_role(call: Call[${Name}Context], next: Next[${Name}Context]) -> object:
    """Refuse callers without the role the procedure names in its metadata."""
    role = str(call.contract.definition.meta["role"])
    checked = call.context.middleware_state.checked_roles
    if role not in checked:
        if role not in call.context.principal.roles:
            raise Forbidden(message=f"{role} role is required")
        checked.add(role)
    return await next(call)
