"""JWT bearer tokens of one issuer (RFC 7519, RFC 8725): verified, then mapped to a principal.

The optional dependency joserfc is imported here and in `_jwks`, nowhere else.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError

from rawr.composition import Principal

from ._credentials import BearerToken, Credentials
from ._digest import token_digest
from ._jwks import IssuerKeys, KeysUnavailable
from ._jwt_policy import JwtPolicy

LEEWAY_SECONDS: Final = 30
INTERNAL_SCOPE: Final = "rawr:internal"
TRIGGER_SCOPE: Final = "rawr:trigger"

_MAX_TOKEN: Final = 8192
_DOTS: Final = 2
_MAX_CACHED: Final = 4096
_TYPES: Final = frozenset({None, "jwt", "at+jwt", "application/jwt", "application/at+jwt"})
_SUBJECT: Final = re.compile(r"[\x21-\x7e]{1,128}")
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}")


@dataclass(frozen=True, slots=True)
class _Verified:
    principal: Principal
    expires_at: float
    generation: int


class JwtIdentity:
    """Verifies JWTs; one seen before costs a look-up by digest. `now` is in seconds."""

    def __init__(self, policy: JwtPolicy, keys: IssuerKeys, now: Callable[[], float]) -> None:
        self._policy = policy
        self._keys = keys
        self._now = now
        self._seen: dict[bytes, _Verified] = {}
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": policy.issuer},
            aud={"essential": True, "value": policy.audience},
            exp={"essential": True},
        )

    async def authenticate(self, credentials: Credentials, /) -> Principal | None:
        """See `Identity.authenticate`: verifies bearer tokens that look like a JWT."""
        if not isinstance(credentials, BearerToken):
            return None
        token = credentials.value
        if len(token) > _MAX_TOKEN or token.count(".") != _DOTS:
            return None
        digest = token_digest(token)
        seen = self._seen.get(digest)
        if seen is not None and self._still_holds(seen):
            return seen.principal
        verified = await self._verify(token)
        if verified is None:
            self._seen.pop(digest, None)
            return None
        if len(self._seen) >= _MAX_CACHED:
            self._seen.pop(next(iter(self._seen)))
        self._seen[digest] = verified
        return verified.principal

    def _still_holds(self, seen: _Verified) -> bool:
        keys = self._keys
        return (
            self._now() < seen.expires_at and keys.is_fresh and seen.generation == keys.generation
        )

    async def _verify(self, token: str) -> _Verified | None:
        try:
            header = jws.extract_compact(token.encode()).headers()
            kid, kind = header.get("kid"), header.get("typ")
            if not isinstance(kid, str) or not _is_access_token(kind):
                return None
            if header.get("alg") not in self._policy.algorithms:
                return None
            keys = await self._keys.find(kid)
            decoded = jwt.decode(token, keys, algorithms=self._policy.algorithms)
            self._claims.validate(decoded.claims)
        except (JoseError, KeysUnavailable, LookupError, TypeError, ValueError):
            return None
        principal = self._principal(decoded.claims)
        if principal is None:
            return None
        expires_at = decoded.claims["exp"] + LEEWAY_SECONDS
        return _Verified(principal, expires_at, self._keys.generation)

    def _principal(self, claims: Mapping[str, Any]) -> Principal | None:
        subject, tenant = claims.get("sub"), claims.get("tenant_id")
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            return None
        if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
            return None
        roles, scope = claims.get("roles", []), claims.get("scope", "")
        if not isinstance(roles, list) or not isinstance(scope, str):
            return None
        scopes = scope.split(" ")
        return Principal(
            subject=subject,
            tenant_id=tenant,
            caller=self._policy.caller,
            roles=frozenset(role for role in roles if isinstance(role, str)) & self._policy.roles,
            can_call_internal=INTERNAL_SCOPE in scopes,
            can_trigger_workflows=TRIGGER_SCOPE in scopes,
        )


def _is_access_token(kind: object) -> bool:
    """False for JWTs made for something else, such as a logout or a proof of possession."""
    return kind is None or (isinstance(kind, str) and kind.lower() in _TYPES)
