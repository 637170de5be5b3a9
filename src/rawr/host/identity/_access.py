"""Everything a host knows of who may call it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Final

import anyio

from rawr.durable.domain.clock import Clock
from rawr.sqlite import Database, MigrationSet, StorageError

from ._passwords import PasswordHasher, ScryptHasher
from ._port import Identity, IdentityChain
from ._sessions import Sessions
from ._sign_in import SignIn
from ._tickets import Tickets
from ._tokens import TokenRegistry
from ._users import UserRegistry

logger: Final = logging.getLogger("rawr.host")

_STORE_USE_EVERY: Final = timedelta(minutes=15)

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
        hasher: PasswordHasher | None = None,
    ) -> "Access":
        """Read tokens and users.

        `known` verifies the tokens the host was started with: they open sessions too. `others`
        verify bearer tokens issued elsewhere.
        """

        def now() -> float:
            return now_ms() / 1000

        tokens = await TokenRegistry.load(database, now_ms)
        users = await UserRegistry.load(database, now_ms)
        sessions, tickets = Sessions(now=now), Tickets(now=now)
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
                hasher=hasher or ScryptHasher(),
                now=now,
            ),
        )

    async def keep_use_stored(self, clock: Clock) -> None:
        """Store every quarter of an hour when tokens were last used; runs until cancelled."""
        pause_ms = _STORE_USE_EVERY // timedelta(milliseconds=1)
        while True:
            await clock.wait(anyio.Event(), clock.now_ms() + pause_ms)
            await self.store_use()

    async def store_use(self) -> None:
        """Store when tokens were last used; a failure is logged, for nothing depends on it."""
        try:
            await self.tokens.store_use()
        except StorageError as error:
            logger.warning(
                "When tokens were used could not be stored: %s",
                error,
                extra={"action": "identity.store_use"},
            )
