"""The workflow context of $name: it alone can dispatch."""

from dataclasses import dataclass

from rawr.composition import NetworkPolicy, Principal, RequestInfo, WorkflowBoundary
from rawr.coordination import Dispatch

from packages.$name.client import ${Name}Client, ${Name}Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class ${Name}WorkflowContext:
    """Who asks, the package as that principal may use it, and the dispatch."""

    principal: Principal
    request: RequestInfo
    network: NetworkPolicy
    dispatch: Dispatch
    $name: ${Name}Client


def create_context(boundary: WorkflowBoundary, ports: ${Name}Ports) -> ${Name}WorkflowContext:
    """Build the context of one request."""
    return ${Name}WorkflowContext(
        principal=boundary.principal,
        request=boundary.request,
        network=boundary.network,
        dispatch=boundary.dispatch,
        $name=ports.client(boundary.principal, boundary.request),
    )
