"""What functions attach to runs and steps, over HTTP."""

import hashlib

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._query import json_body
from rawr.durable.api._responses import NotFound, enveloped, iso
from rawr.durable.api._runs import parse_run_id
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Json
from rawr.durable.domain.metadata import Metadata
from rawr.durable.engine import Engine
from rawr.durable.protocol.opcodes import WireMetadata, to_metadata


class _Target(msgspec.Struct):
    """`step_id` is the function's own id of the step; the index tells repeated ones apart."""

    step_id: str | None = None
    step_index: int | None = None


class _Update(msgspec.Struct):
    metadata: list[WireMetadata]
    target: _Target = msgspec.field(default_factory=_Target)


class MetadataRoutes:
    """``/v1/runs/{run}/metadata``."""

    def __init__(self, engine: Engine, settings: APISettings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock

    def routes(self) -> list[Route]:
        """The routes."""
        path = "/v1/runs/{id}/metadata"
        return [
            Route(path, guarded(self._settings, self._attach), methods=["POST"]),
            Route(path, guarded(self._settings, self._list), methods=["GET"]),
        ]

    async def _attach(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        given = await json_body(request, _Update, limit=self._settings.max_body_bytes)
        step_id = _hashed(given.target)
        scope = "run" if step_id is None else "step"
        updates = [to_metadata(one, scope=scope) for one in given.metadata]
        await self._engine.attach_metadata(run_id, updates, step_id=step_id)
        return enveloped({"run_id": run_id}, now_ms=self._clock.now_ms())

    async def _list(self, request: Request) -> Response:
        run_id = parse_run_id(request)
        if await self._engine.get_run(run_id) is None:
            raise NotFound(f"No run has the id {run_id}")
        kept = await self._engine.run_metadata(run_id)
        shown = [{"step_id": one.step_id, **metadata_json(one)} for one in kept]
        return enveloped(shown, now_ms=self._clock.now_ms())


def metadata_json(one: Metadata) -> dict[str, Json]:
    """Metadata as traces show it."""
    return {
        "scope": one.scope,
        "kind": one.kind,
        # A scalar to whoever selects fields, whatever is in it.
        "values": msgspec.Raw(one.values),
        "updatedAt": iso(one.updated_at),
    }


def _hashed(target: _Target) -> str | None:
    if not target.step_id:
        return None
    repeated = f":{target.step_index}" if target.step_index else ""
    return hashlib.sha1(f"{target.step_id}{repeated}".encode()).hexdigest()  # noqa: S324 - the protocol's hash
