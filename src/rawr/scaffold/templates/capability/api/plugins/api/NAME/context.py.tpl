"""The API context of $name."""

from dataclasses import dataclass

from rawr.composition import ApiBoundary, Principal

from packages.$name.client import ${Name}Client, ${Name}Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class ${Name}ApiContext:
    """Who asks, and the package as that principal may use it."""

    principal: Principal
    $name: ${Name}Client


def create_context(boundary: ApiBoundary, ports: ${Name}Ports) -> ${Name}ApiContext:
    """Build the context of one request."""
    return ${Name}ApiContext(
        principal=boundary.principal,
        $name=ports.client(boundary.principal, boundary.request),
    )
