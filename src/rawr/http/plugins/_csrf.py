"""Protection of calls that browsers make with the user's cookies (oRPC's CSRF plugin)."""

from collections.abc import Awaitable, Callable
from typing import ClassVar, TypeAlias

from typing_extensions import override

from rawr.contract import ORPCError
from rawr.http._plugin import Plugin, Respond
from rawr.http._request import Request
from rawr.http._response import Response

Exclude: TypeAlias = Callable[[Request], Awaitable[bool]]
"""Says which requests need no token."""


class CSRFProtection(Plugin):
    """Refuses calls without a header that other sites' pages cannot send (403).

    `@orpc/client`'s SimpleCsrfProtectionLinkPlugin sends it. The items of a batch go by the
    header of the batch, calls of a websocket by their own.

    >>> import asyncio
    >>> from rawr.http import RPCHandler
    >>> from rawr.testing.asgi import ASGIClient
    >>> app = RPCHandler(router, plugins=[CSRFProtection()]).asgi()
    >>> asyncio.run(ASGIClient(app).request("POST", "/count")).status
    403
    """

    order: ClassVar[int] = 8_000_000

    def __init__(
        self,
        *,
        header_name: str = "x-csrf-token",
        header_value: str = "orpc",
        exclude: Exclude | None = None,
    ) -> None:
        self._name = header_name.lower().encode("latin-1")
        self._value = header_value.encode("latin-1")
        self._exclude = exclude

    @override
    def around_call(self, respond: Respond) -> Respond:
        """See `Plugin.around_call`."""

        async def protected(request: Request) -> Response:
            if self._token(request) != self._value and not await self._excludes(request):
                raise ORPCError("CSRF_TOKEN_MISMATCH", status=403, message="Invalid CSRF token")
            return await respond(request)

        return protected

    def _token(self, request: Request) -> bytes | None:
        if request.scope["type"] != "http":
            return request.header_map.get(self._name)
        return dict(request.scope["headers"]).get(self._name)

    async def _excludes(self, request: Request) -> bool:
        return self._exclude is not None and await self._exclude(request)
