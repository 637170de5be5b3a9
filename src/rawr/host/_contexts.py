"""Per-request contexts: admit the caller, build the plugin's own context."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rawr.composition import (
    ApiBoundary,
    IPNetwork,
    NetworkPolicy,
    Principal,
    RequestInfo,
    WorkflowBoundary,
)
from rawr.coordination import Dispatch
from rawr.http import Request

from ._admission import EVERYONE, FIRST_PARTIES, Admission
from ._requests import request_info


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryContexts:
    """Makes the context of every boundary request; nothing is shared between two requests."""

    admission: Admission
    network: NetworkPolicy
    trusted_proxies: tuple[IPNetwork, ...]
    new_id: Callable[[], str]
    dispatches: Mapping[str, Dispatch]
    """For each capability a dispatch that sends the events it declares, and no other."""
    api: Mapping[str, Callable[[ApiBoundary], object]]
    workflows: Mapping[str, Callable[[WorkflowBoundary], object]]

    async def for_api(self, request: Request) -> object:
        """The context of a procedure on `/api/orpc`."""
        return self._api(request, await self.admission.admit(request.scope, EVERYONE))

    async def for_workflows(self, request: Request) -> object:
        """The context of a procedure on `/api/workflows`."""
        return self._workflow(request, await self.admission.admit(request.scope, EVERYONE))

    async def for_rpc(self, request: Request) -> object:
        """The context of a procedure on `/rpc`: the same one as on its own route family."""
        principal = await self.admission.admit(request.scope, FIRST_PARTIES)
        surface = request.place.attributes[1]
        return (self._workflow if surface == "workflows" else self._api)(request, principal)

    def _api(self, request: Request, principal: Principal) -> object:
        boundary = ApiBoundary(
            principal=principal, request=self._info(request), network=self.network
        )
        return self.api[request.place.attributes[0]](boundary)

    def _workflow(self, request: Request, principal: Principal) -> object:
        capability = request.place.attributes[0]
        boundary = WorkflowBoundary(
            principal=principal,
            request=self._info(request),
            network=self.network,
            dispatch=self.dispatches[capability],
        )
        return self.workflows[capability](boundary)

    def _info(self, request: Request) -> RequestInfo:
        return request_info(request.scope, trusted_proxies=self.trusted_proxies, new_id=self.new_id)
