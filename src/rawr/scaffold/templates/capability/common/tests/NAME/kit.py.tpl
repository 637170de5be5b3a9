"""Callers for the tests of $name."""

from rawr.composition import CallerClass, Principal, RequestInfo

from packages.$name.client import ${Name}Client, ${Name}Ports
from packages.$name.procedures.contract import READ, WRITE

REQUEST = RequestInfo(request_id="req-1", correlation_id="corr-1")


def client_of(
    ports: ${Name}Ports,
    *,
    tenant_id: str = "acme",
    roles: tuple[str, ...] = (READ, WRITE),
) -> ${Name}Client:
    """The package as somebody of a tenant may use it."""
    principal = Principal(
        subject="ada",
        tenant_id=tenant_id,
        caller=CallerClass.FIRST_PARTY,
        roles=frozenset(roles),
    )
    return ports.client(principal, REQUEST)
