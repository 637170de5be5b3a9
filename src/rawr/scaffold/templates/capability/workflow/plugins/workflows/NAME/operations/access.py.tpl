"""Who may call the workflow procedures, checked once per request."""

from rawr.procedure import Call, Next

from packages.$name.errors import Forbidden
from plugins.workflows.$name.context import ${Name}WorkflowContext


async def require_internal(call: Call[${Name}WorkflowContext], next: Next[${Name}WorkflowContext]) -> object:
    """Refuse principals that may not call internal procedures."""
    if not call.context.principal.can_call_internal:
        raise Forbidden(message="internal procedures are not open to this caller")
    return await next(call)


def require_trigger_permission(context: ${Name}WorkflowContext) -> None:
    """Refuse principals that may not trigger workflows, and addresses that may not ask."""
    if not context.principal.can_trigger_workflows:
        raise Forbidden(message="this caller may not trigger workflows")
    if not context.network.admits(context.request.source_ip):
        raise Forbidden(message="workflows are not triggered from this network")
