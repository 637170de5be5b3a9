"""The one handler behind every protocol: match, make the context, decode, call, encode."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from rawr.contract import ORPCError
from rawr.procedure import Call, Router, derive_defined, to_orpc_error
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError, EncodeError

from ._asgi import ASGIApp, Receive, Scope, Send, answer_lifespan, raw_path
from ._codec import Codec, Matcher
from ._companion import ClientDisconnected, until_disconnected
from ._log import log_failure, logger
from ._operation import Operation, operations
from ._request import Request
from ._response import (
    BODY,
    DEFAULT_KEEP_ALIVE,
    KeepAlive,
    Pulse,
    Response,
    Sleep,
    send_chunks,
    start,
    start_whole,
)

DEFAULT_MAX_BODY_BYTES: Final = 10 * 1024 * 1024

MALFORMED: Final = (
    "Malformed request. Ensure the request body is properly formatted and the "
    "'Content-Type' header is set correctly."
)
NO_MATCH: Final = "No procedure matched"

ContextFactory: TypeAlias = Callable[[Request], Awaitable[Any]]
"""Makes the context of a matched request before its body is read; may raise `ORPCError`."""

Respond: TypeAlias = Callable[[Request], Awaitable[Response]]

Interceptor: TypeAlias = Callable[[Request, Respond], Awaitable[Response]]
"""Wraps a matched request, from context to encoding: `async def timed(request, next): ...`.

Failures pass through it as exceptions, before they are encoded.
"""


MakeMatcher: TypeAlias = Callable[[Sequence[Operation], str], Matcher]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerOptions:
    """What handlers of every protocol have in common."""

    interceptors: tuple[Interceptor, ...] = ()
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    keep_alive: KeepAlive = DEFAULT_KEEP_ALIVE
    sleep: Sleep = asyncio.sleep


class StandardHandler:
    """Serves a router over HTTP in the protocol its codec speaks."""

    def __init__(
        self, router: Router[Any], codec: Codec, make_matcher: MakeMatcher, options: HandlerOptions
    ) -> None:
        self._operations = tuple(operations(router))
        self._codec = codec
        self._make_matcher = make_matcher
        self._options = options
        self._matchers: dict[str, Matcher] = {}
        self._respond_through: Respond = _compose(options.interceptors, self._respond)

    def _admit(self, request: Request) -> None:
        """Refuse a matched request before its context is made."""

    async def handle(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        prefix: str = "",
        context: object = None,
    ) -> bool:
        """Answer a request whose path lies under the prefix and leads to a procedure.

        `context` is a value or a `ContextFactory`. False means: not matched, nothing sent.
        """
        request = self._match(scope, receive, self._matcher(prefix), context)
        if request is None:
            return False
        await self._serve(request, send)
        return True

    def asgi(self, *, prefix: str = "", context: object = None) -> ASGIApp:
        """An ASGI application of this handler alone: what is not matched gets a 404."""
        matcher = self._matcher(prefix)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            request = self._match(scope, receive, matcher, context)
            if request is None:
                await self._answer_unmatched(scope, receive, send)
            else:
                await self._serve(request, send)

        return app

    def _matcher(self, prefix: str) -> Matcher:
        """The matcher of a prefix; there are as many as the application has mounts."""
        matcher = self._matchers.get(prefix)
        if matcher is None:
            matcher = self._make_matcher(self._operations, prefix.removesuffix("/"))
            self._matchers[prefix] = matcher
        return matcher

    def _match(
        self, scope: Scope, receive: Receive, matcher: Matcher, context: object
    ) -> Request | None:
        if scope["type"] != "http":
            return None
        match = matcher.match(scope["method"], raw_path(scope))
        if match is None:
            return None
        return Request(scope, receive, match, context, self._options.max_body_bytes)

    async def _serve(self, request: Request, send: Send) -> None:
        try:
            try:
                response = await self._respond_through(request)
            except Exception as error:  # noqa: BLE001 - the boundary: every failure gets an answer
                response = self._refuse(request.operation, error)
            body = response.body
            if isinstance(body, bytes):
                await send(start_whole(response.status, response.headers, body))
                await send({"type": BODY, "body": body})
            else:
                await self._stream(response, body, request.receive, send)
        except ClientDisconnected:
            logger.debug("The client left %s", request, extra={"action": "client_disconnected"})

    def _refuse(self, operation: Operation, error: Exception) -> Response:
        failure = to_orpc_error(error)
        log_failure(operation, failure)
        try:
            return self._codec.encode_error(failure)
        except EncodeError as unencodable:
            hidden = to_orpc_error(unencodable)
            log_failure(operation, hidden)
            return self._codec.encode_error(hidden)

    async def _respond(self, request: Request) -> Response:
        self._admit(request)
        operation, codec = request.operation, self._codec
        context = request.context
        if callable(context):
            context = await _make_context(context, request)
        body = await request.body() if codec.reads_body(request) else b""
        try:
            value = codec.decode(request, body)
        except DecodeError as error:
            raise ORPCError("BAD_REQUEST", message=MALFORMED) from error
        call = Call(
            path=operation.path,
            contract=operation.place.contract,
            context=context,
            input=operation.absent_input() if value is UNDEFINED else value,
            last_event_id=request.last_event_id,
        )
        output = await until_disconnected(operation.procedure(call), request.receive)
        return codec.encode(operation, output)

    async def _answer_unmatched(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": NO_MATCH})
        else:
            response = self._codec.encode_error(ORPCError("NOT_FOUND", message=NO_MATCH))
            body = cast("bytes", response.body)
            await send(start_whole(response.status, response.headers, body))
            await send({"type": BODY, "body": body})

    async def _stream(
        self, response: Response, chunks: AsyncIterator[bytes], receive: Receive, send: Send
    ) -> None:
        pulse = Pulse(send, self._options.keep_alive, self._options.sleep)
        await send(start(response.status, response.headers))
        await until_disconnected(send_chunks(chunks, send, pulse), receive)


async def _make_context(factory: Callable[..., Any], request: Request) -> object:
    try:
        return await factory(request)
    except ORPCError as error:
        derived = derive_defined(error, request.place.contract.definition.errors)
        if derived is error:
            raise
        raise derived from error


def _compose(interceptors: Sequence[Interceptor], core: Respond) -> Respond:
    for interceptor in reversed(interceptors):
        core = _wrap(interceptor, core)
    return core


def _wrap(interceptor: Interceptor, inner: Respond) -> Respond:
    def wrapped(request: Request) -> Awaitable[Response]:
        return interceptor(request, inner)

    return wrapped
