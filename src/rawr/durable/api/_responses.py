"""The shapes answers share: errors, envelopes, times."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.event import Json

_SECOND_API: Final = ("/v2/", "/api/v2/")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AuthenticationFailed(EngineError):
    """Authentication failed"""  # noqa: D415 - the protocol's own text

    code = "authentication_failed"
    status = 401


class BadRequest(EngineError):
    """The request is not valid; correct it."""

    code = "bad_request"
    status = 400


class NotFound(EngineError):
    """There is no such thing."""

    code = "not_found"
    status = 404


class BodyTooLarge(EngineError):
    """The request body is too large; send less at once."""

    code = "body_too_large"
    status = 413


def json_response(shape: Json, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(shape), status, media_type="application/json")


def error_response(message: str, status: int, code: str | None = None) -> Response:
    """An error in the shape every route of the protocol shares."""
    shape: dict[str, Json] = {} if code is None else {"code": code}
    return json_response({**shape, "error": message, "data": None, "status": status}, status)


def enveloped(data: Json, *, now_ms: int) -> Response:
    """An answer of the REST API: the data and when it was read."""
    return json_response({"data": data, "metadata": {"fetched_at": iso(now_ms)}})


def iso(time_ms: int) -> str:
    """Milliseconds since the epoch as an RFC 3339 instant."""
    instant = _EPOCH + timedelta(milliseconds=time_ms)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def on_engine_error(request: Request, error: Exception) -> Response:
    """Answer an error of the engine."""
    assert isinstance(error, EngineError)
    return _error_for(request, str(error), error.status, error.code)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what routing refuses: an unknown path, another method."""
    assert isinstance(error, HTTPException)
    response = _error_for(request, str(error.detail), error.status_code)
    response.headers.update(error.headers or {})
    return response


async def on_defect(request: Request, _error: Exception) -> Response:
    """Answer a defect of ours without its details; the server logs them."""
    return _error_for(request, "internal error", 500, "internal_error")


def _error_for(request: Request, message: str, status: int, code: str | None = None) -> Response:
    """Return an error in the shape of the API the request is for."""
    if request.url.path.startswith(_SECOND_API):
        return json_response({"errors": [{"code": code, "message": message}]}, status)
    return error_response(message, status, code)


async def read_body(request: Request, *, limit: int) -> bytes:
    """The request body.

    Raises:
        BodyTooLarge: it has more than `limit` bytes.
        ClientDisconnect: the client hung up before all of it was here.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(f"the request body is larger than {limit} bytes; send less at once")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunk if len(chunks) == 1 else b"".join(chunks)
