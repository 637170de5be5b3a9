"""Limits on how often a caller may call (oRPC's rate limit plugin)."""

import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import ClassVar, Final, TypeAlias

from typing_extensions import override

from rawr.contract import ORPCError
from rawr.http._plugin import Plugin, Respond
from rawr.http._request import Request
from rawr.http._response import Header, Response

from ._limiters import RateDecision, RateLimiter

RateKey: TypeAlias = Callable[[Request], str | None]
"""Whom a call is counted for; None counts it for nobody."""

_decisions: Final[ContextVar[list[RateDecision]]] = ContextVar("rawr.http.rate_decisions")


def by_address(request: Request) -> str | None:
    """Count for the network address; behind a proxy, let the server take it from its headers."""
    return None if request.client is None else request.client[0]


class RateLimit(Plugin):
    """Refuses calls over a limit (429) and says what is left in `ratelimit-*` headers.

    Each item of a batch and each call of a websocket counts.

    >>> from rawr.http import RPCHandler
    >>> from rawr.http.plugins import MemoryRateLimiter
    >>> limit = RateLimit(MemoryRateLimiter(limit=100, period_seconds=60))
    >>> app = RPCHandler(router, plugins=[limit]).asgi(prefix="/rpc")
    """

    order: ClassVar[int] = 6_000_000

    def __init__(self, limiter: RateLimiter, *, key: RateKey = by_address) -> None:
        self._limiter = limiter
        self._key = key

    @override
    def around_response(self, respond: Respond) -> Respond:
        """See `Plugin.around_response`."""

        async def told(request: Request) -> Response:
            decisions: list[RateDecision] = []
            token = _decisions.set(decisions)
            try:
                response = await respond(request)
            finally:
                _decisions.reset(token)
            for decision in decisions:
                response.headers = (*response.headers, *_headers(decision))
            return response

        return told

    @override
    def around_call(self, respond: Respond) -> Respond:
        """See `Plugin.around_call`."""

        async def limited(request: Request) -> Response:
            key = self._key(request)
            if key is not None:
                decision = await self._limiter.take(key)
                _decisions.get().append(decision)
                if not decision.is_allowed:
                    raise ORPCError("TOO_MANY_REQUESTS")
            return await respond(request)

        return limited


def _headers(decision: RateDecision) -> list[Header]:
    headers: list[Header] = [
        (b"ratelimit-limit", b"%d" % decision.limit),
        (b"ratelimit-remaining", b"%d" % decision.remaining),
        (b"ratelimit-reset", b"%d" % math.ceil(decision.reset_seconds)),
    ]
    if not decision.is_allowed:
        headers.append((b"retry-after", b"%d" % math.ceil(decision.retry_after_seconds)))
    return headers
