"""Checkpoints: steps an SDK reports while its call goes on."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rawr.durable.api._auth import guarded
from rawr.durable.api._responses import BadRequest, read_body
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.errors import ResponseRejected
from rawr.durable.engine import Engine
from rawr.durable.protocol.call import parse_queue_item_reference
from rawr.durable.protocol.opcodes import parse_ops
from rawr.durable.protocol.text import decode_lenient


class _Checkpoint(msgspec.Struct):
    steps: msgspec.Raw = msgspec.Raw(b"[]")
    qi_id: str = ""
    generation_id: int | None = None


_CHECKPOINT: Final = msgspec.json.Decoder(_Checkpoint)


class CheckpointRoutes:
    """``/v1/checkpoint/{run}/async``, and the older path of the same."""

    def __init__(self, engine: Engine, settings: APISettings) -> None:
        self._engine = engine
        self._settings = settings

    def routes(self) -> list[Route]:
        """The routes."""
        save = guarded(self._settings, self._save)
        return [
            Route("/v1/checkpoint/{id}/async", save, methods=["POST"]),
            Route("/v1/http/runs/{id}/async", save, methods=["POST"]),
        ]

    async def _save(self, request: Request) -> Response:
        body = await read_body(request, limit=self._settings.max_body_bytes)
        try:
            given = decode_lenient(_CHECKPOINT.decode, body)
            ops = parse_ops(bytes(given.steps))
            item_id = parse_queue_item_reference(given.qi_id)
            await self._engine.checkpoint(
                request.path_params["id"], ops, item_id=item_id, generation=given.generation_id
            )
        except msgspec.MsgspecError as error:
            raise BadRequest(f"The body must be an object with steps: {error}") from error
        except ResponseRejected as error:
            # The fault is the caller's here, where elsewhere it is the answer of an app.
            raise BadRequest(str(error)) from error
        return Response(media_type="application/json")
