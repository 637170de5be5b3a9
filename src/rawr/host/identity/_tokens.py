"""API tokens: random, shown once, kept as digests in the HQ's database."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from rawr.composition import CallerClass, Principal
from rawr.sqlite import Database

from ._credentials import BearerToken, Credentials
from ._digest import new_secret, token_digest
from ._errors import UnknownIdentity
from ._grant import GRANT_COLUMNS, Grant

TOKEN_PREFIX: Final = "rawr_"  # noqa: S105 - what every token begins with, so that scanners find leaks
USE_RESOLUTION: Final = timedelta(hours=1)
"""How exactly it is known when a token was last used."""
_USE_RESOLUTION_MS: Final = USE_RESOLUTION // timedelta(milliseconds=1)

_COLUMNS: Final = (
    "token_id, digest, subject, caller, created_at_ms, expires_at_ms, revoked_at_ms, "
    f"last_used_at_ms, {GRANT_COLUMNS}"
)
_LOAD: Final = f"SELECT {_COLUMNS} FROM identity_tokens ORDER BY created_at_ms, token_id"  # noqa: S608 - constants only
_ADD: Final = (
    f"INSERT INTO identity_tokens ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants only
)
_REVOKE: Final = "UPDATE identity_tokens SET revoked_at_ms = ? WHERE token_id = ?"
_USED: Final = "UPDATE identity_tokens SET last_used_at_ms = ? WHERE token_id = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token as it is kept; times are milliseconds since the epoch."""

    token_id: str
    digest: bytes = field(repr=False)
    subject: str
    caller: CallerClass
    grant: Grant
    created_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int | None = None
    last_used_at_ms: int | None = None

    def is_live(self, now_ms: int) -> bool:
        """True until it expires or is revoked."""
        return self.revoked_at_ms is None and now_ms < self.expires_at_ms


def mint_token() -> tuple[str, bytes]:
    """A new token, to be shown once, and the digest to keep."""
    token = TOKEN_PREFIX + new_secret()
    return token, token_digest(token)


class TokenRegistry:
    """The tokens of an HQ: stored in its database, read from memory.

    This process alone writes them (it owns the data folder), so memory is never behind: what is
    revoked here is refused from the next request on.
    """

    def __init__(
        self, database: Database, tokens: Sequence[ApiToken], now_ms: Callable[[], int]
    ) -> None:
        self._database = database
        self._now_ms = now_ms
        self._by_id = {token.token_id: token for token in tokens}
        self._by_digest = {token.digest: _Known.of(token) for token in tokens}
        self._used: dict[str, int] = {}

    @classmethod
    async def load(cls, database: Database, now_ms: Callable[[], int]) -> "TokenRegistry":
        """Read all tokens."""
        rows = await database.read(lambda connection: connection.execute(_LOAD).fetchall())
        return cls(database, [_token(row) for row in rows], now_ms)

    async def add(self, token: ApiToken) -> None:
        """Store a new token."""
        row = (
            token.token_id,
            token.digest,
            token.subject,
            token.caller.value,
            token.created_at_ms,
            token.expires_at_ms,
            token.revoked_at_ms,
            token.last_used_at_ms,
            *token.grant.row(),
        )
        await self._database.write(lambda connection: connection.execute(_ADD, row).rowcount)
        self._keep(token)

    async def revoke(self, token_id: str) -> ApiToken:
        """End a token; revoking it again changes nothing.

        Raises:
            UnknownIdentity: There is no such token.
        """
        token = self._by_id.get(token_id)
        if token is None:
            raise UnknownIdentity(f"no token {token_id}; `rawr tokens list` shows them")
        if token.revoked_at_ms is None:
            row = (self._now_ms(), token_id)
            await self._database.write(lambda connection: connection.execute(_REVOKE, row).rowcount)
            token = replace(token, revoked_at_ms=row[0])
            self._keep(token)
        return token

    def all(self) -> list[ApiToken]:
        """Every token, expired and revoked ones too, oldest first."""
        return [
            replace(token, last_used_at_ms=self._used.get(token_id, token.last_used_at_ms))
            for token_id, token in self._by_id.items()
        ]

    def has_live(self) -> bool:
        """True if any token is neither expired nor revoked."""
        now_ms = self._now_ms()
        return any(token.is_live(now_ms) for token in self._by_id.values())

    def find(self, token: str) -> Principal | None:
        """The principal of a live token."""
        digest = token_digest(token)
        known = self._by_digest.get(digest)
        if known is None or not hmac.compare_digest(known.token.digest, digest):
            return None
        now_ms = self._now_ms()
        if not known.token.is_live(now_ms):
            return None
        if now_ms >= known.note_use_at_ms:
            known.note_use_at_ms = now_ms + _USE_RESOLUTION_MS
            self._used[known.token.token_id] = now_ms
        return known.principal

    def principal_of(self, digest: bytes) -> Principal | None:
        """See `KnowsDigests.principal_of`."""
        known = self._by_digest.get(digest)
        is_live = known is not None and known.token.is_live(self._now_ms())
        return known.principal if known is not None and is_live else None

    async def authenticate(self, credentials: Credentials, /) -> Principal | None:
        """See `Identity.authenticate`: verifies bearer tokens."""
        return self.find(credentials.value) if isinstance(credentials, BearerToken) else None

    async def store_use(self) -> None:
        """Store when tokens were last used, as far as that is not stored yet."""
        used = dict(self._used)
        if not used:
            return
        rows = [(used_at_ms, token_id) for token_id, used_at_ms in used.items()]
        await self._database.write(lambda connection: connection.executemany(_USED, rows).rowcount)
        for token_id, used_at_ms in used.items():
            self._keep(replace(self._by_id[token_id], last_used_at_ms=used_at_ms))
            if self._used[token_id] == used_at_ms:  # else it was used again meanwhile
                del self._used[token_id]

    def _keep(self, token: ApiToken) -> None:
        self._by_id[token.token_id] = token
        known = self._by_digest.get(token.digest)
        if known is None:
            self._by_digest[token.digest] = _Known.of(token)
        else:
            known.token = token


@dataclass(slots=True)
class _Known:
    """A token ready to be met in a request."""

    token: ApiToken
    principal: Principal
    note_use_at_ms: int

    @classmethod
    def of(cls, token: ApiToken) -> "_Known":
        noted = (token.last_used_at_ms or 0) + _USE_RESOLUTION_MS
        return cls(token, token.grant.principal(token.subject, token.caller), noted)


def _token(row: tuple[Any, ...]) -> ApiToken:
    return ApiToken(
        token_id=row[0],
        digest=row[1],
        subject=row[2],
        caller=CallerClass(row[3]),
        created_at_ms=row[4],
        expires_at_ms=row[5],
        revoked_at_ms=row[6],
        last_used_at_ms=row[7],
        grant=Grant.from_row(row[8:]),
    )
