"""Everything a host knows of who may call it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Final, assert_never

import anyio

from rawr.composition import Principal
from rawr.durable.domain.clock import Clock
from rawr.sqlite import Database, MigrationSet, StorageError

from ._credentials import Credentials, SessionCookie
from ._passwords import Argon2Hasher, PasswordHasher
from ._port import Identity, IdentityChain
from ._proof import KnowsDigests, ProofKind, Proven, Standing
from ._sessions import Mode, Sessions
from ._sign_in import SignIn
from ._tickets import Tickets
from ._tokens import TokenRegistry
from ._users import UserRegistry

logger: Final = logging.getLogger("rawr.host")

_STORE_USE_EVERY: Final = timedelta(minutes=5)

#: Give these to `Database.open`; the tables share the HQ's database.
MIGRATIONS: Final = MigrationSet(
    component="identity", directory=files("rawr.host.identity") / "migrations"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The identities of one host and the ways to prove one."""

    identity: Identity
    tokens: TokenRegistry
    users: UserRegistry
    sessions: Sessions
    tickets: Tickets
    sign_in: SignIn

    @classmethod
    async def open(
        cls,
        database: Database,
        *,
        known: Identity,
        others: Sequence[Identity] = (),
        now_ms: Callable[[], int],
        mode: Mode = "development",
        guest: Principal | None = None,
        hasher: PasswordHasher | None = None,
    ) -> "Access":
        """Read tokens, users and open sessions.

        `known` verifies the tokens the host was started with: they open sessions too. `others`
        verify bearer tokens issued elsewhere. `guest` is whom one-time links are for.
        """

        def now() -> float:
            return now_ms() / 1000

        tokens = await TokenRegistry.load(database, now_ms)
        users = await UserRegistry.load(database, now_ms)
        standing = _standing(known, tokens, users, guest)
        sessions = Sessions(database, mode=mode, standing=standing, now_ms=now_ms)
        await sessions.load()
        tickets = Tickets(now=now)
        return cls(
            identity=IdentityChain(bearer=(tokens, known, *others), cookie=(sessions,)),
            tokens=tokens,
            users=users,
            sessions=sessions,
            tickets=tickets,
            sign_in=SignIn(
                identity=known,
                tokens=tokens,
                users=users,
                tickets=tickets,
                hasher=hasher or Argon2Hasher(),
                now=now,
            ),
        )

    def has_somebody(self) -> bool:
        """True if there is a token that lives, or a user who may sign in."""
        return self.tokens.has_live() or self.users.has_enabled()

    async def still_proves(self, credentials: Credentials, subject: str) -> bool:
        """Whether credentials that proved this subject before still do.

        Unlike asking who is calling, this keeps no session from idling.
        """
        if isinstance(credentials, SessionCookie):
            return self.sessions.is_live(credentials.value)
        principal = await self.identity.authenticate(credentials)
        return principal is not None and principal.subject == subject

    async def keep_use_stored(self, clock: Clock) -> None:
        """Store now and then when tokens and sessions were last used; runs until cancelled."""
        pause_ms = _STORE_USE_EVERY // timedelta(milliseconds=1)
        while True:
            await clock.wait(anyio.Event(), clock.now_ms() + pause_ms)
            await self.store_use()

    async def store_use(self) -> None:
        """Store when tokens and sessions were last used, and forget sessions that are over.

        A failure is logged: the next time stores it all.
        """
        try:
            await self.tokens.store_use()
            await self.sessions.store_use()
        except StorageError as error:
            logger.warning(
                "When tokens and sessions were used could not be stored: %s",
                error,
                extra={"action": "identity.store_use"},
            )


def _standing(
    known: Identity, tokens: TokenRegistry, users: UserRegistry, guest: Principal | None
) -> Standing:
    """Asks whoever verified a proof whether it still holds, and for whom."""

    def ask(proven: Proven) -> Principal | None:
        ref = proven.proof.ref
        match proven.proof.kind:
            case ProofKind.USER:
                user = users.find(ref)
                return None if user is None else user.principal
            case ProofKind.TOKEN:
                return tokens.principal_of(bytes.fromhex(ref))
            case ProofKind.START:
                if not isinstance(known, KnowsDigests):
                    return None
                return known.principal_of(bytes.fromhex(ref))
            case ProofKind.TICKET:
                return guest if guest is not None and guest.subject == ref else None
            case ProofKind.OTHER:
                return proven.principal
            case kind:
                assert_never(kind)

    return ask
