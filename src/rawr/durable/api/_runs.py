"""Runs over HTTP: their state for the SDK, their status for callers, cancelling them."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._responses import BadRequest, NotFound, enveloped, error_response, iso
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.errors import EngineError, RunNotFound
from rawr.durable.domain.event import Json
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState, RunStatus
from rawr.durable.domain.ulid import UlidError, parse_ulid
from rawr.durable.engine import Engine, RunView
from rawr.durable.protocol.call import ACCOUNT_ID, events_json, function_uuid, job_id, memos_json

_NO_CONTENT: Final = 204


class RunEnded(EngineError):
    """The run has ended already and cannot be cancelled."""

    code = "run_ended"
    status = 409


class StateGone(EngineError):
    """The state of the run is no longer kept."""

    code = "state_gone"
    status = 410


class RunRoutes:
    """``/v0/runs`` and ``/v1/runs``."""

    def __init__(self, engine: Engine, settings: APISettings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes."""
        settings = self._settings
        return [
            Route("/v0/runs/{id}/batch", guarded(settings, self._batch), methods=["GET"]),
            Route("/v0/runs/{id}/actions", guarded(settings, self._actions), methods=["GET"]),
            Route("/v0/runs/{id}", guarded(settings, self._cancel_v0), methods=["DELETE"]),
            Route("/v1/runs/{id}", guarded(settings, self._cancel_v1), methods=["DELETE"]),
            Route("/v1/runs/{id}", guarded(settings, self._get), methods=["GET"]),
            Route("/v1/runs/{id}/jobs", guarded(settings, self._jobs), methods=["GET"]),
        ]

    async def _batch(self, request: Request) -> Response:
        state = await self._live_state(request)
        return Response(events_json(state.run.events), media_type="application/json")

    async def _actions(self, request: Request) -> Response:
        state = await self._live_state(request)
        return Response(memos_json(state.memos), media_type="application/json")

    async def _cancel_v0(self, request: Request) -> Response:
        await self._cancel(request)
        return Response(status_code=_NO_CONTENT)

    async def _cancel_v1(self, request: Request) -> Response:
        run_id = await self._cancel(request)
        return enveloped({"run_id": run_id}, now_ms=self._clock.now_ms())

    async def _get(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        run = await self._engine.get_run(run_id)
        if run is None:
            raise NotFound(f"No run has the id {run_id}")
        return enveloped(run_json(run), now_ms=self._clock.now_ms())

    async def _jobs(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        if await self._engine.get_run(run_id) is None:
            raise NotFound(f"No run has the id {run_id}")
        items = await self._engine.run_items(run_id)
        return enveloped([_job_json(item) for item in items], now_ms=self._clock.now_ms())

    async def _cancel(self, request: Request) -> str:
        run_id = parse_run_id(request)
        if not await self._engine.cancel_run(run_id):
            raise RunEnded(f"The run {run_id} has ended already and cannot be cancelled")
        return run_id

    async def _live_state(self, request: Request) -> RunState:
        run_id = parse_run_id(request)
        gone = f"runtime state is no longer available for runID: {run_id}"
        try:
            state = await self._engine.run_state(run_id)
        except RunNotFound as error:
            raise StateGone(gone) from error
        if state.status.is_terminal:
            raise StateGone(gone)
        return state


async def on_state_gone(_request: Request, error: Exception) -> Response:
    """Answer for a run without state, in the shape without a code that SDKs know."""
    return error_response(str(error), StateGone.status)


def run_json(run: RunView) -> dict[str, Json]:
    """A run as the REST API shows it; `output` is the result or the error."""
    return {
        "run_id": run.id,
        "run_started_at": iso(run.started_at if run.started_at is not None else run.created_at),
        "function_id": function_uuid(run.function_id),
        "function_slug": run.function_id,
        "function_version": 1,
        "environment_id": ACCOUNT_ID,
        "event_id": run.event_ids[0] if run.event_ids else None,
        "status": status_label(run.status),
        "ended_at": None if run.ended_at is None else iso(run.ended_at),
        "output": None if run.output is None else msgspec.Raw(run.output),
    }


def _job_json(item: QueueItem) -> dict[str, Json]:
    return {
        "id": job_id(item),
        "kind": item.kind.value,
        "step_id": item.step_id,
        "at": iso(item.due_at),
        "attempt": item.attempt,
        "max_attempts": item.max_attempts,
        "status": "scheduled" if item.parked else "active",
    }


def event_run_json(run: RunView, *, event_id: str) -> dict[str, Json]:
    """A run as one of those an event started."""
    return {**run_json(run), "event_id": event_id}


def status_label(status: RunStatus) -> str:
    """A status as the REST API spells it."""
    return status.value.capitalize()


def parse_run_id(request: Request) -> str:
    """The run a path names.

    Raises:
        BadRequest: it is no run id.
    """
    text = str(request.path_params["id"])
    try:
        parse_ulid(text)
    except UlidError as error:
        raise BadRequest(f"Invalid run ID: {error}") from error
    return text
