"""The event API: sending events, and looking them up."""

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded, is_event_key
from rawr.durable.api._query import instant, json_body, page_size
from rawr.durable.api._responses import (
    BodyTooLarge,
    NotFound,
    enveloped,
    iso,
    json_response,
    read_body,
)
from rawr.durable.api._results import Results, parse_wait
from rawr.durable.api._runs import event_run_json
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.event import Event, Json
from rawr.durable.domain.ulid import EventSeed, UlidError
from rawr.durable.engine import Engine
from rawr.durable.protocol.call import ACCOUNT_ID
from rawr.durable.protocol.events import parse_events

_ACCEPTED: Final = 202
_SEED_HEADER: Final = "x-inngest-event-id-seed"


class _Invocation(msgspec.Struct):
    data: dict[str, Json] | None = None
    user: dict[str, Json] | None = None


class EventRoutes:
    """``/e/{key}``, ``/invoke/{slug}`` and ``/v1/events``."""

    def __init__(
        self, engine: Engine, settings: APISettings, clock: Clock, results: Results
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._results = results

    def routes(self) -> list[Route]:
        """The routes."""
        settings = self._settings
        return [
            Route("/e/{key}", self._send, methods=["POST"]),
            # A function's id may hold slashes.
            Route("/invoke/{slug:path}", guarded(settings, self._invoke), methods=["POST"]),
            Route("/v1/events", guarded(settings, self._list), methods=["GET"]),
            Route("/v1/events/{id}", guarded(settings, self._get), methods=["GET"]),
            Route("/v1/events/{id}/runs", guarded(settings, self._runs), methods=["GET"]),
        ]

    async def _send(self, request: Request) -> Response:
        if not self._settings.is_dev:
            if not self._settings.event_keys:
                return _refused(503, "No event keys are configured")
            if not is_event_key(self._settings, request.path_params["key"]):
                return _refused(401, "Event key not found")
        try:
            body = await read_body(request, limit=self._settings.max_body_bytes)
        except BodyTooLarge as error:
            return _sent((), error.status, str(error))
        content_type = request.headers.get("content-type", "application/json")
        parsed = parse_events(body, content_type=content_type)
        try:
            ids = await self._engine.send(parsed.events, seed=_seed(request))
        except EngineError as error:
            return _sent((), error.status, str(error))
        if parsed.error is not None:
            return _sent(ids, 400, str(parsed.error))
        # An empty batch is answered with one empty id, as the protocol has it.
        return _sent(ids or [""], 200)

    async def _invoke(self, request: Request) -> Response:
        waits = request.query_params.get("wait") if request.scope["query_string"] else None
        wait = None if waits is None else parse_wait(waits)
        given = await json_body(request, _Invocation, limit=self._settings.max_body_bytes)
        event_id = await self._engine.invoke(
            request.path_params["slug"], given.data or {}, user=given.user
        )
        if wait is None:
            return json_response({"id": event_id, "status": 200})
        result = await self._results.of_event(event_id, wait=wait)
        if result is None:
            return json_response({"id": event_id, "status": _ACCEPTED}, _ACCEPTED)
        return json_response({"id": event_id, "status": 200, "run": result})

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        events = await self._engine.list_events(
            limit=page_size(query.get("limit")),
            before=query.get("cursor") or None,
            name=query.get("name") or None,
            received_after=instant(query.get("received_after"), "received_after"),
            received_before=instant(query.get("received_before"), "received_before"),
        )
        return enveloped([event_json(one) for one in events], now_ms=self._clock.now_ms())

    async def _get(self, request: Request) -> Response:
        event = await self._event(request)
        return enveloped(event_json(event), now_ms=self._clock.now_ms())

    async def _runs(self, request: Request) -> Response:
        event = await self._event(request)
        runs = await self._engine.runs_of_event(event.internal_id)
        data = [event_run_json(run, event_id=event.internal_id) for run in runs]
        return enveloped(data, now_ms=self._clock.now_ms())

    async def _event(self, request: Request) -> Event:
        event = await self._engine.get_event(request.path_params["id"])
        if event is None:
            raise NotFound("No event has this id")
        return event


def _seed(request: Request) -> EventSeed | None:
    header = request.headers.get(_SEED_HEADER)
    if header is None:
        return None
    try:
        return EventSeed.parse(header)
    except UlidError:
        # The events are worth more than the ids the sender meant them to have.
        return None


def _sent(ids: Sequence[str], status: int, error: str | None = None) -> Response:
    shape: dict[str, Json] = {"ids": list(ids), "status": status}
    if error is not None:
        shape["error"] = error
    return Response(msgspec.json.encode(shape) + b"\n", status, media_type="text/plain")


def _refused(status: int, error: str) -> Response:
    shape = {"status": status, "message": "", "error": error}
    return Response(msgspec.json.encode(shape) + b"\n", status, media_type="application/json")


def event_json(event: Event) -> dict[str, Json]:
    shape: dict[str, Json] = {
        "internal_id": event.internal_id,
        "account_id": ACCOUNT_ID,
        "environment_id": ACCOUNT_ID,
        "source": "",
        "source_id": None,
        "received_at": iso(event.received_at),
        "id": event.id,
        "name": event.name,
        "data": event.data,
        "ts": event.ts,
    }
    return shape if event.v is None else {**shape, "v": event.v}
