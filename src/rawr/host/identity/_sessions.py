"""Browser sessions: a random cookie that stands for a principal, for a while.

They are kept in the HQ's database by the digest of their cookies, so that a restart signs nobody
out, and read from memory: this process alone writes them. A session ends when it is idle or old,
when somebody signs out, and when what it was begun with (a user, a token) no longer stands.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

from rawr.composition import CallerClass, Principal
from rawr.sqlite import Database

from ._credentials import Credentials, SessionCookie
from ._digest import new_secret, token_digest
from ._grant import GRANT_COLUMNS, Grant
from ._proof import Proof, ProofKind, Proven, Standing

ABSOLUTE_LIFETIME: Final = timedelta(hours=12)
IDLE_LIFETIME: Final = timedelta(hours=2)
RENEWAL: Final = timedelta(hours=1)
"""After this long the next page gives the browser another value for its cookie."""
GRACE: Final = timedelta(minutes=1)
"""How long the value before still counts: requests may be under way with it."""

_ABSOLUTE_MS: Final = ABSOLUTE_LIFETIME // timedelta(milliseconds=1)
_IDLE_MS: Final = IDLE_LIFETIME // timedelta(milliseconds=1)
_RENEWAL_MS: Final = RENEWAL // timedelta(milliseconds=1)
_GRACE_MS: Final = GRACE // timedelta(milliseconds=1)
_MAX_SESSIONS: Final = 10_000

Mode: TypeAlias = Literal["development", "production"]

_COLUMNS: Final = (
    "digest, proof_kind, proof_ref, mode, subject, caller, "
    f"created_at_ms, renewed_at_ms, idle_at_ms, expires_at_ms, {GRANT_COLUMNS}"
)
_LOAD: Final = f"SELECT {_COLUMNS} FROM identity_sessions ORDER BY created_at_ms"  # noqa: S608 - constants only
_ADD: Final = (
    f"INSERT INTO identity_sessions ({_COLUMNS}) "  # noqa: S608 - constants only
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_USED: Final = "UPDATE identity_sessions SET idle_at_ms = ?, expires_at_ms = ? WHERE digest = ?"
_END: Final = "DELETE FROM identity_sessions WHERE digest = ?"


@dataclass(slots=True)
class _Session:
    proven: Proven
    mode: Mode
    created_at_ms: int
    renewed_at_ms: int
    idle_at_ms: int
    expires_at_ms: int
    is_renewed: bool = False

    def is_live(self, now_ms: int) -> bool:
        return now_ms < min(self.expires_at_ms, self.idle_at_ms)


class Sessions:
    """The sessions of an HQ, by the digest of their cookies.

    `standing` tells whether a proof still holds; sessions of another `mode` do not count, so that
    what a developer signed in to opens nothing in production.
    """

    def __init__(
        self,
        database: Database,
        *,
        mode: Mode,
        standing: Standing,
        now_ms: Callable[[], int],
    ) -> None:
        self._database = database
        self._mode: Mode = mode
        self._standing = standing
        self._now_ms = now_ms
        self._open: dict[bytes, _Session] = {}
        self._used: set[bytes] = set()
        self._ended: set[bytes] = set()

    async def load(self) -> None:
        """Read the sessions that were open when the host was last at work."""
        rows = await self._database.read(lambda connection: connection.execute(_LOAD).fetchall())
        for row in rows:
            self._open[row[0]] = _session(row)
        self._sweep()

    async def start(self, proven: Proven) -> str:
        """Begin a session; returns the cookie's value.

        Raises:
            StorageError: It could not be stored, so it was not begun.
        """
        now_ms = self._now_ms()
        session = _Session(
            proven,
            self._mode,
            created_at_ms=now_ms,
            renewed_at_ms=now_ms,
            idle_at_ms=now_ms + _IDLE_MS,
            expires_at_ms=now_ms + _ABSOLUTE_MS,
        )
        if len(self._open) >= _MAX_SESSIONS:
            self._forget(next(iter(self._open)))
        return await self._keep(session)

    def find(self, value: str) -> Principal | None:
        """The principal of a live session; asking keeps it from idling."""
        digest = token_digest(value)
        principal = self._principal(digest)
        if principal is not None:
            self._open[digest].idle_at_ms = self._now_ms() + _IDLE_MS
            self._used.add(digest)
        return principal

    def is_live(self, value: str) -> bool:
        """Whether a session is live; asking changes nothing."""
        return self._principal(token_digest(value)) is not None

    async def renew(self, value: str) -> str | None:
        """Another value for the cookie of a live session, if it is time; the old one fades away.

        Raises:
            StorageError: It could not be stored; the old value goes on.
        """
        digest, now_ms = token_digest(value), self._now_ms()
        session = self._open.get(digest)
        if session is None or session.is_renewed or now_ms < session.renewed_at_ms + _RENEWAL_MS:
            return None
        renewed = await self._keep(replace(session, renewed_at_ms=now_ms))
        session.is_renewed = True
        session.expires_at_ms = min(session.expires_at_ms, now_ms + _GRACE_MS)
        self._used.add(digest)
        return renewed

    async def end(self, value: str) -> None:
        """End a session, at once and for good; an unknown one is no error.

        Raises:
            StorageError: It is over here, but might come back with the next start.
        """
        digest = token_digest(value)
        if digest in self._open:
            self._forget(digest)
            await self.store_use()

    async def store_use(self) -> None:
        """Store how sessions were used, forget those that are over."""
        self._sweep()
        used, ended = [*self._used], [*self._ended]
        if not used and not ended:
            return
        rows = [(it.idle_at_ms, it.expires_at_ms, digest) for digest, it in self._of(used)]

        def work(connection: Any) -> int:
            connection.executemany(_USED, rows)
            return int(connection.executemany(_END, [(digest,) for digest in ended]).rowcount)

        await self._database.write(work)
        self._used.difference_update(used)
        self._ended.difference_update(ended)

    async def authenticate(self, credentials: Credentials, /) -> Principal | None:
        """See `Identity.authenticate`: verifies session cookies."""
        return self.find(credentials.value) if isinstance(credentials, SessionCookie) else None

    def _principal(self, digest: bytes) -> Principal | None:
        session = self._open.get(digest)
        if session is None:
            return None
        principal = self._standing(session.proven) if session.is_live(self._now_ms()) else None
        if principal is None:
            self._forget(digest)
        return principal

    async def _keep(self, session: _Session) -> str:
        value = new_secret()
        digest = token_digest(value)
        row = _row(digest, session)
        await self._database.write(lambda connection: connection.execute(_ADD, row).rowcount)
        self._open[digest] = session
        return value

    def _forget(self, digest: bytes) -> None:
        del self._open[digest]
        self._used.discard(digest)
        self._ended.add(digest)

    def _sweep(self) -> None:
        for digest, session in [*self._open.items()]:
            if session.mode != self._mode:
                self._forget(digest)
            else:
                self._principal(digest)

    def _of(self, digests: Iterable[bytes]) -> list[tuple[bytes, _Session]]:
        return [(digest, self._open[digest]) for digest in digests if digest in self._open]


def _row(digest: bytes, session: _Session) -> tuple[Any, ...]:
    principal, proof = session.proven.principal, session.proven.proof
    grant = Grant(
        tenant_id=principal.tenant_id,
        roles=tuple(principal.roles),
        can_call_internal=principal.can_call_internal,
        can_trigger_workflows=principal.can_trigger_workflows,
    )
    return (
        digest,
        proof.kind.value,
        proof.ref,
        session.mode,
        principal.subject,
        principal.caller.value,
        session.created_at_ms,
        session.renewed_at_ms,
        session.idle_at_ms,
        session.expires_at_ms,
        *grant.row(),
    )


def _session(row: tuple[Any, ...]) -> _Session:
    principal = Grant.from_row(row[10:]).principal(row[4], CallerClass(row[5]))
    return _Session(
        Proven(principal=principal, proof=Proof(kind=ProofKind(row[1]), ref=row[2])),
        row[3],
        *row[6:10],
    )
