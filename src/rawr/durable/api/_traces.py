"""What apps tell of the spans inside their calls, over HTTP."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._responses import BadRequest, json_response, read_body
from rawr.durable.api._settings import APISettings
from rawr.durable.engine import Engine
from rawr.durable.protocol.traces import parse_spans

_JSON: Final = "application/json"
_UNSUPPORTED: Final = 415


class TraceRoutes:
    """``/v1/traces/userland``: OTLP over HTTP, as the SDKs' extended traces export it."""

    def __init__(self, engine: Engine, settings: APISettings) -> None:
        self._engine = engine
        self._settings = settings

    def routes(self) -> list[Route]:
        """The routes."""
        return [Route("/v1/traces/userland", guarded(self._settings, self._take), methods=["POST"])]

    async def _take(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", _JSON).partition(";")[0].strip()
        if content_type != _JSON:
            text = f"Spans are taken as {_JSON}, not as {content_type}; set the exporter to JSON"
            return json_response({"error": text, "status": _UNSUPPORTED}, status=_UNSUPPORTED)
        body = await read_body(request, limit=self._settings.max_body_bytes)
        try:
            spans = parse_spans(body or b"{}")
        except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
            raise BadRequest(f"The body is not OTLP as JSON: {error}") from error
        dropped = len(spans) - await self._engine.attach_spans(spans)
        if not dropped:
            return json_response({})
        told = "their runs do not exist, or have as many as a run may have"
        partial = {"rejectedSpans": str(dropped), "errorMessage": told}
        return json_response({"partialSuccess": partial})
