"""Where requests under one prefix come in, to go the short way or the long one."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias, TypeVar, get_args

from rawr.contract import Method

from ._asgi import ASGIApp, Receive, Scope, Send, raw_path
from ._codec import Codec, Matcher
from ._direct import LongWay, Shortcuts, direct, make_shortcut
from ._plugin import Exchange
from ._request import Match, Request

R = TypeVar("R")
Serve: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[R]]


class Entrance:
    """Matches requests, and learns the shortcuts of the operations they lead to.

    A shortcut is made when its operation is first asked for, as validators are: an application
    with a thousand procedures starts no slower for them.
    """

    def __init__(
        self,
        matcher: Matcher,
        codec: Codec | None,
        serve: Callable[[Request, Send], Awaitable[None]],
        long_way: LongWay,
    ) -> None:
        self.matcher = matcher
        self._codec = codec
        """Without one there are no shortcuts."""
        self._serve = serve
        self._long_way = long_way
        self._shortcuts: Shortcuts = {method: {} for method in get_args(Method)}
        self._known: set[str] = set()

    def exchange(self, context: object) -> Exchange:
        """Answers what is matched, with this context or the one it makes."""

        async def unmatched(_scope: Scope, _receive: Receive, _send: Send) -> bool:
            return False

        return self._served(context, unmatched, answered=True)

    def app(self, context: object, unmatched: ASGIApp) -> ASGIApp:
        """The same as an application, with another one for what is not matched."""
        return self._served(context, unmatched, answered=None)

    def _served(
        self, context: object, unmatched: Serve[R], answered: R
    ) -> Callable[[Scope, Receive, Send], Coroutine[Any, Any, R]]:
        async def serve(scope: Scope, receive: Receive, send: Send) -> R:
            match = self._match(scope)
            if match is None:
                return await unmatched(scope, receive, send)
            if match[0].is_lasting and match[0].name not in self._known:
                self._learn(match)
                return await exchange(scope, receive, send)
            limit = self._long_way.max_body_bytes
            await self._serve(Request(scope, receive, match, context, limit), send)
            return answered

        exchange: Callable[[Scope, Receive, Send], Coroutine[Any, Any, R]] = serve
        if self._codec is not None:
            exchange = direct(self._shortcuts, context, self._long_way, serve, answered)
        return exchange

    def _match(self, scope: Scope) -> Match | None:
        if scope["type"] != "http":
            return None
        return self.matcher.match(scope["method"], raw_path(scope))

    def _learn(self, match: Match) -> None:
        operation = match[0]
        self._known.add(operation.name)
        address = self.matcher.address(operation)
        if self._codec is None or address is None:
            return
        shortcut = make_shortcut(match, self._codec)
        if shortcut is not None:
            method, path = address
            self._shortcuts[method][path] = shortcut
