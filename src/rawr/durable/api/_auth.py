"""Who may use which route."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from rawr.durable.api._responses import AuthenticationFailed
from rawr.durable.api._settings import APISettings
from rawr.durable.protocol.signing import is_authorized

Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(settings: APISettings, endpoint: Endpoint) -> Endpoint:
    """The endpoint for holders of a signing key; as it is where no key is configured."""
    if not settings.signing_keys:
        return endpoint

    async def check(request: Request) -> Response:
        if not is_authorized(request.headers.get("authorization"), settings.signing_keys):
            raise AuthenticationFailed
        return await endpoint(request)

    return check


def is_event_key(settings: APISettings, offered: str) -> bool:
    """True if the key may send events."""
    matches = [
        hmac.compare_digest(offered.encode(), known.encode()) for known in settings.event_keys
    ]
    return any(matches)
