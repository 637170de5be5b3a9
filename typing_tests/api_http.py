"""What type checkers know of the rest of `rawr.http` and its plugins."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, assert_type

from rawr.contract import ORPCError
from rawr.http import (
    DEFAULT_MAX_BODY_BYTES,
    DEFAULT_MAX_FRAME_BYTES,
    ASGIApp,
    CheckOrigin,
    ClientDisconnected,
    ContextFactory,
    ErrorBodyEncoder,
    Exchange,
    KeepAlive,
    Match,
    Message,
    Mount,
    OpenAPICodec,
    OpenAPIHandler,
    Operation,
    Plugin,
    Receive,
    Request,
    RPCCodec,
    RPCHandler,
    Scope,
    Send,
    StandardHandler,
    WebsocketLimits,
    allow_origins,
    any_origin,
    same_origin,
)
from rawr.http.plugins import (
    CallLog,
    Compression,
    CSRFProtection,
    HeaderList,
    LimitsRateLimiter,
    MemoryRateLimiter,
    NoTracer,
    OpenTelemetryTracer,
    PageFile,
    RateDecision,
    RateLimit,
    RateLimiter,
    RequestIdFilter,
    ResponseHeaders,
    Rethrow,
    ShouldRethrow,
    SmartCoercion,
    Span,
    Tracer,
    Tracing,
    by_address,
    is_unexpected,
    request_id,
    response_headers,
)
from rawr.procedure import Router


async def context(request: Request) -> str:
    assert_type(request.cookies, dict[str, str])
    assert_type(request.operation, Operation)
    assert_type(request.client, tuple[str, int] | None)
    return request.headers["x-user"]


def error_body(error: ORPCError[Any]) -> object | None:
    return {"problem": error.code}


factory: ContextFactory = context
encoder: ErrorBodyEncoder = error_body
should: ShouldRethrow = is_unexpected
checks: list[CheckOrigin] = [same_origin, any_origin, allow_origins("https://a.example")]


class Own(Plugin):
    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:
        async def exchanged(scope: Scope, receive: Receive, send: Send) -> bool:
            async def sending(message: Message) -> None:
                await send(message)

            match: Match | None = mount.find("GET", scope["raw_path"])
            return match is not None and await exchange(scope, receive, sending)

        return exchanged


class OwnLimiter(RateLimiter):
    async def take(self, key: str) -> RateDecision:
        return RateDecision(
            is_allowed=bool(key),
            limit=1,
            remaining=0,
            reset_seconds=1.0,
            retry_after_seconds=0.0,
        )


def handlers(router: Router[str], limits: LimitsRateLimiter) -> Sequence[ASGIApp]:
    plugins: list[Plugin] = [
        Compression(encodings=["gzip"]),
        CallLog(make_id=lambda: "id"),
        CSRFProtection(header_name="x-token"),
        RateLimit(OwnLimiter(), key=by_address),
        RateLimit(MemoryRateLimiter(limit=1, period_seconds=60)),
        RateLimit(limits),
        Rethrow(should),
        ResponseHeaders(),
        SmartCoercion(),
        Tracing(NoTracer()),
        Tracing(OpenTelemetryTracer()),
        Own(),
    ]
    keep_alive = KeepAlive(interval_seconds=15.0)
    rpc = RPCHandler(router, plugins=plugins, keep_alive=keep_alive)
    openapi = OpenAPIHandler(
        router, encode_error_body=encoder, max_body_bytes=DEFAULT_MAX_BODY_BYTES
    )
    handlers: list[StandardHandler] = [rpc, openapi]
    calls = WebsocketLimits(max_frame_bytes=DEFAULT_MAX_FRAME_BYTES, stall_seconds=5.0)
    websocket = rpc.websocket(context=factory, check_origin=checks[0], limits=calls)
    RPCHandler(router, plugins=["cors"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    return [websocket, *(handler.asgi(context=factory) for handler in handlers)]


def around(codecs: tuple[RPCCodec, OpenAPICodec], tracer: Tracer, page: PageFile) -> None:
    assert_type(tracer.start("x"), Span)
    assert_type(tracer.enter("x"), AbstractContextManager[Span])
    assert_type(response_headers(), HeaderList)
    response_headers().set_cookie("a", "b", max_age=timedelta(hours=1), same_site="Strict")
    response_headers().set_cookie("a", "b", same_site="Loose")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(request_id(), str | None)
    assert_type(page.body, bytes)
    logging.getLogger().addFilter(RequestIdFilter())
    left: BaseException = ClientDisconnected()
    del codecs, left
