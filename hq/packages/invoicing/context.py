"""What every procedure of the package gets: who asks, for which request, with which ports."""

from dataclasses import dataclass, field

from packages.invoicing.service.ledger import Ledger
from packages.invoicing.service.runs import InvoicingRuns
from packages.invoicing.service.tenant import TenantDeps
from rawr.composition import Principal, RequestInfo
from rawr.procedure import Markers


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicingDeps:
    """The ports the host binds once."""

    runs: InvoicingRuns
    ledger: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicingContext:
    """The context of one chain of package calls, as its client makes it."""

    principal: Principal
    request: RequestInfo
    deps: InvoicingDeps
    markers: Markers = field(default_factory=Markers)
    """What middleware has done already in this chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantContext:
    """The context of a handler: its ports reach one tenant's runs and no others."""

    principal: Principal
    request: RequestInfo
    deps: TenantDeps
