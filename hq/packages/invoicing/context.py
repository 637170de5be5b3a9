"""What every procedure of the package gets: who asks, for which request, with which ports."""

from dataclasses import dataclass, field

from packages.invoicing.service.ledger import Ledger
from packages.invoicing.service.runs import InvoicingRuns
from rawr.composition import Principal, RequestInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicingDeps:
    """The ports the host binds once."""

    runs: InvoicingRuns
    ledger: Ledger


@dataclass(slots=True)
class MiddlewareState:
    """Markers of what ran already, so that heavy middleware runs once per chain."""

    checked_roles: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicingContext:
    """The context of one chain of package calls."""

    principal: Principal
    request: RequestInfo
    deps: InvoicingDeps
    middleware_state: MiddlewareState = field(default_factory=MiddlewareState)
