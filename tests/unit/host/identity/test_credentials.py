import pytest

from rawr.host.identity import BearerToken, Credentials, SessionCookie, credentials_of

COOKIE = "rawr_session"


def found(*headers: tuple[str, str]) -> Credentials | None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return credentials_of(raw, cookie=COOKIE)


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer\tabc", None),
        ("abc", None),
        ("", None),
    ],
)
def test_bearer_tokens(value: str, token: str | None) -> None:
    assert found(("authorization", value)) == (None if token is None else BearerToken(token))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("rawr_session=abc", "abc"),
        ("a=b; rawr_session=abc; c=d", "abc"),
        ("rawr_session=abc;rawr_session=abc", "abc"),
        ("rawr_session=abc=", "abc="),
        ("rawr_session=abc; rawr_session=def", None),
        ("rawr_session=", None),
        ("rawr_session", None),
        ("RAWR_SESSION=abc", None),
        ("__Host-rawr_session=abc", None),
        ("xrawr_session=abc", None),
        ("\x00;;;=", None),
        ("", None),
    ],
)
def test_session_cookies(header: str, value: str | None) -> None:
    assert found(("cookie", header)) == (None if value is None else SessionCookie(value))


def test_a_cookie_header_may_be_split() -> None:
    assert found(("cookie", "a=b"), ("cookie", "rawr_session=abc")) == SessionCookie("abc")


def test_a_cookie_makes_no_bad_token_good() -> None:
    assert found(("cookie", "rawr_session=abc"), ("authorization", "Basic x")) is None


def test_a_token_wins_over_a_cookie() -> None:
    headers = (("cookie", "rawr_session=abc"), ("authorization", "Bearer x"))
    assert found(*headers) == BearerToken("x")


def test_two_tokens_prove_nobody() -> None:
    assert found(("authorization", "Bearer a"), ("authorization", "Bearer a")) is None


@pytest.mark.parametrize(
    "name",
    ["x-api-key", "x-authorization", "x-forwarded-user", "x-rawr-subject", "proxy-authorization"],
)
def test_no_other_header_proves_anybody(name: str) -> None:
    assert found((name, "Bearer abc")) is None


def test_secrets_are_not_shown() -> None:
    assert "abc" not in repr(BearerToken("abc")) + repr(SessionCookie("abc"))
