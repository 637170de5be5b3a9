from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rawr.composition import CallerClass, Principal
from rawr.host.identity import (
    MIGRATIONS,
    BearerToken,
    CookiePolicy,
    Proof,
    ProofKind,
    Proven,
    SessionCookie,
    Sessions,
)
from rawr.sqlite import Database
from rawr.testing.clock import VirtualClock

PRINCIPAL = Principal(
    subject="s",
    tenant_id="t",
    caller=CallerClass.FIRST_PARTY,
    roles=frozenset({"a", "b"}),
    can_call_internal=True,
)
ADA = Proven(principal=PRINCIPAL)
MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "hq.db", migrations=[MIGRATIONS]) as opened:
        yield opened


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def stands(proven: Proven) -> Principal | None:
    return proven.principal


async def opened(database: Database, clock: VirtualClock, **changes: Any) -> Sessions:
    given: dict[str, Any] = {"mode": "development", "standing": stands, **changes}
    sessions = Sessions(database, now_ms=clock.now_ms, **given)
    await sessions.load()
    return sessions


@pytest.fixture
async def sessions(database: Database, clock: VirtualClock) -> Sessions:
    return await opened(database, clock)


async def rows(database: Database) -> list[tuple[Any, ...]]:
    def work(connection: Any) -> list[tuple[Any, ...]]:
        return [*connection.execute("SELECT * FROM identity_sessions")]

    return await database.read(work)


async def test_a_session_stands_for_its_principal_until_it_ends(sessions: Sessions) -> None:
    value = await sessions.start(ADA)
    assert sessions.find(value) == PRINCIPAL
    await sessions.end(value)
    assert sessions.find(value) is None
    await sessions.end(value)


async def test_an_idle_session_ends(sessions: Sessions, clock: VirtualClock) -> None:
    value = await sessions.start(ADA)
    for _ in range(2):
        clock.advance(119 * MINUTE)
        assert sessions.find(value) == PRINCIPAL
    clock.advance(120 * MINUTE)
    assert sessions.find(value) is None


async def test_asking_whether_it_is_live_keeps_no_session_from_idling(
    sessions: Sessions, clock: VirtualClock
) -> None:
    value = await sessions.start(ADA)
    clock.advance(119 * MINUTE)
    assert sessions.is_live(value)
    clock.advance(1 * MINUTE)
    assert not sessions.is_live(value)


async def test_a_busy_session_ends_too(sessions: Sessions, clock: VirtualClock) -> None:
    value = await sessions.start(ADA)
    for _ in range(11):
        clock.advance(HOUR)
        assert sessions.find(value) == PRINCIPAL
    clock.advance(HOUR)
    assert sessions.find(value) is None


async def test_a_session_ends_with_what_it_was_started_with(
    database: Database, clock: VirtualClock
) -> None:
    live = True
    sessions = await opened(database, clock, standing=lambda _: PRINCIPAL if live else None)
    value = await sessions.start(ADA)
    assert sessions.find(value) is PRINCIPAL
    live = False
    assert sessions.find(value) is None
    live = True
    assert sessions.find(value) is None


async def test_a_restart_signs_nobody_out(database: Database, clock: VirtualClock) -> None:
    before = await opened(database, clock)
    proven = Proven(principal=PRINCIPAL, proof=Proof(kind=ProofKind.USER, ref="ada"))
    value = await before.start(proven)
    asked: list[Proven] = []

    def standing(proven: Proven) -> Principal:
        asked.append(proven)
        return proven.principal

    after = await opened(database, clock, standing=standing)
    assert after.find(value) == PRINCIPAL
    assert asked[0] == proven


async def test_a_session_that_was_ended_does_not_come_back(
    database: Database, clock: VirtualClock, sessions: Sessions
) -> None:
    value = await sessions.start(ADA)
    await sessions.end(value)
    assert (await opened(database, clock)).find(value) is None
    assert await rows(database) == []


