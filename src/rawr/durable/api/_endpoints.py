"""Runs that an app's own endpoints execute: begun, reported and read over HTTP."""

from typing import Final

import anyio
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._query import json_body
from rawr.durable.api._responses import BadRequest, NotFound, enveloped, error_response
from rawr.durable.api._runs import parse_run_id
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.endpoint import endpoint_id
from rawr.durable.domain.errors import ResponseRejected
from rawr.durable.domain.event import HTTP_REQUEST, EventDraft, Json
from rawr.durable.domain.limits import DEFAULT_RETRIES, MAX_RETRIES
from rawr.durable.domain.op import Op
from rawr.durable.domain.run import RunStatus
from rawr.durable.domain.ulid import UlidError, parse_ulid
from rawr.durable.engine import Engine, RunView
from rawr.durable.protocol.call import ACCOUNT_ID, app_uuid, function_uuid
from rawr.durable.protocol.endpoint import endpoint_result
from rawr.durable.protocol.opcodes import parse_ops
from rawr.durable.realtime import STREAM_TOPIC, TokenRejected, TokenSigner, Topic

_PREFIXES: Final = ("/v1/checkpoint", "/v1/http/runs")
_OUTPUT: Final = "$output"
#: How long a token for a run's output or stream is good, in seconds.
_TOKEN_SECONDS: Final = 24 * 60 * 60
#: How long a reader of an output waits for it, in seconds.
_WAIT_SECONDS: Final = 5 * 60
_ACCEPTED: Final = 202
_OF_ONE_HOP: Final = frozenset({"connection", "content-length", "transfer-encoding"})


class _Event(msgspec.Struct):
    data: dict[str, Json]
    name: str = HTTP_REQUEST


class _NewRun(msgspec.Struct):
    run_id: str
    event: _Event
    steps: msgspec.Raw = msgspec.Raw(b"[]")
    retries: int = DEFAULT_RETRIES


class _Report(msgspec.Struct):
    steps: msgspec.Raw = msgspec.Raw(b"[]")


class EndpointRoutes:
    """``/v1/checkpoint`` for requests that are runs, and the older path of the same."""

    def __init__(self, engine: Engine, settings: APISettings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._signer = TokenSigner(settings.signing_keys, env_id=ACCOUNT_ID)

    def routes(self) -> list[Route]:
        """The routes."""
        begin = guarded(self._settings, self._begin)
        report = guarded(self._settings, self._report)
        return [
            route
            for prefix in _PREFIXES
            for route in (
                Route(prefix, begin, methods=["POST"]),
                Route(f"{prefix}/{{id}}/steps", report, methods=["POST"]),
                # Whoever called the endpoint reads this, with the token of the run alone.
                Route(f"{prefix}/{{id}}/output", self._output, methods=["GET"]),
            )
        ]

    async def _begin(self, request: Request) -> Response:
        given = await json_body(request, _NewRun, limit=self._settings.max_body_bytes)
        try:
            parse_ulid(given.run_id)
        except UlidError as error:
            raise BadRequest(f"Invalid run ID: {error}") from error
        await self._engine.begin_endpoint_run(
            given.run_id,
            EventDraft(name=HTTP_REQUEST, data=given.event.data),
            _ops(given.steps),
            retries=min(max(given.retries, 0), MAX_RETRIES),
        )
        begun = {
            "fn_id": function_uuid(endpoint_id(given.event.data)),
            "app_id": app_uuid(str(given.event.data.get("domain", ""))),
            "run_id": given.run_id,
            "token": self._token(given.run_id, _OUTPUT),
            "realtime_token": self._token(given.run_id, STREAM_TOPIC),
        }
        return enveloped(begun, now_ms=self._clock.now_ms())

    async def _report(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        given = await json_body(request, _Report, limit=self._settings.max_body_bytes)
        await self._engine.report_endpoint_run(run_id, _ops(given.steps))
        return Response(media_type="application/json")

    async def _output(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        topics = self._signer.topics(request.query_params.get("token", ""), now_s=self._now_s())
        if Topic(channel=run_id, name=_OUTPUT) not in topics:
            raise TokenRejected("The token is for another run")
        with anyio.move_on_after(_WAIT_SECONDS):
            return _answer(await self._engine.wait_run(run_id))
        response = error_response("The run goes on; ask again for its output", _ACCEPTED)
        response.headers["retry-after"] = "1"
        return response

    def _token(self, run_id: str, name: str) -> str:
        topic = Topic(channel=run_id, name=name)
        return self._signer.issue([topic], now_s=self._now_s(), lifetime_s=_TOKEN_SECONDS)

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000


def _ops(steps: msgspec.Raw) -> tuple[Op, ...]:
    try:
        return parse_ops(bytes(steps))
    except ResponseRejected as error:
        # The fault is the caller's here, where elsewhere it is the answer of an app.
        raise BadRequest(str(error)) from error


def _answer(run: RunView) -> Response:
    """Answer as the endpoint did."""
    output = run.output or b"null"
    if run.status is RunStatus.FAILED:
        return Response(output, 500, media_type="application/json")
    if run.status is not RunStatus.COMPLETED:
        raise NotFound(f"The run {run.id} was {run.status} and has no output")
    result = endpoint_result(output)
    headers = {
        name: value for name, value in result.headers.items() if name.lower() not in _OF_ONE_HOP
    }
    return Response(result.body, result.status, headers)
