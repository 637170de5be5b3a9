"""Local users: people who sign in to this HQ by name and password."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from rawr.composition import CallerClass, Principal
from rawr.sqlite import Database

from ._errors import AlreadyExists, UnknownIdentity
from ._grant import GRANT_COLUMNS, Grant

_COLUMNS: Final = f"name, password_hash, created_at_ms, disabled_at_ms, {GRANT_COLUMNS}"
_LOAD: Final = f"SELECT {_COLUMNS} FROM identity_users ORDER BY name"  # noqa: S608 - constants only
_ADD: Final = f"INSERT INTO identity_users ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants only
_REHASH: Final = "UPDATE identity_users SET password_hash = ? WHERE name = ? AND password_hash = ?"
_DISABLE: Final = "UPDATE identity_users SET disabled_at_ms = ? WHERE name = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as kept; times are milliseconds since the epoch."""

    name: str
    password_hash: str = field(repr=False)
    grant: Grant
    created_at_ms: int
    disabled_at_ms: int | None = None

    @property
    def is_enabled(self) -> bool:
        """True until the user is disabled."""
        return self.disabled_at_ms is None

    @property
    def principal(self) -> Principal:
        """Who the user is to procedures: a first party."""
        return self.grant.principal(self.name, CallerClass.FIRST_PARTY)


class UserRegistry:
    """The users of an HQ: stored in its database, read from memory (see `TokenRegistry`)."""

    def __init__(
        self, database: Database, users: Sequence[User], now_ms: Callable[[], int]
    ) -> None:
        self._database = database
        self._now_ms = now_ms
        self._users = {user.name: user for user in users}

    @classmethod
    async def load(cls, database: Database, now_ms: Callable[[], int]) -> "UserRegistry":
        """Read all users."""
        rows = await database.read(lambda connection: connection.execute(_LOAD).fetchall())
        return cls(database, [_user(row) for row in rows], now_ms)

    async def add(self, user: User) -> None:
        """Store a new user.

        Raises:
            AlreadyExists: There is one of that name, perhaps disabled.
        """
        if user.name in self._users:
            raise AlreadyExists(f"there is a user {user.name} already; choose another name")
        row = (
            user.name,
            user.password_hash,
            user.created_at_ms,
            user.disabled_at_ms,
            *user.grant.row(),
        )
        await self._database.write(lambda connection: connection.execute(_ADD, row).rowcount)
        self._users[user.name] = user

    async def rehash(self, user: User, password_hash: str) -> None:
        """Store another hash of a user's password, unless the user changed meanwhile."""
        if self._users.get(user.name) is not user:
            return
        row = (password_hash, user.name, user.password_hash)
        await self._database.write(lambda connection: connection.execute(_REHASH, row).rowcount)
        self._users[user.name] = replace(user, password_hash=password_hash)

    async def disable(self, name: str) -> User:
        """Shut a user out, sessions included; doing it again changes nothing.

        Raises:
            UnknownIdentity: There is no such user.
        """
        user = self._users.get(name)
        if user is None:
            raise UnknownIdentity(f"no user {name}; `rawr users list` shows them")
        if user.is_enabled:
            row = (self._now_ms(), name)
            await self._database.write(
                lambda connection: connection.execute(_DISABLE, row).rowcount
            )
            user = replace(user, disabled_at_ms=row[0])
            self._users[name] = user
        return user

    def all(self) -> list[User]:
        """Every user, disabled ones too."""
        return [*self._users.values()]

    def has_enabled(self) -> bool:
        """True if anybody may sign in."""
        return any(user.is_enabled for user in self._users.values())

    def find(self, name: str) -> User | None:
        """The user of that name, if enabled."""
        user = self._users.get(name)
        return user if user is not None and user.is_enabled else None


def _user(row: tuple[Any, ...]) -> User:
    return User(
        name=row[0],
        password_hash=row[1],
        created_at_ms=row[2],
        disabled_at_ms=row[3],
        grant=Grant.from_row(row[4:]),
    )
