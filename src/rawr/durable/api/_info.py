"""What an engine says about itself."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._responses import NotFound, json_response
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.event import Json
from rawr.durable.domain.function import App, CronTrigger, FunctionConfig, Trigger
from rawr.durable.engine import Engine


class InfoRoutes:
    """``/health``, ``/dev`` and the readiness probe of ``/v0/connect/start``."""

    def __init__(self, engine: Engine, settings: APISettings) -> None:
        self._engine = engine
        self._settings = settings

    def routes(self) -> list[Route]:
        """The routes."""
        connect = guarded(self._settings, self._connect)
        return [
            Route("/health", self._health, methods=["GET"]),
            Route("/dev", self._dev, methods=["GET"]),
            Route("/v0/connect/start", connect, methods=["POST"]),
        ]

    async def _health(self, _request: Request) -> Response:
        return json_response({"status": 200, "message": "OK"})

    async def _connect(self, _request: Request) -> Response:
        # SDK test suites take a 200 as the sign that the engine is up; the empty message names
        # no gateway.
        return Response(media_type="application/protobuf")

    async def _dev(self, _request: Request) -> Response:
        if not self._settings.is_dev:
            raise NotFound("Only an engine of kind 'dev' describes itself here")
        return json_response(
            {
                "version": version("rawr-hq"),
                "authed": bool(self._settings.signing_keys),
                "startOpts": {},
                "functions": [_function_json(one) for one in self._engine.functions()],
                "handlers": [_handler_json(app) for app in self._engine.apps()],
                "isSingleNodeService": False,
                "isMissingSigningKey": False,
                "isMissingEventKeys": False,
                "features": {},
            }
        )


def _function_json(function: FunctionConfig) -> dict[str, Json]:
    return {
        "id": function.id,
        "slug": function.id,
        "name": function.name,
        "appID": function.app_id,
        "url": function.url,
        "triggers": [_trigger_json(trigger) for trigger in function.triggers],
    }


def _trigger_json(trigger: Trigger) -> dict[str, Json]:
    if isinstance(trigger, CronTrigger):
        return {"cron": trigger.cron}
    shape: dict[str, Json] = {"event": trigger.event}
    return shape if trigger.expression is None else {**shape, "expression": trigger.expression}


def _handler_json(app: App) -> dict[str, Json]:
    return {
        "appName": app.id,
        "url": app.url,
        "sdk": app.sdk,
        "framework": app.framework,
        "functions": [function.id for function in app.functions],
    }
