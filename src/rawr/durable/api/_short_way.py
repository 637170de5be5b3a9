"""A short way to the endpoints that runs ask for all the time."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rawr.durable.api._responses import on_defect, on_engine_error
from rawr.durable.domain.errors import EngineError


class ShortWay:
    """Takes POST requests of programs straight to their route, and all others to `app`.

    The application does the same with them, over five layers that cost more than what is asked
    for. A browser's request names its origin and goes through `app`, which knows what to allow it.
    """

    def __init__(self, routes: Sequence[Route], app: ASGIApp) -> None:
        self._routes = routes
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._find(scope)
        if route is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await route.endpoint(request)
        except EngineError as error:
            response = await on_engine_error(request, error)
        except Exception as error:
            # The server, which logs it, would answer in another shape.
            await (await on_defect(request, error))(scope, receive, send)
            raise
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> Route | None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        if any(name == b"origin" for name, _ in scope["headers"]):
            return None
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return route
        return None
