"""Failures handed on to the application around a handler (oRPC's rethrow plugin)."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import ClassVar, Final

from typing_extensions import override

from rawr.contract import ORPCError
from rawr.http._asgi import Receive, Scope, Send
from rawr.http._plugin import Exchange, Mount, Plugin, Respond
from rawr.http._request import Request
from rawr.http._response import Response

ShouldRethrow = Callable[[Exception, Request], bool]
"""Says whether a failure leaves the handler instead of being answered."""

_is_exchange: Final[ContextVar[bool]] = ContextVar("rawr.http.rethrow", default=False)


class _Rethrown(BaseException):
    """Carries a failure past everything that would answer it."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def is_unexpected(error: Exception, request: Request) -> bool:  # noqa: ARG001 - one of several
    """Whether a failure is none that a procedure reports to its callers."""
    return not isinstance(error, ORPCError)


class Rethrow(Plugin):
    """Raises failures out of the handler, for the error handling of the framework around it.

    Nothing has been sent then. By default that is every failure that is no `ORPCError`. Items
    of a batch and calls of a websocket have others beside them, so theirs are answered; so is
    what an event iterator raises, whose answer has begun.

    >>> import asyncio
    >>> from rawr.http import RPCHandler
    >>> from rawr.testing.asgi import ASGIClient
    >>> app = RPCHandler(router, plugins=[Rethrow()]).asgi(prefix="/rpc", context=None)
    >>> asyncio.run(ASGIClient(app).request("POST", "/rpc/count", body=b"{}")).status
    200
    """

    order: ClassVar[int] = 4_000_000

    def __init__(self, should_rethrow: ShouldRethrow = is_unexpected) -> None:
        self._should_rethrow = should_rethrow

    @override
    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:
        """See `Plugin.around_exchange`."""

        async def rethrowing(scope: Scope, receive: Receive, send: Send) -> bool:
            token = _is_exchange.set(True)
            try:
                return await exchange(scope, receive, send)
            except _Rethrown as rethrown:
                error = rethrown.error
            finally:
                _is_exchange.reset(token)
            raise error

        return rethrowing

    @override
    def around_call(self, respond: Respond) -> Respond:
        """See `Plugin.around_call`."""

        async def rethrowing(request: Request) -> Response:
            try:
                return await respond(request)
            except Exception as error:
                if _is_exchange.get() and self._should_rethrow(error, request):
                    raise _Rethrown(error) from None
                raise

        return rethrowing
