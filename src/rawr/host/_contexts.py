"""Per-request contexts: authenticate, admit the caller class, build the plugin's own context."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rawr.composition import (
    ApiBoundary,
    CallerClass,
    IPNetwork,
    NetworkPolicy,
    Principal,
    RequestInfo,
    WorkflowBoundary,
)
from rawr.contract import ORPCError
from rawr.coordination import Dispatch
from rawr.http import Request

from ._identity import Identity
from ._requests import bearer_token, request_info

_FIRST_PARTIES: Final = frozenset({CallerClass.FIRST_PARTY, CallerClass.SERVICE})
_EVERYONE: Final = frozenset(CallerClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryContexts:
    """Makes the context of every boundary request; nothing is shared between two requests."""

    identity: Identity
    network: NetworkPolicy
    trusted_proxies: tuple[IPNetwork, ...]
    new_id: Callable[[], str]
    dispatch: Dispatch
    api: Mapping[str, Callable[[ApiBoundary], object]]
    workflows: Mapping[str, Callable[[WorkflowBoundary], object]]

    async def for_api(self, request: Request) -> object:
        """The context of a procedure on `/api/orpc`."""
        return self._api(request, await self._admit(request, _EVERYONE))

    async def for_workflows(self, request: Request) -> object:
        """The context of a procedure on `/api/workflows`."""
        return self._workflow(request, await self._admit(request, _EVERYONE))

    async def for_rpc(self, request: Request) -> object:
        """The context of a procedure on `/rpc`: the same one as on its own route family."""
        principal = await self._admit(request, _FIRST_PARTIES)
        surface = request.place.attributes[1]
        return (self._workflow if surface == "workflows" else self._api)(request, principal)

    async def _admit(self, request: Request, callers: frozenset[CallerClass]) -> Principal:
        token = bearer_token(request.scope["headers"])
        principal = None if token is None else await self.identity.authenticate(token)
        if principal is None:
            raise ORPCError(
                "UNAUTHORIZED",
                message="Send a valid token: Authorization: Bearer <token>.",
            )
        if principal.caller not in callers:
            raise ORPCError("FORBIDDEN", message="/rpc is for first parties; use /api/orpc.")
        return principal

    def _api(self, request: Request, principal: Principal) -> object:
        boundary = ApiBoundary(
            principal=principal, request=self._info(request), network=self.network
        )
        return self.api[request.place.attributes[0]](boundary)

    def _workflow(self, request: Request, principal: Principal) -> object:
        boundary = WorkflowBoundary(
            principal=principal,
            request=self._info(request),
            network=self.network,
            dispatch=self.dispatch,
        )
        return self.workflows[request.place.attributes[0]](boundary)

    def _info(self, request: Request) -> RequestInfo:
        return request_info(request.scope, trusted_proxies=self.trusted_proxies, new_id=self.new_id)
