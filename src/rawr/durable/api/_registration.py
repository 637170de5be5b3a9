"""Apps over HTTP: registering their functions, and taking them away."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._graph_mutations import unregister
from rawr.durable.api._responses import BadRequest, NotFound, json_response, read_body
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.event import Json
from rawr.durable.engine import Engine

_EXPECTED_KIND = "x-inngest-expected-server-kind"


class RegistrationRoutes:
    """``/fn/register`` and ``/fn/remove``."""

    def __init__(self, engine: Engine, settings: APISettings) -> None:
        self._engine = engine
        self._settings = settings

    def routes(self) -> list[Route]:
        """The routes."""
        settings = self._settings
        return [
            Route("/fn/register", guarded(settings, self._register), methods=["POST"]),
            Route("/fn/remove", guarded(settings, self._remove), methods=["DELETE"]),
        ]

    async def _register(self, request: Request) -> Response:
        expected = request.headers.get(_EXPECTED_KIND)
        if expected is not None and expected != self._settings.kind:
            message = f"Expected server kind {expected}, got {self._settings.kind}"
            return json_response({"error": message}, 400)
        body = await read_body(request, limit=self._settings.max_body_bytes)
        registered = await self._engine.register(body)
        answer: dict[str, Json] = {"ok": True}
        if registered.modified:
            answer["modified"] = True
        return json_response({**answer, "sync_id": registered.sync_id, "app_id": registered.app_id})

    async def _remove(self, request: Request) -> Response:
        url = request.query_params.get("url", "")
        if not url:
            raise BadRequest("Name the app to remove: DELETE /fn/remove?url=<its serve URL>")
        apps = [app for app in self._engine.apps() if app.url == url]
        if not apps:
            raise NotFound(f"No app is registered from {url}")
        for app in apps:
            await unregister(self._engine, app)
        return json_response({"ok": True})
