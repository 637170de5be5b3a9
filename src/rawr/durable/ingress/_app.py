"""The ingress as an ASGI application over the SDK's own request handler."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import inngest
from inngest._internal import comm_lib, server_lib
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rawr.durable.domain.limits import MAX_RESPONSE_BYTES
from rawr.durable.ingress._gate import Admitted, BodyTooLarge, Gate, Refused
from rawr.durable.protocol.signing import SIGNATURE_HEADER, sign_bytes

logger = logging.getLogger(__name__)


def create_ingress(
    client: inngest.Inngest,
    functions: Sequence[inngest.Function[Any]],
    *,
    signing_keys: Sequence[str] = (),
    serve_origin: str | None = None,
    serve_path: str | None = None,
    max_body_bytes: int = MAX_RESPONSE_BYTES,
    now_s: Callable[[], float] = time.time,
) -> ASGIApp:
    """Serve SDK functions to an Inngest server: GET inspects, PUT registers, POST calls.

    Every request must carry a signature made with one of `signing_keys`, the current one and the
    fallback, no more than five minutes before or after `now_s`, whatever mode the client is in;
    without keys every request is refused. A refusal is a plain 403 that says nothing more.

    `serve_origin` and `serve_path` fix the URL that PUT registers, which otherwise follows the
    request's own.
    """
    gate = Gate(signing_keys=signing_keys, max_body_bytes=max_body_bytes, now_s=now_s)
    handler = comm_lib.CommHandler(
        client=client,
        enable_unauthed_sync=False,
        framework=server_lib.Framework.FAST_API,
        functions=list(functions),
        streaming=None,
    )
    return _Ingress(gate, handler, serve_origin=serve_origin, serve_path=serve_path, now_s=now_s)


class _Ingress:
    def __init__(
        self,
        gate: Gate,
        handler: comm_lib.CommHandler,
        *,
        serve_origin: str | None,
        serve_path: str | None,
        now_s: Callable[[], float],
    ) -> None:
        self._gate = gate
        self._handler = handler
        self._serve_origin = serve_origin
        self._serve_path = serve_path
        self._now_s = now_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)
        elif scope["type"] == "websocket":
            # Closing before accepting is answered with 403.
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, request: Request) -> Response:
        try:
            admitted = await self._gate.admit(request)
        except Refused as refusal:
            logger.warning(
                "Refused a request to the ingress: %s", refusal, extra={"action": "ingress_refused"}
            )
            return PlainTextResponse("forbidden", 403)
        except BodyTooLarge:
            return PlainTextResponse("payload too large", 413)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        return await self._dispatch(request, admitted)

    async def _dispatch(self, request: Request, admitted: Admitted) -> Response:
        match request.method:
            case "POST":
                answer = await self._handler.post(self._request(request, admitted, verified=True))
                return _response(answer, lambda body: self._sign(body, admitted))
            case "PUT":
                return _response(await self._handler.put(self._request(request, admitted)))
            case "GET":
                return _response(self._handler.get_sync(self._request(request, admitted)))
            case _:
                return PlainTextResponse("method not allowed", 405, {"allow": "GET, POST, PUT"})

    def _request(
        self, request: Request, admitted: Admitted, *, verified: bool = False
    ) -> comm_lib.CommRequest:
        return comm_lib.CommRequest(
            body=admitted.body,
            headers=dict(request.headers.items()),
            # The SDK would canonicalize the body once more; calls spare that. Registration and
            # inspection are rare, and there it decides by the key what to tell.
            is_connect=verified,
            public_path=None,
            query_params=dict(request.query_params.items()),
            raw_request=request,
            request_url=str(request.url),
            serve_origin=self._serve_origin,
            serve_path=self._serve_path,
        )

    def _sign(self, body: bytes, admitted: Admitted) -> dict[str, str]:
        return {SIGNATURE_HEADER: sign_bytes(body, admitted.key, now_s=int(self._now_s()))}


def _response(
    answer: comm_lib.CommResponse, sign: Callable[[bytes], dict[str, str]] | None = None
) -> Response:
    if answer.stream is not None:
        return StreamingResponse(answer.stream(), answer.status_code, answer.headers)
    body = json.dumps(answer.body).encode()
    signature = {} if sign is None else sign(body)
    return Response(body, answer.status_code, {**answer.headers, **signature})
