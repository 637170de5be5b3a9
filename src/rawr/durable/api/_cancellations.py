"""Bulk cancellations over HTTP."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._apps import find_function
from rawr.durable.api._auth import guarded
from rawr.durable.api._query import instant, json_body
from rawr.durable.api._responses import BadRequest, NotFound, enveloped, iso
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Json
from rawr.durable.domain.expr import ExpressionError
from rawr.durable.engine import Engine, RunSelection
from rawr.durable.protocol.call import ACCOUNT_ID

_KEPT: Final = 100
_NO_CONTENT: Final = 204


class _Cancellation(msgspec.Struct):
    function_id: str
    app_id: str | None = None
    started_after: str | None = None
    started_before: str | None = None
    if_: str | None = msgspec.field(name="if", default=None)


class CancellationRoutes:
    """``/v1/cancellations``: each is carried out before it is answered; the last 100 are listed."""

    def __init__(
        self, engine: Engine, settings: APISettings, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._done: OrderedDict[str, Json] = OrderedDict()

    def routes(self) -> list[Route]:
        """The routes."""
        settings = self._settings
        return [
            Route("/v1/cancellations", guarded(settings, self._create), methods=["POST"]),
            Route("/v1/cancellations", guarded(settings, self._list), methods=["GET"]),
            Route("/v1/cancellations/{id}", guarded(settings, self._forget), methods=["DELETE"]),
        ]

    async def _create(self, request: Request) -> Response:
        given = await json_body(request, _Cancellation, limit=self._settings.max_body_bytes)
        function = find_function(self._engine, given.function_id, app=given.app_id)
        selection = RunSelection(
            function_id=function.id,
            created_after=instant(given.started_after, "started_after"),
            created_before=instant(given.started_before, "started_before"),
            expression=given.if_,
        )
        try:
            cancelled = await self._engine.cancel_runs(selection)
        except ExpressionError as error:
            raise BadRequest(f"if: {error}") from error
        now = self._clock.now_ms()
        done: Json = {
            "id": self._new_id(),
            "environment_id": ACCOUNT_ID,
            "function_id": function.id,
            "created_at": iso(now),
            "started_after": given.started_after,
            "started_before": given.started_before,
            "if": given.if_,
            "cancelled": cancelled,
        }
        self._done[done["id"]] = done
        if len(self._done) > _KEPT:
            self._done.popitem(last=False)
        return enveloped(done, now_ms=now)

    async def _list(self, _request: Request) -> Response:
        return enveloped(list(reversed(self._done.values())), now_ms=self._clock.now_ms())

    async def _forget(self, request: Request) -> Response:
        if self._done.pop(request.path_params["id"], None) is None:
            raise NotFound("No cancellation has this id; it has been carried out in any case")
        return Response(status_code=_NO_CONTENT)
