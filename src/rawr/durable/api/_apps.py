"""Connected apps and their functions: looking them up, and asking an app to register."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._query import json_body
from rawr.durable.api._responses import NotFound, enveloped, iso
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import FunctionNotFound
from rawr.durable.domain.event import Json
from rawr.durable.domain.function import App, CronTrigger, FunctionConfig, Trigger
from rawr.durable.engine import Engine
from rawr.durable.protocol.call import app_uuid, function_uuid

RequestSync = Callable[[str], Awaitable[None]]
"""Makes the app at a URL register its functions."""


class _Sync(msgspec.Struct):
    url: str


class AppRoutes:
    """``/v1/apps``, and what the second REST API says of apps."""

    def __init__(
        self, engine: Engine, settings: APISettings, clock: Clock, request_sync: RequestSync
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._request_sync = request_sync

    def routes(self) -> list[Route]:
        """The routes."""
        settings = self._settings
        apps = guarded(settings, self._apps)
        of_app = guarded(settings, self._functions_of_app)
        functions = guarded(settings, self._functions)
        sync = guarded(settings, self._sync)
        return [
            Route("/v1/apps", apps, methods=["GET"]),
            Route("/v1/apps/{name}/functions", of_app, methods=["GET"]),
            *(
                route
                for prefix in ("/v2", "/api/v2")
                for route in (
                    Route(f"{prefix}/apps", apps, methods=["GET"]),
                    Route(f"{prefix}/apps/{{name}}/functions", of_app, methods=["GET"]),
                    Route(f"{prefix}/apps/{{name}}/sync", sync, methods=["POST"]),
                    Route(f"{prefix}/apps/{{name}}/syncs", sync, methods=["POST"]),
                    Route(f"{prefix}/functions", functions, methods=["GET"]),
                )
            ),
        ]

    async def _apps(self, _request: Request) -> Response:
        return self._listed([app_json(app) for app in self._engine.apps()])

    async def _functions(self, _request: Request) -> Response:
        return self._listed([self._function(one) for one in self._engine.functions()])

    async def _functions_of_app(self, request: Request) -> Response:
        app = find_app(self._engine, request.path_params["name"])
        return self._listed([self._function(one) for one in app.functions])

    async def _sync(self, request: Request) -> Response:
        given = await json_body(request, _Sync, limit=self._settings.max_body_bytes)
        await self._request_sync(given.url)
        app = find_app(self._engine, request.path_params["name"])
        return enveloped(app_json(app), now_ms=self._clock.now_ms())

    def _function(self, function: FunctionConfig) -> dict[str, Json]:
        paused_at = self._engine.paused_functions().get(function.id)
        return {
            **function_json(function),
            "pausedAt": None if paused_at is None else iso(paused_at),
        }

    def _listed(self, items: list[Json]) -> Response:
        return enveloped(items, now_ms=self._clock.now_ms())


def find_app(engine: Engine, name: str) -> App:
    """The app with this id, or with this opaque id.

    Raises:
        NotFound: none has.
    """
    for app in engine.apps():
        if name in {app.id, app_uuid(app.id)}:
            return app
    raise NotFound(f"No app has the id {name}; register it, or ask it to with a sync")


def find_function(engine: Engine, name: str, *, app: str | None = None) -> FunctionConfig:
    """The function with this composite id, opaque id, or id within the app.

    Raises:
        FunctionNotFound: none has.
    """
    for function in engine.functions():
        known = {function.id, function_uuid(function.id)}
        if name in known or (app is not None and f"{app}-{name}" in known):
            return function
    raise FunctionNotFound(f"could not find function with ID: {name}")


def app_json(app: App) -> dict[str, Json]:
    """An app as lists show it."""
    return {
        "id": app_uuid(app.id),
        "name": app.id,
        "url": app.url,
        "sdk": app.sdk,
        "framework": app.framework,
        "functionCount": len(app.functions),
    }


def function_json(function: FunctionConfig) -> dict[str, Json]:
    """A function as lists show it."""
    return {
        "id": function_uuid(function.id),
        "slug": function.id,
        "name": function.name,
        "app": function.app_id,
        "url": function.url,
        "triggers": [trigger_json(trigger) for trigger in function.triggers],
        "maxAttempts": function.max_attempts,
    }


def trigger_json(trigger: Trigger) -> dict[str, Json]:
    """A trigger as it was registered."""
    if isinstance(trigger, CronTrigger):
        return {"cron": trigger.cron}
    shape: dict[str, Json] = {"event": trigger.event}
    return shape if trigger.expression is None else {**shape, "expression": trigger.expression}
