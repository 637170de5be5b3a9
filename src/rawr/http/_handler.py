"""The one handler behind every protocol: match, make the context, decode, call, encode."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeAlias

from rawr.contract import ORPCError
from rawr.procedure import (
    Call,
    Middleware,
    Next,
    Observe,
    Router,
    derive_defined,
    to_orpc_error,
)
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError, EncodeError
from rawr.wire.path import lookup_path

from ._asgi import ASGIApp, Receive, Scope, Send, answer_lifespan, raw_path
from ._codec import Codec, Matcher
from ._companion import ClientDisconnected, until_disconnected
from ._direct import LongWay
from ._entrance import Entrance
from ._log import log_departure, log_failure
from ._operation import Operation, Operations
from ._plugin import (
    Exchange,
    Interceptor,
    Mount,
    Plugin,
    Respond,
    compose,
    innermost_first,
    observe_all,
)
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
"""How large a request body may be (413 beyond it) unless a handler is told otherwise."""

MALFORMED: Final = (
    "Malformed request. Ensure the request body is properly formatted and the "
    "'Content-Type' header is set correctly."
)
_RESUMES: Final = b"last-event-id"
NO_MATCH: Final = "No procedure matched"

ContextFactory: TypeAlias = Callable[[Request], Awaitable[Any]]
"""Makes the context of a matched request before its body is read; may raise `ORPCError`."""

MakeMatcher: TypeAlias = Callable[[Operations, str], Matcher]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerOptions:
    """What handlers of every protocol have in common."""

    interceptors: tuple[Interceptor, ...] = ()
    client_interceptors: tuple[Middleware[Any], ...] = ()
    plugins: tuple[Plugin, ...] = ()
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    keep_alive: KeepAlive = DEFAULT_KEEP_ALIVE
    sleep: Sleep = asyncio.sleep


class StandardHandler:
    """Serves a router over HTTP in the protocol its codec speaks."""

    def __init__(
        self, router: Router[Any], codec: Codec, make_matcher: MakeMatcher, options: HandlerOptions
    ) -> None:
        self._plugins = innermost_first(options.plugins)
        observe = observe_all(self._plugins)

        def prepare(operation: Operation) -> Operation:
            return _plugged(operation, self._plugins, options.client_interceptors, observe)

        self._operations = Operations(router, prepare)
        for plugin in self._plugins:
            codec = plugin.around_codec(codec)
        self._codec = codec
        self._make_matcher = make_matcher
        self._options = options
        self._entrances: dict[str, Entrance] = {}
        self._has_exchanges = any(
            type(plugin).around_exchange is not Plugin.around_exchange for plugin in self._plugins
        )
        self._respond_through = self._onion()

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
        if self._has_exchanges:
            return await self._exchange(self._mount(prefix, context))(scope, receive, send)
        return await self._entrance(prefix).exchange(context)(scope, receive, send)

    def asgi(self, *, prefix: str = "", context: object = None) -> ASGIApp:
        """An ASGI application of this handler alone: what is not matched gets a 404."""
        if not self._has_exchanges:
            return self._entrance(prefix).app(context, self._answer_unmatched)
        exchange = self._exchange(self._mount(prefix, context))

        async def plugged_app(scope: Scope, receive: Receive, send: Send) -> None:
            if not await exchange(scope, receive, send):
                await self._answer_unmatched(scope, receive, send)

        return plugged_app

    def _onion(self) -> Respond:
        """What is around the context, the call and its encoding."""
        respond = compose(self._options.interceptors, self._respond)
        for plugin in self._plugins:
            respond = plugin.around_call(respond)

        async def answer(request: Request) -> Response:
            try:
                return await respond(request)
            except Exception as error:  # noqa: BLE001 - the boundary: every failure gets an answer
                return self._refuse(request.operation, error)

        outer: Respond = answer
        for plugin in self._plugins:
            outer = plugin.around_response(outer)
        return respond if outer is answer else outer

    def _mount(self, prefix: str, context: object) -> Mount:
        return Mount(
            prefix=prefix.removesuffix("/"),
            context=context,
            max_body_bytes=self._options.max_body_bytes,
            codec=self._codec,
            matcher=self._entrance(prefix).matcher,
            answer=self._answer,
            deliver=self._deliver,
        )

    def _exchange(self, mount: Mount) -> Exchange:
        plugged = self._entrance(mount.prefix).exchange(mount.context)
        for plugin in self._plugins:
            plugged = plugin.around_exchange(plugged, mount)

        async def under_prefix(scope: Scope, receive: Receive, send: Send) -> bool:
            if scope["type"] != "http" or lookup_path(raw_path(scope), mount.prefix) is None:
                return False
            try:
                return await plugged(scope, receive, send)
            except ClientDisconnected:
                return True

        return under_prefix

    def _entrance(self, prefix: str) -> Entrance:
        """The entrance of a prefix; there are as many as the application has mounts."""
        prefix = prefix.removesuffix("/")
        entrance = self._entrances.get(prefix)
        if entrance is None:
            long_way = LongWay(
                max_body_bytes=self._options.max_body_bytes,
                enter=_enter,
                resume=self._resume,
                refuse=self._refuse_call,
                finish=self._finish,
            )
            matcher = self._make_matcher(self._operations, prefix)
            for plugin in self._plugins:
                matcher = plugin.around_matcher(matcher)
            entrance = Entrance(
                matcher,
                self._codec if self._is_bare() else None,
                self._serve,
                long_way,
            )
            self._entrances[prefix] = entrance
        return entrance

    def _is_bare(self) -> bool:
        """Whether nothing stands around the calls of this handler."""
        return not self._options.interceptors and all(
            type(plugin).around_call is Plugin.around_call
            and type(plugin).around_response is Plugin.around_response
            for plugin in self._plugins
        )

    async def _serve(self, request: Request, send: Send) -> None:
        try:
            response = await self._answer(request)
        except ClientDisconnected:
            log_departure(request.operation)
        else:
            await self._finish(request.operation, response, request.receive, send)

    async def _finish(
        self, operation: Operation, response: Response, receive: Receive, send: Send
    ) -> None:
        try:
            await self._deliver(response, receive, send)
        except ClientDisconnected:
            log_departure(operation)

    async def _answer(self, request: Request) -> Response:
        """The response of a request that came inside another one; see `Mount.answer`."""
        try:
            return await self._respond_through(request)
        except Exception as error:  # noqa: BLE001 - the boundary: every failure gets an answer
            return self._refuse(request.operation, error)

    async def _deliver(self, response: Response, receive: Receive, send: Send) -> None:
        body = response.body
        if isinstance(body, bytes):
            await send(start_whole(response.status, response.headers, body))
            await send({"type": BODY, "body": body})
            return
        pulse = Pulse(send, self._options.keep_alive, self._options.sleep)
        await send(start(response.status, response.headers))
        await until_disconnected(send_chunks(body, send, pulse), receive)

    def _refuse_call(self, operation: Operation, error: Exception) -> Response:
        """The response of a call that failed outside of its procedure's pipeline."""
        if isinstance(error, ORPCError):
            derived = derive_defined(error, operation.place.procedure.definition.errors)
            derived.__cause__ = error.__cause__ if derived is error else error
            error = derived
        return self._refuse(operation, error)

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
        context = request.context
        return await self._call(request, await _enter(request) if callable(context) else context)

    async def _resume(self, request: Request, context: object) -> Response:
        try:
            return await self._call(request, context)
        except Exception as error:  # noqa: BLE001 - the boundary: every failure gets an answer
            return self._refuse(request.operation, error)

    async def _call(self, request: Request, context: object) -> Response:
        operation, codec = request.operation, self._codec
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
            # Asked for only where it is sent: this runs for every request.
            last_event_id=request.last_event_id if _RESUMES in request.header_map else None,
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
            await self._deliver(response, receive, send)


def _plugged(
    operation: Operation,
    plugins: Sequence[Plugin],
    interceptors: tuple[Middleware[Any], ...],
    observe: Observe | None,
) -> Operation:
    procedure = operation.place.procedure
    if observe is not None:
        procedure = procedure.observed(observe)
    run: Next[Any] = procedure
    if interceptors:
        run = partial(procedure, interceptors=interceptors)
    for plugin in plugins:
        run = plugin.around_procedure(run)
    if run is operation.procedure:
        return operation

    async def plugged(call: Call[Any]) -> object:
        return await run(call)

    return replace(operation, procedure=plugged)


async def _enter(request: Request) -> object:
    """What the context factory of a request makes."""
    make: Any = request.context
    try:
        return await make(request)
    except ORPCError as error:
        derived = derive_defined(error, request.place.contract.definition.errors)
        if derived is error:
            raise
        raise derived from error
