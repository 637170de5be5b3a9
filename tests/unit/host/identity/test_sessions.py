from datetime import timedelta

from rawr.composition import CallerClass, Principal
from rawr.host.identity import BearerToken, CookiePolicy, Proven, SessionCookie, Sessions

PRINCIPAL = Principal(subject="s", tenant_id="t", caller=CallerClass.FIRST_PARTY)
ADA = Proven(principal=PRINCIPAL)
HOUR = 3600.0


class Hours:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.hours = 0.0

    def __call__(self) -> float:
        return self.hours * HOUR


def test_a_session_stands_for_its_principal_until_it_ends() -> None:
    sessions = Sessions(now=Hours())
    value = sessions.start(ADA)
    assert sessions.find(value) is PRINCIPAL
    sessions.end(value)
    assert sessions.find(value) is None


def test_an_idle_session_ends() -> None:
    clock = Hours()
    sessions = Sessions(now=clock)
    value = sessions.start(ADA)
    clock.hours = 1.9
    assert sessions.find(value) is PRINCIPAL
    clock.hours = 3.8
    assert sessions.find(value) is PRINCIPAL
    clock.hours = 5.8
    assert sessions.find(value) is None


def test_a_busy_session_ends_too() -> None:
    clock = Hours()
    sessions = Sessions(now=clock)
    value = sessions.start(ADA)
    for hour in range(12):
        clock.hours = float(hour)
        assert sessions.find(value) is PRINCIPAL
    clock.hours = 12.0
    assert sessions.find(value) is None


def test_a_session_ends_with_what_it_was_started_with() -> None:
    live = True
    sessions = Sessions(now=Hours())
    value = sessions.start(Proven(principal=PRINCIPAL, is_live=lambda: live))
    assert sessions.find(value) is PRINCIPAL
    live = False
    assert sessions.find(value) is None
    live = True
    assert sessions.find(value) is None


def test_old_sessions_make_room() -> None:
    sessions = Sessions(now=Hours())
    first = sessions.start(ADA)
    later = [sessions.start(ADA) for _ in range(1000)]
    assert sessions.find(first) is None
    assert all(sessions.find(value) is PRINCIPAL for value in later)


def test_only_digests_of_cookies_are_kept() -> None:
    sessions = Sessions(now=Hours())
    assert sessions.start(ADA) not in repr(sessions)


async def test_sessions_verify_cookies_and_nothing_else() -> None:
    sessions = Sessions(now=Hours())
    value = sessions.start(ADA)
    assert await sessions.authenticate(SessionCookie(value)) is PRINCIPAL
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
