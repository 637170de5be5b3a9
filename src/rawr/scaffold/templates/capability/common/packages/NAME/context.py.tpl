"""What every procedure of the package gets: who asks, for which request, with which ports."""

from dataclasses import dataclass, field

from rawr.composition import Principal, RequestInfo
%% if workflow
from rawr.coordination import Runs
%% end

from packages.$name.service.items import Items


@dataclass(frozen=True, slots=True, kw_only=True)
class ${Name}Deps:
    """The ports the host binds once."""

    items: Items
%% if workflow
    runs: Runs
%% end


@dataclass(slots=True)
class MiddlewareState:
    """Markers of what ran already, so that heavy middleware runs once per chain."""

    checked_roles: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class ${Name}Context:
    """The context of one chain of package calls."""

    principal: Principal
    request: RequestInfo
    deps: ${Name}Deps
    middleware_state: MiddlewareState = field(default_factory=MiddlewareState)
