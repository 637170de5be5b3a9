"""The second REST API: runs listed, shown, cancelled and repeated; functions invoked."""

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._apps import find_function
from rawr.durable.api._auth import Endpoint, guarded
from rawr.durable.api._events import event_json
from rawr.durable.api._query import instant, json_body, page_size, run_status
from rawr.durable.api._responses import BadRequest, NotFound, iso, json_response
from rawr.durable.api._runs import RunEnded, parse_run_id
from rawr.durable.api._settings import APISettings
from rawr.durable.api._spans import optional_iso, status_name, trace_json
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Json
from rawr.durable.domain.expr import ExpressionError
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, RunSelection, RunView
from rawr.durable.protocol.call import function_uuid


class _FromStep(msgspec.Struct, rename="camel"):
    step_id: str
    input: Json = None


class _Rerun(msgspec.Struct, rename="camel"):
    from_step: _FromStep | None = None


class _Replay(msgspec.Struct, rename="camel"):
    function_id: str
    statuses: list[str] = msgspec.field(default_factory=lambda: ["failed"])
    created_after: str | None = None
    created_before: str | None = None
    if_: str | None = msgspec.field(name="if", default=None)


class _Invocation(msgspec.Struct):
    data: dict[str, Json] | None = None


_ENDED: Final = frozenset(status for status in RunStatus if status.is_terminal)


class OperationRoutes:
    """``/v2`` and ``/api/v2``."""

    def __init__(self, engine: Engine, settings: APISettings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes."""
        paths: list[tuple[str, str, Endpoint]] = [
            ("GET", "/health", self._health),
            ("GET", "/runs", self._list),
            ("GET", "/runs/{id}", self._get),
            ("GET", "/runs/{id}/trace", self._trace),
            ("POST", "/runs/{id}/cancel", self._cancel),
            ("POST", "/runs/{id}/rerun", self._rerun),
            ("GET", "/events", self._events),
            ("GET", "/events/{id}/runs", self._runs_of_event),
            ("POST", "/replays", self._replay),
            ("POST", "/apps/{app}/functions/{function:path}/invoke", self._invoke),
            ("POST", "/apps/{app}/functions/{function:path}/pause", self._pause),
            ("POST", "/apps/{app}/functions/{function:path}/resume", self._resume),
        ]
        return [
            Route(f"{prefix}{path}", guarded(self._settings, endpoint), methods=[method])
            for prefix in ("/v2", "/api/v2")
            for method, path, endpoint in paths
        ]

    async def _health(self, _request: Request) -> Response:
        return self._data({"status": "ok"})

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        limit = page_size(query.get("limit"))
        function = query.get("functionId")
        runs = await self._engine.list_runs(
            limit=limit + 1,
            before=query.get("cursor") or None,
            function_id=find_function(self._engine, function).id if function else None,
            status=run_status(query.get("status")),
        )
        return self._page([_run_json(run) for run in runs], limit)

    async def _get(self, request: Request) -> Response:
        return self._data(_run_json(await self._run(request)))

    async def _trace(self, request: Request) -> Response:
        run = await self._run(request)
        steps = await self._engine.run_steps(run.id)
        metadata = await self._engine.run_metadata(run.id)
        spans = await self._engine.run_spans(run.id)
        root = trace_json(run, steps, metadata, spans)
        return self._data({"runId": run.id, "rootSpan": root})

    async def _cancel(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        if not await self._engine.cancel_run(run_id):
            raise RunEnded(f"The run {run_id} has ended already and cannot be cancelled")
        return self._data({"runId": run_id})

    async def _rerun(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        given = await json_body(request, _Rerun, limit=self._settings.max_body_bytes)
        step = given.from_step
        if step is None:
            return self._data({"runId": await self._engine.rerun(run_id)})
        again = await self._engine.rerun(run_id, from_step=step.step_id, input=step.input)
        return self._data({"runId": again})

    async def _replay(self, request: Request) -> Response:
        given = await json_body(request, _Replay, limit=self._settings.max_body_bytes)
        selection = RunSelection(
            function_id=find_function(self._engine, given.function_id).id,
            created_after=instant(given.created_after, "createdAfter"),
            created_before=instant(given.created_before, "createdBefore"),
            expression=given.if_,
        )
        statuses = {run_status(one) for one in given.statuses}
        if not statuses <= _ENDED:
            raise BadRequest("Only runs that have ended can be replayed")
        try:
            replayed = await self._engine.replay_runs(
                selection, statuses={one for one in statuses if one is not None}
            )
        except ExpressionError as error:
            raise BadRequest(f"if: {error}") from error
        return self._data({"replayed": replayed})

    async def _pause(self, request: Request) -> Response:
        function = self._named(request)
        await self._engine.pause_function(function.id)
        return self._data({"slug": function.id, "paused": True})

    async def _resume(self, request: Request) -> Response:
        function = self._named(request)
        await self._engine.resume_function(function.id)
        return self._data({"slug": function.id, "paused": False})

    async def _events(self, request: Request) -> Response:
        query = request.query_params
        limit = page_size(query.get("limit"))
        events = await self._engine.list_events(
            limit=limit + 1,
            before=query.get("cursor") or None,
            name=query.get("name") or None,
            received_after=instant(query.get("receivedAfter"), "receivedAfter"),
            received_before=instant(query.get("receivedBefore"), "receivedBefore"),
        )
        shown = [{**event_json(one), "id": one.internal_id, "eventId": one.id} for one in events]
        return self._page(shown, limit)

    async def _runs_of_event(self, request: Request) -> Response:
        event_id = request.path_params["id"]
        if await self._engine.get_event(event_id) is None:
            raise NotFound(f"No event has the id {event_id}")
        runs = await self._engine.runs_of_event(event_id)
        return self._data([_run_json(run) for run in runs])

    async def _invoke(self, request: Request) -> Response:
        function = self._named(request)
        given = await json_body(request, _Invocation, limit=self._settings.max_body_bytes)
        event_id = await self._engine.invoke(function.id, given.data or {})
        runs = await self._engine.runs_of_event(event_id)
        # Flow control may let an invocation start nothing.
        return self._data({"eventId": event_id, "runId": runs[0].id if runs else None})

    def _named(self, request: Request) -> FunctionConfig:
        path = request.path_params
        return find_function(self._engine, path["function"], app=path["app"])

    async def _run(self, request: Request) -> RunView:
        run_id = parse_run_id(request)
        run = await self._engine.get_run(run_id)
        if run is None:
            raise NotFound(f"No run has the id {run_id}")
        return run

    def _data(self, data: Json) -> Response:
        return json_response({"data": data, "metadata": self._metadata()})

    def _page(self, items: Sequence[dict[str, Json]], limit: int) -> Response:
        shown = list(items[:limit])
        page: Json = {
            "cursor": shown[-1]["id"] if shown else None,
            "hasMore": len(items) > limit,
            "limit": limit,
        }
        return json_response({"data": shown, "metadata": self._metadata(), "page": page})

    def _metadata(self) -> dict[str, Json]:
        return {"fetchedAt": iso(self._clock.now_ms())}


def _run_json(run: RunView) -> dict[str, Json]:
    return {
        "id": run.id,
        "status": status_name(run),
        "function": {"id": function_uuid(run.function_id), "slug": run.function_id},
        "eventIds": list(run.event_ids),
        "queuedAt": iso(run.created_at),
        "startedAt": optional_iso(run.started_at),
        "endedAt": optional_iso(run.ended_at),
        "output": None if run.output is None else msgspec.Raw(run.output),
        "originalRunId": run.original_run_id,
    }
