"""A short way to the endpoints that runs ask for all the time."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rawr.durable.api._responses import on_defect, on_engine_error
from rawr.durable.domain.errors import EngineError


class ShortWay:
    """Takes POST requests of programs straight to their route, and all others to `app`.

    The application does the same with them, over five layers that cost more than what is asked
    for. A browser's request names its origin and goes through `app`, which knows what to allow it.
    `header` is one that `app` adds to its answers.
    """

    def __init__(self, routes: Sequence[Route], app: ASGIApp, header: tuple[bytes, bytes]) -> None:
        self._routes = routes
        self._app = app
        self._header = header

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
            await self._send(await on_defect(request, error), request, send)
            raise
        await self._send(response, request, send)

    async def _send(self, response: Response, request: Request, send: Send) -> None:
        response.raw_headers.append(self._header)
        await response(request.scope, request.receive, send)

    def _find(self, scope: Scope) -> Route | None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        for name, _ in scope["headers"]:
            if name == b"origin":
                return None
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return route
        return None
