"""What is known of a request before anybody is asked: ids, address, user agent."""

import re
from collections.abc import Callable, Sequence

from starlette.types import Scope

from rawr.composition import IPNetwork, RequestInfo, is_within

from .identity import RawHeaders

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_MAX_USER_AGENT = 256


def request_info(
    scope: Scope, *, trusted_proxies: Sequence[IPNetwork], new_id: Callable[[], str]
) -> RequestInfo:
    """Ids from `x-request-id` and `x-correlation-id` where they are safe, else fresh ones.

    Ids end up in events, timelines and logs, so anything but a short plain id is ignored.
    """
    headers: RawHeaders = scope["headers"]
    request_id = _safe_id(header(headers, b"x-request-id")) or new_id()
    user_agent = header(headers, b"user-agent")
    return RequestInfo(
        request_id=request_id,
        correlation_id=_safe_id(header(headers, b"x-correlation-id")) or request_id,
        source_ip=source_ip(scope, trusted_proxies),
        user_agent=user_agent and user_agent[:_MAX_USER_AGENT],
    )


def source_ip(scope: Scope, trusted_proxies: Sequence[IPNetwork]) -> str | None:
    """The nearest address that is not a trusted proxy's own.

    `x-forwarded-for` is read from the right, and only as far as trusted proxies wrote it. A
    proxy may add a line of its own below the client's; all lines are one list.
    """
    client = scope.get("client")
    if client is None:
        return None
    lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = [hop.strip() for hop in b",".join(lines).decode("latin-1").split(",") if hop.strip()]
    address: str = client[0]
    while hops and is_within(address, trusted_proxies):
        address = hops.pop()
    return address


def header(headers: RawHeaders, name: bytes) -> str | None:
    """The first value of a header; names are lower-case in ASGI."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None


def _safe_id(text: str | None) -> str | None:
    return text if text is not None and _SAFE_ID.fullmatch(text) else None
