"""Who is calling: credentials verified, principals made of nothing else."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rawr.composition import CallerClass, Principal

_TOKEN_BYTES = 32


class Identity(Protocol):
    """Verifies the credentials of a request."""

    async def authenticate(self, bearer: str) -> Principal | None:
        """The principal a bearer token proves, or None if it proves nobody."""
        ...


@dataclass(frozen=True, slots=True)
class TokenIdentity:
    """Bearer tokens known by their digest; the tokens themselves are not kept."""

    principals: dict[bytes, Principal]

    @classmethod
    def of(cls, tokens: dict[str, Principal]) -> "TokenIdentity":
        """An identity that knows these tokens."""
        return cls({_digest(token): principal for token, principal in tokens.items()})

    async def authenticate(self, bearer: str) -> Principal | None:
        """See `Identity.authenticate`; compares in constant time, against every token."""
        digest, found = _digest(bearer), None
        for known, principal in self.principals.items():
            if hmac.compare_digest(known, digest):
                found = principal
        return found


def development_identity(data_dir: Path, roles: frozenset[str]) -> TokenIdentity:
    """The first-party token of a development host, minted once, in `<data dir>/dev-token`.

    The file is readable by its owner only (mode 0600); the developer has every role.
    """
    developer = Principal(
        subject="developer",
        tenant_id="local",
        caller=CallerClass.FIRST_PARTY,
        roles=roles,
        can_call_internal=True,
        can_trigger_workflows=True,
    )
    return TokenIdentity.of({_development_token(data_dir / "dev-token"): developer})


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
    minted = secrets.token_urlsafe(_TOKEN_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(minted + "\n")
    return minted


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
