"""What an engine says about itself."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._apps import function_json, trigger_json
from rawr.durable.api._auth import guarded
from rawr.durable.api._responses import NotFound, json_response
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.event import Json
from rawr.durable.domain.function import App, FunctionConfig
from rawr.durable.engine import Engine
from rawr.durable.metrics import CONTENT_TYPE, EngineMetrics
from rawr.durable.protocol.call import app_uuid


class InfoRoutes:
    """``/health``, ``/dev``, ``/metrics`` and the readiness probe of ``/v0/connect/start``."""

    def __init__(
        self, engine: Engine, settings: APISettings, metrics: EngineMetrics | None
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """The routes."""
        connect = guarded(self._settings, self._connect)
        expose = guarded(self._settings, self._expose)
        return [
            Route("/metrics", expose, methods=["GET"]),
            Route("/v1/prom/{env}", expose, methods=["GET"]),
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

    async def _expose(self, _request: Request) -> Response:
        if self._metrics is None:
            raise NotFound("This engine keeps no metrics")
        depth = await self._engine.queue_depth()
        due = await self._engine.queue_due()
        exposition = self._metrics.exposition(queue_depth=depth, queue_due=due)
        return Response(exposition, headers={"content-type": CONTENT_TYPE})

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
        **function_json(function),
        "id": function.id,
        "appID": function.app_id,
        "triggers": [trigger_json(trigger) for trigger in function.triggers],
    }


def _handler_json(app: App) -> dict[str, Json]:
    language, _, version_text = app.sdk.partition(":v")
    return {
        "id": app_uuid(app.id),
        "appName": app.id,
        "url": app.url,
        "sdk": app.sdk,
        "sdkLanguage": language.removeprefix("inngest-"),
        "sdkVersion": version_text or None,
        "framework": app.framework,
        "functions": [function.id for function in app.functions],
    }