async def test_a_restart_prolongs_nothing(
    database: Database, clock: VirtualClock, sessions: Sessions
) -> None:
    value = await sessions.start(ADA)
    clock.advance(HOUR)
    assert sessions.find(value) == PRINCIPAL
    await sessions.store_use()
    clock.advance(119 * MINUTE)
    assert (await opened(database, clock)).is_live(value)
    clock.advance(MINUTE)
    assert not (await opened(database, clock)).is_live(value)


async def test_a_developers_session_opens_nothing_in_production(
    database: Database, clock: VirtualClock, sessions: Sessions
) -> None:
    value = await sessions.start(ADA)
    production = await opened(database, clock, mode="production")
    assert production.find(value) is None
    await production.store_use()
    assert (await opened(database, clock)).find(value) is None


async def test_what_is_over_is_swept_from_the_database(
    database: Database, clock: VirtualClock, sessions: Sessions
) -> None:
    old = await sessions.start(ADA)
    clock.advance(90 * MINUTE)
    young = await sessions.start(ADA)
    clock.advance(60 * MINUTE)
    await sessions.store_use()
    assert len(await rows(database)) == 1
    assert (sessions.find(old), sessions.find(young)) == (None, PRINCIPAL)


async def test_a_cookie_gets_another_value_after_an_hour(
    sessions: Sessions, clock: VirtualClock
) -> None:
    first = await sessions.start(ADA)
    assert await sessions.renew(first) is None
    clock.advance(HOUR)
    second = await sessions.renew(first)
    assert second is not None
    assert second != first
    assert (sessions.find(first), sessions.find(second)) == (PRINCIPAL, PRINCIPAL)
    assert await sessions.renew(first) is None
    assert await sessions.renew(second) is None
    clock.advance(MINUTE)
    assert (sessions.find(first), sessions.find(second)) == (None, PRINCIPAL)


async def test_a_value_that_was_renewed_fades_after_a_restart_too(
    database: Database, sessions: Sessions, clock: VirtualClock
) -> None:
    first = await sessions.start(ADA)
    clock.advance(HOUR)
    second = await sessions.renew(first)
    assert second is not None
    await sessions.store_use()
    clock.advance(MINUTE)
    restarted = await opened(database, clock)
    assert (restarted.is_live(first), restarted.is_live(second)) == (False, True)


async def test_renewing_prolongs_nothing(sessions: Sessions, clock: VirtualClock) -> None:
    value = await sessions.start(ADA)
    for _ in range(11):
        clock.advance(HOUR)
        assert sessions.find(value) == PRINCIPAL
        value = await sessions.renew(value) or value
    clock.advance(HOUR)
    assert sessions.find(value) is None


async def test_nothing_unknown_is_renewed(sessions: Sessions) -> None:
    assert await sessions.renew("planted") is None


async def test_old_sessions_make_room(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rawr.host.identity._sessions._MAX_SESSIONS", 3)
    first = await sessions.start(ADA)
    later = [await sessions.start(ADA) for _ in range(3)]
    assert sessions.find(first) is None
    assert all(sessions.find(value) == PRINCIPAL for value in later)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_only_digests_of_cookies_are_kept(
    tmp_path: Path, database: Database, sessions: Sessions
) -> None:
    value = await sessions.start(ADA)
    stored = everything_in(tmp_path)
    assert b"identity_sessions" in stored
    assert value.encode() not in stored
    assert value not in repr(vars(sessions))


async def test_sessions_verify_cookies_and_nothing_else(sessions: Sessions) -> None:
    value = await sessions.start(ADA)
    assert await sessions.authenticate(SessionCookie(value)) == PRINCIPAL
    assert await sessions.authenticate(SessionCookie(value[:-1])) is None
    assert await sessions.authenticate(BearerToken(value)) is None


def test_a_secure_cookie_is_tied_to_host_and_tls() -> None:
    policy = CookiePolicy(secure=True, max_age=timedelta(hours=12))
    assert policy.start("value") == (
        "__Host-rawr_session=value; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"
    )
    assert policy.clear().startswith("__Host-rawr_session=; Path=/; Max-Age=0;")


def test_on_loopback_the_cookie_does_without_tls() -> None:
    policy = CookiePolicy(secure=False, max_age=timedelta(hours=12))
    assert policy.start("value") == (
        "rawr_session=value; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
    )
