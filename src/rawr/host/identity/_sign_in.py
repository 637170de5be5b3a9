"""Signing in: by password, by token, by a one-time ticket; never often, never tellingly."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio
import anyio.to_thread

from rawr.composition import CallerClass
from rawr.sqlite import StorageError

from ._audit import audit
from ._credentials import BearerToken
from ._digest import token_digest
from ._errors import TooManyAttempts
from ._limits import KeyedLimit
from ._passwords import MAX_PASSWORD_BYTES, PasswordHasher
from ._port import Identity
from ._proof import KnowsDigests, Proof, ProofKind, Proven
from ._tickets import Tickets
from ._tokens import TokenRegistry
from ._users import User, UserRegistry

logger: Final = logging.getLogger("rawr.host")

_ATTEMPTS_PER_MINUTE: Final = 10
_HASHES_AT_ONCE: Final = 2
_MAX_NAME: Final = 128


@dataclass(slots=True, kw_only=True)
class SignIn:
    """The ways into a session.

    Attempts are limited by address and by name, and every refusal answers alike and takes as
    long. `now` is in seconds.
    """

    identity: Identity
    tokens: TokenRegistry
    users: UserRegistry
    tickets: Tickets
    hasher: PasswordHasher
    now: Callable[[], float]
    _by_address: KeyedLimit[str] = field(init=False)
    _by_name: KeyedLimit[str] = field(init=False)
    _decoy: str = field(init=False, default="", repr=False)
    _hashing: anyio.CapacityLimiter = field(init=False)

    def __post_init__(self) -> None:
        self._by_address = KeyedLimit(per_minute=_ATTEMPTS_PER_MINUTE, now=self.now)
        self._by_name = KeyedLimit(per_minute=_ATTEMPTS_PER_MINUTE, now=self.now)
        self._hashing = anyio.CapacityLimiter(_HASHES_AT_ONCE)

    async def with_password(
        self, name: str, password: str, *, address: str | None
    ) -> Proven | None:
        """Somebody with a name and a password.

        Raises:
            TooManyAttempts: This address, or somebody under this name, tried too often.
        """
        name = name[:_MAX_NAME]
        self._take(address, name)
        decoy = await self._decoy_hash()
        user = self.users.find(name)
        encoded = decoy if user is None else user.password_hash
        # Cut off rather than refused: the work is then the same for every attempt.
        is_right = await anyio.to_thread.run_sync(
            self.hasher.verify, password[: MAX_PASSWORD_BYTES + 1], encoded, limiter=self._hashing
        )
        user = self.users.find(name)  # it may have been disabled meanwhile
        if user is None or not is_right:
            audit("sign-in.refused", by="password", name=name, address=address)
            return None
        await self._rehash(user, password)
        audit("sign-in", by="password", subject=name, tenant=user.grant.tenant_id, address=address)
        return Proven(principal=user.principal, proof=Proof(kind=ProofKind.USER, ref=name))

    async def _rehash(self, user: User, password: str) -> None:
        """Give the user a hash of today's kind; if it cannot be stored, the next sign-in does."""
        if not self.hasher.is_outdated(user.password_hash):
            return
        hashed = await anyio.to_thread.run_sync(self.hasher.hash, password, limiter=self._hashing)
        try:
            await self.users.rehash(user, hashed)
        except StorageError as error:
            logger.warning(
                "The new hash of a password could not be stored: %s",
                error,
                extra={"action": "identity.rehash"},
            )

    async def with_token(self, token: str, *, address: str | None) -> Proven | None:
        """Somebody with a token of a first party or service.

        Third parties have the published API and nothing to sign in to.

        Raises:
            TooManyAttempts: This address tried too often.
        """
        self._take(address, None)
        proven = await self._prove_token(token)
        if proven is None or proven.principal.caller is CallerClass.THIRD_PARTY:
            audit("sign-in.refused", by="token", address=address)
            return None
        return _entered(proven, "token", address)

    async def _prove_token(self, token: str) -> Proven | None:
        principal, kind = self.tokens.find(token), ProofKind.TOKEN
        if principal is None:
            principal = await self.identity.authenticate(BearerToken(token))
            can_be_asked = isinstance(self.identity, KnowsDigests)
            kind = ProofKind.START if can_be_asked else ProofKind.OTHER
        if principal is None:
            return None
        ref = "" if kind is ProofKind.OTHER else token_digest(token).hex()
        return Proven(principal=principal, proof=Proof(kind=kind, ref=ref))

    async def with_ticket(self, value: str, *, address: str | None) -> Proven | None:
        """Whoever opens a one-time link first.

        Raises:
            TooManyAttempts: This address tried too often.
        """
        self._take(address, None)
        principal = self.tickets.redeem(value)
        if principal is None:
            audit("sign-in.refused", by="ticket", address=address)
            return None
        proof = Proof(kind=ProofKind.TICKET, ref=principal.subject)
        return _entered(Proven(principal=principal, proof=proof), "ticket", address)

    def _take(self, address: str | None, name: str | None) -> None:
        waits = [self._by_address.take(address or "unknown")]
        if name is not None:
            waits.append(self._by_name.take(name))
        wait = max((seconds for seconds in waits if seconds is not None), default=None)
        if wait is not None:
            audit("sign-in.limited", address=address, name=name, retry_after=wait)
            raise TooManyAttempts(wait)

    async def _decoy_hash(self) -> str:
        """A hash no password is known for, so that unknown names cost what known ones do."""
        if not self._decoy:
            self._decoy = await anyio.to_thread.run_sync(
                self.hasher.hash, "nobody's password", limiter=self._hashing
            )
        return self._decoy


def _entered(proven: Proven, by: str, address: str | None) -> Proven:
    principal = proven.principal
    audit(
        "sign-in",
        by=by,
        subject=principal.subject,
        tenant=principal.tenant_id,
        caller=principal.caller.value,
        address=address,
    )
    return proven
