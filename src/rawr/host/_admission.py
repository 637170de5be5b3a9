"""Admitting a request: who sends it, may that caller class come here, not too often."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from rawr.composition import CallerClass, IPNetwork, Principal
from rawr.contract import ORPCError

from ._admitted import remember
from ._overload import set_retry_after
from ._requests import source_ip
from .identity import (
    Credentials,
    Identity,
    KeyedLimit,
    OriginPolicy,
    SessionCookie,
    audit,
    credentials_of,
)

FIRST_PARTIES: Final = frozenset({CallerClass.FIRST_PARTY, CallerClass.SERVICE})
EVERYONE: Final = frozenset(CallerClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Decides once per request, from its credentials alone; every refusal is audited."""

    identity: Identity
    cookie_name: str
    origins: OriginPolicy
    trusted_proxies: tuple[IPNetwork, ...]
    rate: KeyedLimit[tuple[str, str]] | None = None
    """Requests per principal; None limits nothing."""

    async def admit(self, scope: Scope, callers: Collection[CallerClass]) -> Principal:
        """The principal of a request that may be served.

        Raises:
            ORPCError: UNAUTHORIZED, FORBIDDEN, CSRF_TOKEN_MISMATCH or TOO_MANY_REQUESTS.
        """
        credentials = credentials_of(scope["headers"], cookie=self.cookie_name)
        if type(credentials) is SessionCookie:
            self._check_origin(scope)
        principal = await self._authenticate(scope, credentials)
        if principal.caller not in callers:
            self._refused(scope, "caller class", principal)
            raise ORPCError("FORBIDDEN", message="/rpc is for first parties; use /api/orpc.")
        if self.rate is not None:
            self._check_rate(scope, principal, self.rate)
        remember(scope, credentials, principal)
        return principal

    async def _authenticate(self, scope: Scope, credentials: Credentials | None) -> Principal:
        principal = None
        if credentials is not None:
            principal = await self.identity.authenticate(credentials)
        if principal is None:
            self._refused(scope, "no credentials" if credentials is None else "not valid")
            raise ORPCError(
                "UNAUTHORIZED", message="Send a valid token: Authorization: Bearer <token>."
            )
        return principal

    def _check_origin(self, scope: Scope) -> None:
        if scope["type"] == "websocket":
            admits = self.origins.admits_handshake(scope["headers"])
        else:
            admits = self.origins.admits_call(scope["method"], scope["headers"])
        if not admits:
            self._refused(scope, "cross-site")
            raise ORPCError(
                "CSRF_TOKEN_MISMATCH",
                status=403,
                message="Requests with a session cookie come from the HQ's own pages and, "
                "unless they only read, carry the header x-csrf-token: orpc.",
            )

    def _check_rate(
        self, scope: Scope, principal: Principal, rate: KeyedLimit[tuple[str, str]]
    ) -> None:
        wait = rate.take((principal.tenant_id, principal.subject))
        if wait is not None:
            self._refused(scope, "rate", principal)
            set_retry_after(scope, wait)
            raise ORPCError(
                "TOO_MANY_REQUESTS", message=f"Too many requests; try again in {wait} seconds."
            )

    def _refused(self, scope: Scope, reason: str, principal: Principal | None = None) -> None:
        audit(
            "request.refused",
            reason=reason,
            method=scope.get("method", "WEBSOCKET"),
            path=scope["path"],
            subject=None if principal is None else principal.subject,
            tenant=None if principal is None else principal.tenant_id,
            address=source_ip(scope, self.trusted_proxies),
        )
