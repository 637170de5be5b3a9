from rawr.composition import CallerClass, Principal
from rawr.host._sessions import COOKIE, Sessions, session_cookie, set_cookie

PRINCIPAL = Principal(subject="s", tenant_id="t", caller=CallerClass.FIRST_PARTY)


def test_a_session_stands_for_its_principal_until_it_ends() -> None:
    sessions = Sessions(now=lambda: 0.0)
    value = sessions.start(PRINCIPAL)
    assert sessions.find(value) is PRINCIPAL
    sessions.end(value)
    assert sessions.find(value) is None


def test_a_session_expires() -> None:
    now = 0.0
    sessions = Sessions(now=lambda: now)
    value = sessions.start(PRINCIPAL)
    now = 13 * 3600.0
    assert sessions.find(value) is None


def test_old_sessions_make_room() -> None:
    sessions = Sessions(now=lambda: 0.0)
    first = sessions.start(PRINCIPAL)
    later = [sessions.start(PRINCIPAL) for _ in range(1000)]
    assert sessions.find(first) is None
    assert all(sessions.find(value) is PRINCIPAL for value in later)


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites() -> None:
    cookie = set_cookie("value", secure=True)
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_reading_cookies() -> None:
    assert session_cookie(f"a=b; {COOKIE}=value") == "value"
    assert session_cookie("a=b") is None
    assert session_cookie("\x00;;;=") is None
    assert session_cookie(None) is None
