"""Tokens, users and sign-in over a real database, with time that stands still."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from rawr.composition import CallerClass, Principal
from rawr.host.identity import (
    MIGRATIONS,
    Access,
    AddUser,
    Administration,
    Argon2Hasher,
    BearerToken,
    CreateToken,
    DisableUser,
    Grant,
    InvalidIdentity,
    RevokeToken,
    ScryptHasher,
    SessionCookie,
    TokenIdentity,
    TokenRegistry,
    TooManyAttempts,
    mint_token,
)
from rawr.sqlite import Database
from rawr.testing.clock import VirtualClock

QUICK = ScryptHasher(log_n=4, p=1)
GRANT = Grant(tenant_id="acme", roles=("finance:read",), can_call_internal=True)
DAY = 24 * 3600
STATIC = Principal(subject="dev", tenant_id="local", caller=CallerClass.FIRST_PARTY)
PASSWORD = "correct horse battery"


class Counting(ScryptHasher):
    """A quick hasher that counts its verifications."""

    calls = 0

    def verify(self, password: str, encoded: str) -> bool:
        type(self).calls += 1
        return super().verify(password, encoded)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "hq.db", migrations=[MIGRATIONS]) as opened:
        yield opened


@pytest.fixture
async def access(database: Database, clock: VirtualClock) -> Access:
    known = TokenIdentity.of({"static": STATIC})
    return await Access.open(database, known=known, now_ms=clock.now_ms, hasher=QUICK)


@pytest.fixture
def administration(access: Access, clock: VirtualClock) -> Administration:
    return Administration(
        tokens=access.tokens, users=access.users, now_ms=clock.now_ms, new_id=_ids()
    )


def _ids() -> Callable[[], str]:
    numbers = iter(range(1, 100))
    return lambda: f"id-{next(numbers)}"


async def create(
    administration: Administration,
    caller: CallerClass = CallerClass.THIRD_PARTY,
    seconds: int = DAY,
) -> str:
    token, digest = mint_token()
    command = CreateToken(
        digest=digest, subject="partner", caller=caller, grant=GRANT, lifetime_seconds=seconds
    )
    await administration.execute(command, actor="test")
    return token


async def add_ada(administration: Administration) -> None:
    command = AddUser(name="ada", password_hash=QUICK.hash(PASSWORD), grant=GRANT)
    await administration.execute(command, actor="test")


async def test_a_token_proves_what_it_was_given(
    access: Access, administration: Administration
) -> None:
    token = await create(administration)
    assert await access.identity.authenticate(BearerToken(token)) == Principal(
        subject="partner",
        tenant_id="acme",
        caller=CallerClass.THIRD_PARTY,
        roles=frozenset({"finance:read"}),
        can_call_internal=True,
    )
    assert await access.identity.authenticate(BearerToken(token + "x")) is None
    assert await access.identity.authenticate(SessionCookie(token)) is None


async def test_tokens_outlive_the_process(
    access: Access, administration: Administration, database: Database, clock: VirtualClock
) -> None:
    live, dead = await create(administration), await create(administration)
    await administration.execute(RevokeToken(token_id="id-2"), actor="test")
    again = await TokenRegistry.load(database, clock.now_ms)
    assert again.all() == access.tokens.all()
    assert again.find(live) == access.tokens.find(live) is not None
    assert again.find(dead) is None


async def test_a_token_expires(
    access: Access, administration: Administration, clock: VirtualClock
) -> None:
    token = await create(administration, seconds=60)
    clock.advance(59_999)
    assert access.tokens.find(token) is not None
    clock.advance(1)
    assert access.tokens.find(token) is None


@pytest.mark.parametrize("seconds", [0, -1, 3650 * DAY + 1])
async def test_a_lifetime_is_bounded(administration: Administration, seconds: int) -> None:
    with pytest.raises(InvalidIdentity, match="3650 days"):
        await create(administration, seconds=seconds)


async def test_last_use_is_noted_by_the_hour_and_stored_when_asked(
    access: Access, administration: Administration, database: Database, clock: VirtualClock
) -> None:
    token = await create(administration)
    assert access.tokens.all()[0].last_used_at_ms is None
    first = clock.now_ms()
    access.tokens.find(token)
    clock.advance(3_599_999)
    access.tokens.find(token)
    assert access.tokens.all()[0].last_used_at_ms == first
    clock.advance(1)
    access.tokens.find(token)
    assert access.tokens.all()[0].last_used_at_ms == first + 3_600_000

    await access.tokens.store_use()
    await access.tokens.store_use()
    stored = await TokenRegistry.load(database, clock.now_ms)
    assert stored.all()[0].last_used_at_ms == first + 3_600_000
    assert access.tokens.find(token) is not None


async def test_digests_and_hashes_are_not_shown(
    access: Access, administration: Administration
) -> None:
    token = await create(administration)
    await add_ada(administration)
    shown = repr(access.tokens.all()) + repr(access.users.all())
    assert token not in shown
    assert "scrypt" not in shown
    assert "digest" not in shown


async def stored_hash(database: Database) -> str:
    def work(connection: Any) -> str:
        (row,) = connection.execute("SELECT password_hash FROM identity_users")
        return str(row[0])

    return await database.read(work)


async def test_signing_in_replaces_a_hash_of_an_older_kind(
    database: Database, clock: VirtualClock
) -> None:
    quick = Argon2Hasher(memory_kib=8, passes=1, lanes=1)
    access = await Access.open(
        database, known=TokenIdentity.of({}), now_ms=clock.now_ms, hasher=quick
    )
    administration = Administration(
        tokens=access.tokens, users=access.users, now_ms=clock.now_ms, new_id=_ids()
    )
    await add_ada(administration)
    old = await stored_hash(database)
    assert await access.sign_in.with_password("ada", "wrong horse battery", address=None) is None
    assert await stored_hash(database) == old
    assert await access.sign_in.with_password("ada", PASSWORD, address=None) is not None
    new = await stored_hash(database)
    assert (old.split("$")[1], new.split("$")[1]) == ("scrypt", "argon2id")
    assert await access.sign_in.with_password("ada", PASSWORD, address=None) is not None
    assert await stored_hash(database) == new


async def test_a_user_disabled_meanwhile_gets_no_new_hash(
    access: Access, administration: Administration, database: Database
) -> None:
    await add_ada(administration)
    before = access.users.find("ada")
    assert before is not None
    await administration.execute(DisableUser(name="ada"), actor="test")
    await access.users.rehash(before, "$another")
    assert await stored_hash(database) == before.password_hash


async def test_a_user_signs_in_as_a_first_party(
    access: Access, administration: Administration
) -> None:
    await add_ada(administration)
    proven = await access.sign_in.with_password("ada", PASSWORD, address="1.2.3.4")
    assert proven is not None
    assert proven.principal == GRANT.principal("ada", CallerClass.FIRST_PARTY)
    value = await access.sessions.start(proven)
    assert await access.identity.authenticate(SessionCookie(value)) == proven.principal


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong horse battery"), ("bob", PASSWORD), ("", ""), ("ada", PASSWORD + "x" * 2000)],
)
async def test_every_refusal_is_alike_and_hashes_once(
    database: Database, clock: VirtualClock, name: str, password: str
) -> None:
    hasher = Counting(log_n=4, p=1)
    known = TokenIdentity.of({})
    access = await Access.open(database, known=known, now_ms=clock.now_ms, hasher=hasher)
    administration = Administration(
        tokens=access.tokens, users=access.users, now_ms=clock.now_ms, new_id=_ids()
    )
    await add_ada(administration)
    Counting.calls = 0
    assert await access.sign_in.with_password(name, password, address=None) is None
    assert Counting.calls == 1


async def test_a_disabled_user_is_out_at_once(
    access: Access, administration: Administration
) -> None:
    await add_ada(administration)
    proven = await access.sign_in.with_password("ada", PASSWORD, address=None)
    assert proven is not None
    value = await access.sessions.start(proven)
    await administration.execute(DisableUser(name="ada"), actor="test")
    assert access.sessions.find(value) is None
    assert await access.sign_in.with_password("ada", PASSWORD, address=None) is None


@pytest.mark.parametrize("ending", ["revoked", "expired"])
async def test_a_session_ends_with_its_token(
    access: Access, administration: Administration, clock: VirtualClock, ending: str
) -> None:
    token = await create(administration, CallerClass.FIRST_PARTY, seconds=60)
    proven = await access.sign_in.with_token(token, address=None)
    assert proven is not None
    value = await access.sessions.start(proven)
    assert access.sessions.find(value) is not None
    if ending == "revoked":
        await administration.execute(RevokeToken(token_id="id-1"), actor="test")
    else:
        clock.advance(60_000)
    assert access.sessions.find(value) is None


async def test_third_parties_have_nothing_to_sign_in_to(
    access: Access, administration: Administration
) -> None:
    token = await create(administration)
    assert await access.sign_in.with_token(token, address=None) is None
    static = await access.sign_in.with_token("static", address=None)
    assert static is not None
    assert static.principal == STATIC


async def test_guessing_is_slowed_down_by_address(access: Access, clock: VirtualClock) -> None:
    for number in range(10):
        await access.sign_in.with_password(f"user-{number}", "guess", address="1.2.3.4")
    with pytest.raises(TooManyAttempts) as limited:
        await access.sign_in.with_token("static", address="1.2.3.4")
    assert limited.value.retry_after == 6
    assert await access.sign_in.with_token("static", address="5.6.7.8") is not None
    clock.advance(6000)
    assert await access.sign_in.with_token("static", address="1.2.3.4") is not None


async def test_guessing_is_slowed_down_by_name(
    access: Access, administration: Administration
) -> None:
    await add_ada(administration)
    for number in range(10):
        await access.sign_in.with_password("ada", "guess", address=f"1.2.3.{number}")
    with pytest.raises(TooManyAttempts):
        await access.sign_in.with_password("ada", PASSWORD, address="5.6.7.8")


async def test_a_ticket_opens_one_session_soon(access: Access, clock: VirtualClock) -> None:
    tickets = access.tickets
    ticket = tickets.issue(STATIC)
    proven = await access.sign_in.with_ticket(ticket, address=None)
    assert proven is not None
    assert proven.principal is STATIC
    assert await access.sign_in.with_ticket(ticket, address=None) is None

    late = tickets.issue(STATIC)
    clock.advance(600_000)
    assert await access.sign_in.with_ticket(late, address=None) is None
    assert late not in repr(tickets)


async def test_a_name_with_too_many_roles_is_refused(administration: Administration) -> None:
    token, digest = mint_token()
    assert token.startswith("rawr_")
    many = Grant(tenant_id="acme", roles=tuple(map(str, range(65))))
    command = CreateToken(
        digest=digest,
        subject="partner",
        caller=CallerClass.SERVICE,
        grant=many,
        lifetime_seconds=60,
    )
    with pytest.raises(InvalidIdentity, match="64 roles"):
        await administration.execute(command, actor="test")


async def test_a_principal_is_what_the_grant_says() -> None:
    principal = GRANT.principal("ada", CallerClass.FIRST_PARTY)
    assert replace(principal, roles=frozenset()) != principal
    assert Grant.from_row(GRANT.row()) == GRANT


async def test_use_is_stored_every_quarter_of_an_hour(
    access: Access, administration: Administration, database: Database, clock: VirtualClock
) -> None:
    token = await create(administration)
    used_at_ms = clock.now_ms()
    access.tokens.find(token)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(access.keep_use_stored, clock)
        await anyio.wait_all_tasks_blocked()
        clock.advance(15 * 60 * 1000)
        await anyio.wait_all_tasks_blocked()
        await database.write(lambda _: None)  # written after what the upkeep has begun to write
        stored = await TokenRegistry.load(database, clock.now_ms)
        tasks.cancel_scope.cancel()
    assert stored.all()[0].last_used_at_ms == used_at_ms


async def test_use_that_cannot_be_stored_stops_nothing(
    access: Access,
    administration: Administration,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = await create(administration)
    access.tokens.find(token)
    await database.close()
    await access.store_use()
    assert "could not be stored" in caplog.text
    assert access.tokens.all()[0].last_used_at_ms is not None
    assert access.tokens.find(token) is not None
