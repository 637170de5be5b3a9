"""What an operator may do with tokens and users: a closed set of commands.

Secrets stay where they are made: a command carries the digest of a token or the hash of a
password, never either of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias, assert_never

import msgspec

from rawr.composition import CallerClass

from ._audit import audit
from ._errors import InvalidIdentity
from ._grant import Grant, check_grant
from ._tokens import ApiToken, TokenRegistry
from ._users import User, UserRegistry

MAX_TOKEN_LIFETIME: Final = timedelta(days=3650)
_DIGEST_BYTES: Final = 32


class _Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class CreateToken(_Command, tag="create-token", frozen=True, kw_only=True):
    """Keep a token that was minted."""

    digest: bytes
    subject: str
    caller: CallerClass
    grant: Grant
    lifetime_seconds: int


class ListTokens(_Command, tag="list-tokens", frozen=True, kw_only=True):
    """Tell which tokens there are."""


class RevokeToken(_Command, tag="revoke-token", frozen=True, kw_only=True):
    """End a token."""

    token_id: str


class AddUser(_Command, tag="add-user", frozen=True, kw_only=True):
    """Keep a user."""

    name: str
    password_hash: str
    grant: Grant


class ListUsers(_Command, tag="list-users", frozen=True, kw_only=True):
    """Tell which users there are."""


class DisableUser(_Command, tag="disable-user", frozen=True, kw_only=True):
    """Shut a user out."""

    name: str


Command: TypeAlias = CreateToken | ListTokens | RevokeToken | AddUser | ListUsers | DisableUser


class TokenLine(msgspec.Struct, frozen=True, kw_only=True):
    """What may be told of a token; times are milliseconds since the epoch."""

    token_id: str
    subject: str
    caller: CallerClass
    grant: Grant
    created_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int | None
    last_used_at_ms: int | None


class UserLine(msgspec.Struct, frozen=True, kw_only=True):
    """What may be told of a user; times are milliseconds since the epoch."""

    name: str
    grant: Grant
    created_at_ms: int
    disabled_at_ms: int | None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens or users a command was about; `error` says why it was refused."""

    tokens: tuple[TokenLine, ...] = ()
    users: tuple[UserLine, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """Executes commands where the data is owned."""

    tokens: TokenRegistry
    users: UserRegistry
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    on_access_changed: Callable[[], None] = lambda: None
    """Told when a token or user may no longer do what it could."""

    async def execute(self, command: Command, *, actor: str) -> Reply:
        """Do it, and note in the audit log that `actor` did.

        Raises:
            IdentityError: It cannot be done; the message says why.
        """
        match command:
            case CreateToken():
                return _tokens(await self._create(command, actor))
            case ListTokens():
                return _tokens(*self.tokens.all())
            case RevokeToken(token_id=token_id):
                token = await self.tokens.revoke(token_id)
                self.on_access_changed()
                audit("token.revoked", actor=actor, token_id=token_id, subject=token.subject)
                return _tokens(token)
            case AddUser():
                return _users(await self._add(command, actor))
            case ListUsers():
                return _users(*self.users.all())
            case DisableUser(name=name):
                user = await self.users.disable(name)
                self.on_access_changed()
                audit("user.disabled", actor=actor, name=name)
                return _users(user)
            case _:
                assert_never(command)

    async def _create(self, command: CreateToken, actor: str) -> ApiToken:
        check_grant(command.subject, command.grant)
        lifetime = command.lifetime_seconds
        if not 0 < lifetime <= MAX_TOKEN_LIFETIME.total_seconds():
            raise InvalidIdentity(f"a token lives from 1 second to {MAX_TOKEN_LIFETIME.days} days")
        if len(command.digest) != _DIGEST_BYTES:
            raise InvalidIdentity("the digest of a token is a SHA-256 one")
        now_ms = self.now_ms()
        token = ApiToken(
            token_id=self.new_id(),
            digest=command.digest,
            subject=command.subject,
            caller=command.caller,
            grant=command.grant,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + lifetime * 1000,
        )
        await self.tokens.add(token)
        audit(
            "token.created",
            actor=actor,
            token_id=token.token_id,
            subject=token.subject,
            caller=token.caller.value,
            tenant=token.grant.tenant_id,
            roles=token.grant.roles,
        )
        return token

    async def _add(self, command: AddUser, actor: str) -> User:
        check_grant(command.name, command.grant)
        user = User(
            name=command.name,
            password_hash=command.password_hash,
            grant=command.grant,
            created_at_ms=self.now_ms(),
        )
        await self.users.add(user)
        audit(
            "user.added",
            actor=actor,
            name=user.name,
            tenant=user.grant.tenant_id,
            roles=user.grant.roles,
        )
        return user


def _tokens(*tokens: ApiToken) -> Reply:
    return Reply(
        tokens=tuple(
            TokenLine(
                token_id=token.token_id,
                subject=token.subject,
                caller=token.caller,
                grant=token.grant,
                created_at_ms=token.created_at_ms,
                expires_at_ms=token.expires_at_ms,
                revoked_at_ms=token.revoked_at_ms,
                last_used_at_ms=token.last_used_at_ms,
            )
            for token in tokens
        )
    )


def _users(*users: User) -> Reply:
    return Reply(
        users=tuple(
            UserLine(
                name=user.name,
                grant=user.grant,
                created_at_ms=user.created_at_ms,
                disabled_at_ms=user.disabled_at_ms,
            )
            for user in users
        )
    )
