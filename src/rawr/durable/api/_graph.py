"""The queries that SDK test suites ask of ``/v0/gql``: runs, their traces and their events."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._graphql import ObjectType, QueryError, Resolver, execute, parse_query
from rawr.durable.api._responses import NotFound, iso, json_response, read_body
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.event import Json
from rawr.durable.domain.op import Opcode
from rawr.durable.domain.run import RunStatus
from rawr.durable.domain.step import StepRecord, StepStatus
from rawr.durable.engine import Engine, RunView

_STEP_OPS: Final[Mapping[Opcode, str]] = {
    Opcode.STEP_RUN: "RUN",
    Opcode.SLEEP: "SLEEP",
    Opcode.WAIT_FOR_EVENT: "WAIT_FOR_EVENT",
    Opcode.WAIT_FOR_SIGNAL: "WAIT_FOR_SIGNAL",
    Opcode.INVOKE: "INVOKE",
    Opcode.AI_GATEWAY: "AI_GATEWAY",
}
_RAW_MEMOS: Final = frozenset({Opcode.SLEEP, Opcode.WAIT_FOR_EVENT, Opcode.STEP})


class _Query(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Json] | None = None
    operation_name: str | None = None


class _Memo(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"")
    error: dict[str, Json] | None = None


class GraphRoutes:
    """``/v0/gql``."""

    def __init__(self, engine: Engine, settings: APISettings) -> None:
        self._engine = engine
        self._settings = settings

    def routes(self) -> list[Route]:
        """The routes."""
        return [Route("/v0/gql", guarded(self._settings, self._answer), methods=["POST"])]

    async def _answer(self, request: Request) -> Response:
        body = await read_body(request, limit=self._settings.max_body_bytes)
        try:
            query = _read_query(body)
            selection = parse_query(query.query, query.operation_name)
            data, errors = await execute(self._root(), selection, query.variables or {})
        except QueryError as error:
            return json_response({"data": None, "errors": [{"message": str(error)}]})
        return json_response({"data": data, "errors": errors} if errors else {"data": data})

    def _root(self) -> ObjectType:
        return {
            "run": self._run,
            "runTrigger": self._run_trigger,
            "runTraceSpanOutputByID": self._output,
            "event": self._event,
        }

    async def _run(self, arguments: Mapping[str, Json]) -> Json:
        run = await self._view(_text(arguments, "runID"))
        return {
            "id": run.id,
            "status": _status(run),
            "output": None if run.output is None else run.output.decode(),
            "queuedAt": iso(run.created_at),
            "startedAt": _optional_iso(run.started_at),
            "endedAt": _optional_iso(run.ended_at),
            "trace": self._trace(run),
        }

    async def _run_trigger(self, arguments: Mapping[str, Json]) -> Json:
        state = await self._engine.run_state(_text(arguments, "runID"))
        events = state.run.events
        return {
            "eventName": events[0].name,
            "IDs": [event.internal_id for event in events],
            "timestamp": iso(events[0].received_at),
            "payloads": [msgspec.json.encode(event.as_json()).decode() for event in events],
            "isBatch": len(events) > 1,
        }

    async def _event(self, arguments: Mapping[str, Json]) -> Json:
        query = arguments.get("query")
        event_id = _text(query if isinstance(query, dict) else {}, "eventId")
        event = await self._engine.get_event(event_id)
        if event is None:
            raise NotFound(f"No event has the id {event_id}")

        async def runs(_arguments: Mapping[str, Json]) -> Json:
            found = await self._engine.runs_of_event(event_id)
            return [{"id": run.id, "status": _status(run)} for run in found]

        return {
            "id": event.internal_id,
            "name": event.name,
            "payload": msgspec.json.encode(event.data).decode(),
            "functionRuns": runs,
        }

    async def _output(self, arguments: Mapping[str, Json]) -> Json:
        run_id, step_id = _parse_output_id(_text(arguments, "outputID"))
        if step_id is None:
            return _run_output(await self._view(run_id))
        for step in await self._engine.run_steps(run_id):
            if step.id == step_id:
                return _step_output(step)
        raise NotFound("No span has this output id")

    def _trace(self, run: RunView) -> Resolver:
        async def resolve(_arguments: Mapping[str, Json]) -> Json:
            steps = await self._engine.run_steps(run.id)
            spans = [_step_span(run, step) for step in steps]
            if run.status in {RunStatus.COMPLETED, RunStatus.FAILED}:
                spans.append(_end_span(run))
            return {**_root_span(run), "childrenSpans": spans}

        return resolve

    async def _view(self, run_id: str) -> RunView:
        run = await self._engine.get_run(run_id)
        if run is None:
            raise NotFound(f"No run has the id {run_id}")
        return run


def _read_query(body: bytes) -> _Query:
    try:
        return msgspec.json.decode(body, type=_Query)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise QueryError(f"The request is no GraphQL query: {error}") from error


def _text(arguments: Mapping[str, Json], name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str):
        raise QueryError(f'The argument "{name}" must be a string')
    return value


def _status(run: RunView) -> str:
    return run.status.value.upper()


def _optional_iso(time_ms: int | None) -> str | None:
    return None if time_ms is None else iso(time_ms)


def _root_span(run: RunView) -> dict[str, Json]:
    return {
        "name": run.function_id,
        "runID": run.id,
        "spanID": _output_id(run.id),
        "parentSpanID": None,
        "isRoot": True,
        "status": _status(run),
        "attempts": 1,
        "startedAt": _optional_iso(run.started_at),
        "endedAt": _optional_iso(run.ended_at),
        "outputID": None if run.output is None else _output_id(run.id),
        "stepID": None,
        "stepOp": None,
    }


def _step_span(run: RunView, step: StepRecord) -> dict[str, Json]:
    has_output = step.memo is not None or step.error is not None
    return {
        **_root_span(run),
        "name": step.name,
        "spanID": _output_id(run.id, step.id),
        "parentSpanID": _output_id(run.id),
        "isRoot": False,
        "status": _STEP_STATUS[step.status],
        "attempts": step.attempts,
        "startedAt": iso(step.started_at),
        "endedAt": _optional_iso(step.ended_at),
        "outputID": _output_id(run.id, step.id) if has_output else None,
        "stepID": step.id,
        "stepOp": _STEP_OPS.get(step.op),
        "childrenSpans": [],
    }


_STEP_STATUS: Final[Mapping[StepStatus, str]] = {
    StepStatus.OPEN: "RUNNING",
    StepStatus.ERRORED: "RUNNING",
    StepStatus.COMPLETED: "COMPLETED",
    StepStatus.FAILED: "FAILED",
}


def _end_span(run: RunView) -> dict[str, Json]:
    failed = run.status is RunStatus.FAILED
    return {
        **_root_span(run),
        "name": "function error" if failed else "function success",
        "parentSpanID": _output_id(run.id),
        "isRoot": False,
        "childrenSpans": [],
    }


def _run_output(run: RunView) -> Json:
    if run.output is None:
        return {"data": None, "error": None}
    if run.status is RunStatus.FAILED:
        return {"data": None, "error": _error_json(msgspec.json.decode(run.output))}
    return {"data": run.output.decode(), "error": None}


def _step_output(step: StepRecord) -> Json:
    if step.memo is None:
        error = None if step.error is None else msgspec.json.decode(step.error)
        return {"data": None, "error": _error_json(error)}
    if step.op in _RAW_MEMOS:
        return {"data": step.memo.decode(), "error": None}
    memo = msgspec.json.decode(step.memo, type=_Memo)
    return {"data": bytes(memo.data).decode() or None, "error": _error_json(memo.error)}


def _error_json(error: Json) -> Json:
    if not isinstance(error, Mapping):
        return None
    fields = ("message", "name", "stack", "cause")
    texts = {name: error.get(name) for name in fields}
    return {
        name: value if value is None or isinstance(value, str) else str(value)
        for name, value in texts.items()
    }


def _output_id(run_id: str, step_id: str | None = None) -> str:
    reference = run_id if step_id is None else f"{run_id}:{step_id}"
    return base64.urlsafe_b64encode(reference.encode()).decode()


def _parse_output_id(text: str) -> tuple[str, str | None]:
    try:
        reference = base64.b64decode(text, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise NotFound("No span has this output id") from error
    run_id, separator, step_id = reference.partition(":")
    return run_id, step_id if separator else None
