"""Cookies as headers carry them (RFC 6265), values percent-encoded as oRPC's helpers do it."""

import re
from datetime import timedelta
from typing import Final, Literal, TypeAlias
from urllib.parse import quote, unquote

from rawr.wire import EncodeError

SameSite: TypeAlias = Literal["Strict", "Lax", "None"]

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_ATTRIBUTE: Final = re.compile(r"[\x20-\x3A\x3C-\x7E]+")
_UNESCAPED: Final = "!#$&'()*+/:<=>?@[]^`{|}~"


def read_cookies(header: str) -> dict[str, str]:
    """The cookies of a `Cookie` header; of two with one name the first, which is closer."""
    cookies: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            cookies.setdefault(name.strip(), unquote(value.strip().strip('"')))
    return cookies


def write_cookie(
    name: str,
    value: str,
    *,
    max_age: timedelta | None,
    path: str,
    domain: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
) -> str:
    """A `Set-Cookie` header.

    Raises:
        EncodeError: Name, path or domain cannot be in one.
    """
    if not _TOKEN.fullmatch(name):
        raise EncodeError(f"{name!r} is no name for a cookie; use letters, digits, - and _")
    parts = [f"{name}={quote(value, safe=_UNESCAPED)}"]
    for label, text in (("Path", path), ("Domain", domain)):
        if text is not None and not _ATTRIBUTE.fullmatch(text):
            raise EncodeError(f"The {label.lower()} of a cookie cannot be {text!r}")
        parts += [] if text is None else [f"{label}={text}"]
    parts += [] if max_age is None else [f"Max-Age={int(max_age.total_seconds())}"]
    parts += [f"SameSite={same_site}"]
    parts += ["Secure"] if secure else []
    parts += ["HttpOnly"] if http_only else []
    return "; ".join(parts)
