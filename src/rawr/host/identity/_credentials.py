"""What a request offers as proof of who sends it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

RawHeaders: TypeAlias = Iterable[tuple[bytes, bytes]]

_BEARER = b"bearer "


@dataclass(frozen=True, slots=True)
class BearerToken:
    """The token of `Authorization: Bearer <token>`."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The value of this host's session cookie."""

    value: str = field(repr=False)


Credentials: TypeAlias = BearerToken | SessionCookie
"""Every kind of proof there is; nothing else of a request says who sends it."""


def credentials_of(headers: RawHeaders, *, cookie: str) -> Credentials | None:
    """The one proof in the headers, or None if there is none or more than one of a kind.

    `Authorization` decides alone where it is sent: a cookie makes no bad token good. `cookie`
    is the name of the session cookie.
    """
    authorization: bytes | None = None
    cookies = b""
    for name, value in headers:
        if name == b"authorization":
            if authorization is not None:
                return None
            authorization = value
        elif name == b"cookie":
            cookies = b"; ".join((cookies, value)) if cookies else value
    if authorization is not None:
        return _bearer(authorization)
    session = cookie_value(cookies.decode("latin-1"), cookie) if cookies else None
    return None if session is None else SessionCookie(session)


def cookie_value(header: str, name: str) -> str | None:
    """The value of a cookie; None if it is absent, empty, or there are two that differ."""
    found: str | None = None
    for pair in header.split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name:
            value = value.strip()
            if found is not None and found != value:
                return None
            found = value
    return found or None


def _bearer(value: bytes) -> BearerToken | None:
    if value[: len(_BEARER)].lower() != _BEARER:
        return None
    token = value[len(_BEARER) :].strip().decode("latin-1")
    return BearerToken(token) if token else None
