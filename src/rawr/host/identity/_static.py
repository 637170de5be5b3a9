"""Tokens a host is started with: the developer's and the trusted service's."""

import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from rawr.composition import CallerClass, Principal

from ._credentials import BearerToken, Credentials
from ._digest import new_secret, token_digest


@dataclass(frozen=True, slots=True)
class TokenIdentity:
    """Bearer tokens known by their digest; the tokens themselves are not kept."""

    principals: dict[bytes, Principal]

    @classmethod
    def of(cls, tokens: dict[str, Principal]) -> "TokenIdentity":
        """An identity that knows these tokens."""
        return cls({token_digest(token): principal for token, principal in tokens.items()})

    def principal_of(self, digest: bytes) -> Principal | None:
        """See `KnowsDigests.principal_of`."""
        found = None
        for known, principal in self.principals.items():
            if hmac.compare_digest(known, digest):
                found = principal
        return found

    async def authenticate(self, credentials: Credentials, /) -> Principal | None:
        """See `Identity.authenticate`; compares in constant time, against every token."""
        if not isinstance(credentials, BearerToken):
            return None
        return self.principal_of(token_digest(credentials.value))


def development_identity(data_dir: Path, roles: frozenset[str]) -> TokenIdentity:
    """The first-party token of a development host, minted once, in `<data dir>/dev-token`.

    The file is readable by its owner only (mode 0600); the developer has every role.
    """
    return TokenIdentity.of({_development_token(data_dir / "dev-token"): developer(roles)})


def developer(roles: frozenset[str]) -> Principal:
    """Whoever works on a development host: a first party of the tenant `local`."""
    return Principal(
        subject="developer",
        tenant_id="local",
        caller=CallerClass.FIRST_PARTY,
        roles=roles,
        can_call_internal=True,
        can_trigger_workflows=True,
    )


def service_identity(token: str, tenant_id: str, roles: frozenset[str]) -> TokenIdentity:
    """The one trusted service of a production host."""
    service = Principal(
        subject="service",
        tenant_id=tenant_id,
        caller=CallerClass.SERVICE,
        roles=roles,
        can_call_internal=True,
        can_trigger_workflows=True,
    )
    return TokenIdentity.of({token: service})


def _development_token(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = ""
    if token:
        path.chmod(0o600)
        return token
    minted = new_secret()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(minted + "\n")
    return minted
