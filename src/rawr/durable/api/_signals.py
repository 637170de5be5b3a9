"""Signals over HTTP: resuming the one run that waits for a name."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._query import json_body
from rawr.durable.api._responses import enveloped, error_response
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Json
from rawr.durable.engine import Engine


class _Signal(msgspec.Struct):
    signal: str
    data: Json = None


class SignalRoutes:
    """``/v1/signals``."""

    def __init__(self, engine: Engine, settings: APISettings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes."""
        return [Route("/v1/signals", guarded(self._settings, self._send), methods=["POST"])]

    async def _send(self, request: Request) -> Response:
        given = await json_body(request, _Signal, limit=self._settings.max_body_bytes)
        run_id = await self._engine.signal(given.signal, given.data)
        if run_id is None:
            return error_response("No signal found", 404)
        return enveloped({"run_id": run_id}, now_ms=self._clock.now_ms())
