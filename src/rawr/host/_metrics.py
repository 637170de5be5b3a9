"""What the engine of an HQ has done, for Prometheus: not by tenant, so for first parties alone."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.types import Receive, Scope, Send

from rawr.contract import ORPCError
from rawr.durable.metrics import CONTENT_TYPE

from ._admission import FIRST_PARTIES, Admission
from ._engine import EngineBundle
from ._mounts import Mount, by_method, respond
from ._overload import retry_after_of

METRICS: Final = "/metrics"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsPage:
    """The metrics of one engine, to callers that `/rpc` would admit."""

    bundle: EngineBundle
    admission: Admission

    def mount(self) -> Mount:
        """The route."""
        return Mount(METRICS, by_method("GET", self._expose), exact=True)

    async def _expose(self, scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await self.admission.admit(scope, FIRST_PARTIES)
            exposition = await self._exposition()
        except ORPCError as error:
            await self._refuse(scope, send, error)
        else:
            await respond(send, HTTPStatus.OK, exposition.encode(), CONTENT_TYPE)

    async def _exposition(self) -> str:
        exposition = await self.bundle.metrics()
        if exposition is None:
            where = f"{self.bundle.place} executes the functions of this HQ"
            raise ORPCError("NOT_FOUND", message=f"{where}, and has metrics of its own.")
        return exposition

    async def _refuse(self, scope: Scope, send: Send, error: ORPCError[Any]) -> None:
        message = error.message
        if error.code == "FORBIDDEN":
            message = f"{METRICS} is for first parties and services."
        body = msgspec.json.encode(
            {"defined": False, "code": error.code, "status": error.status, "message": message}
        )
        await respond(send, error.status, body, _JSON, headers=retry_after_of(scope))
