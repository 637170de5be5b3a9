"""The ingress as an ASGI application over the SDK's own request handler."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urljoin

import inngest
from inngest._internal import comm_lib, const, server_lib
from inngest._internal.comm_lib import handler as comm_handler
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from rawr.durable.domain.clock import SystemClock
from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.limits import MAX_RESPONSE_BYTES
from rawr.durable.ingress._checkpointing import Checkpointing
from rawr.durable.ingress._gate import Admitted, BodyTooLarge, Gate, Refused
from rawr.durable.protocol.signing import SIGNATURE_HEADER, sign_bytes

logger = logging.getLogger(__name__)

FRAMEWORK: Final = server_lib.Framework.FAST_API


def create_ingress(
    client: inngest.Inngest,
    functions: Sequence[inngest.Function[Any]],
    *,
    signing_keys: Sequence[str] = (),
    takes_unsigned: bool = False,
    checkpointing: bool = False,
    serve_origin: str | None = None,
    serve_path: str | None = None,
    max_body_bytes: int = MAX_RESPONSE_BYTES,
    now_s: Callable[[], float] = time.time,
) -> "Ingress":
    """Serve SDK functions to an Inngest server: GET inspects, PUT registers, POST calls.

    Every request must carry a signature made with one of `signing_keys`, the current one and the
    fallback, no more than five minutes before or after `now_s`, whatever mode the client is in;
    without keys every request is refused. A refusal is a plain 403 that says nothing more.
    `takes_unsigned` is for a dev server, which signs nothing: who listens beyond loopback must not
    say so.

    With `checkpointing` a call does not end with a step that succeeds: the step is saved by a
    request to the client's server, as the SDK for TypeScript does, and the function goes on, for
    up to ten seconds. What cannot be saved ends the call as it does without. `close` the ingress
    then.

    `serve_origin` and `serve_path` fix the URL that PUT registers, which otherwise follows the
    request's own.
    """
    gate = Gate(
        signing_keys=signing_keys,
        takes_unsigned=takes_unsigned,
        max_body_bytes=max_body_bytes,
        now_s=now_s,
    )
    handler = comm_lib.CommHandler(
        client=client,
        enable_unauthed_sync=False,
        framework=FRAMEWORK,
        functions=list(functions),
        streaming=None,
    )
    checkpoints = None
    if checkpointing:
        checkpoints = Checkpointing(client, functions, framework=FRAMEWORK, clock=SystemClock())
    return Ingress(
        gate,
        handler,
        checkpoints=checkpoints,
        serve_origin=serve_origin,
        serve_path=serve_path,
        now_s=now_s,
    )


class RegistrationFailed(EngineError):
    """The Inngest server did not register the functions."""

    code = "registration_failed"
    status = 502
    retryable = True


class Ingress:
    """An ASGI application for an Inngest server, and the way to tell that server of it."""

    def __init__(
        self,
        gate: Gate,
        handler: comm_lib.CommHandler,
        *,
        checkpoints: Checkpointing | None,
        serve_origin: str | None,
        serve_path: str | None,
        now_s: Callable[[], float],
    ) -> None:
        self._checkpoints = checkpoints
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

    async def register(self) -> None:
        """Tell the client's Inngest server which functions are served, and where (out of band).

        Doing so again changes nothing. It needs `serve_origin`.

        Raises:
            RegistrationFailed: the server is out of reach, or refuses; the message says why.
        """
        mode = self._handler._mode  # noqa: SLF001 - the SDK has no public way to register
        url = urljoin(self._serve_origin or "", self._serve_path or const.DEFAULT_SERVE_PATH)
        answer = await comm_handler.Syncer(logger).out_of_band(
            self._handler,
            self._comm_request(
                body=b"",
                # So that the server is asked to be of the kind that the client is made for.
                headers={server_lib.HeaderKey.SERVER_KIND.value: mode.value},
                url=url,
            ),
        )
        if isinstance(answer, Exception):
            raise RegistrationFailed(str(answer)) from answer
        said = answer.body if isinstance(answer.body, dict) else {}
        if said.get("ok") is not True:
            raise RegistrationFailed(str(said.get("error") or said.get("message") or said))

    async def close(self) -> None:
        """Close the connections, if there are any."""
        if self._checkpoints is not None:
            await self._checkpoints.close()

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
                return _response(await self._call(request, admitted), self._signing(admitted))
            case "PUT":
                return _response(await self._handler.put(self._request(request, admitted)))
            case "GET":
                return _response(self._handler.get_sync(self._request(request, admitted)))
            case _:
                return PlainTextResponse("method not allowed", 405, {"allow": "GET, POST, PUT"})

    async def _call(self, request: Request, admitted: Admitted) -> comm_lib.CommResponse:
        query = request.query_params
        if self._checkpoints is not None and "probe" not in query:
            answer = await self._checkpoints.answer(
                admitted.body,
                function_id=query.get("fnId"),
                step_id=query.get("stepId"),
                key=admitted.key,
            )
            if answer is not None:
                return answer
        return await self._handler.post(self._request(request, admitted, verified=True))

    def _request(
        self, request: Request, admitted: Admitted, *, verified: bool = False
    ) -> comm_lib.CommRequest:
        return self._comm_request(
            body=admitted.body,
            headers=dict(request.headers.items()),
            query=dict(request.query_params.items()),
            url=str(request.url),
            raw=request,
            verified=verified,
        )

    def _comm_request(
        self,
        *,
        body: bytes,
        headers: dict[str, str],
        url: str,
        query: dict[str, str] | None = None,
        raw: object = None,
        verified: bool = False,
    ) -> comm_lib.CommRequest:
        return comm_lib.CommRequest(
            body=body,
            headers=headers,
            # The SDK would canonicalize the body once more; calls spare that. Registration and
            # inspection are rare, and there it decides by the key what to tell.
            is_connect=verified,
            public_path=None,
            query_params=query or {},
            raw_request=raw,
            request_url=url,
            serve_origin=self._serve_origin,
            serve_path=self._serve_path,
        )

    def _signing(self, admitted: Admitted) -> Callable[[bytes], dict[str, str]] | None:
        key = admitted.key
        if key is None:
            return None
        return lambda body: {SIGNATURE_HEADER: sign_bytes(body, key, now_s=int(self._now_s()))}


def _response(
    answer: comm_lib.CommResponse, sign: Callable[[bytes], dict[str, str]] | None = None
) -> Response:
    if answer.stream is not None:
        return StreamingResponse(answer.stream(), answer.status_code, answer.headers)
    body = json.dumps(answer.body).encode()
    signature = {} if sign is None else sign(body)
    return Response(body, answer.status_code, {**answer.headers, **signature})
