"""What type checkers know of the rest of `rawr.client`: transports, links around links, errors."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, assert_type

from rawr.client import (
    ASGIApplication,
    ASGITransport,
    BatchTransport,
    Connect,
    ConnectFailed,
    ConnectHeaders,
    ConnectionLost,
    ContractMismatch,
    DedupeTransport,
    DynamicLink,
    ErrorDecoder,
    FailedAttempt,
    Frame,
    HandshakeRefused,
    Headers,
    HeaderSource,
    HTTPClient,
    HTTPLink,
    HTTPRequest,
    HTTPResponse,
    HTTPXTransport,
    LinkError,
    LinkInterceptor,
    LinkNext,
    MethodSource,
    OpenAPILink,
    ProtocolError,
    ReaderTooSlow,
    Reconnect,
    ReconnectLink,
    Redirected,
    ResponseTooLarge,
    RetryAfterTransport,
    RetryLink,
    RPCLink,
    RPCMethod,
    SafeResult,
    Seconds,
    Socket,
    TimedOut,
    Transport,
    WebSocketLink,
    can_repeat,
    can_resume,
    growing_delay,
)
from rawr.contract import Link, LinkCall, ORPCError


class Recording(Transport):
    async def send(self, request: HTTPRequest) -> HTTPResponse:
        assert_type(request.headers, Headers)
        return HTTPResponse.of(200, {}, b"{}")

    async def aclose(self) -> None: ...


async def token(call: LinkCall) -> Mapping[str, str]:
    return {"authorization": ".".join(call.path)}


def method_of(call: LinkCall) -> RPCMethod:
    return "GET" if call.path else "POST"


async def log(call: LinkCall, next: LinkNext) -> Any:
    return await next(call)


def decode(body: object, status: int, headers: Mapping[str, str]) -> ORPCError[Any] | None:
    return None if body is None else ORPCError("X", status=status, data=headers)


headers: HeaderSource = token
methods: MethodSource = method_of
interceptor: LinkInterceptor = log
decoder: ErrorDecoder = decode
seconds: Seconds = timedelta(seconds=5)


def links(app: ASGIApplication, client: HTTPClient, connect: Connect) -> list[Link]:
    transport = RetryAfterTransport(DedupeTransport(BatchTransport(HTTPXTransport(client))))
    in_process = ASGITransport(app)
    rpc = RPCLink("https://hq/rpc", client=transport, headers=headers, method=methods)
    http: list[HTTPLink] = [
        rpc,
        RPCLink("http://hq/rpc", client=in_process, timeout=seconds, interceptors=[interceptor]),
        OpenAPILink("https://hq/api", client=Recording(), error_decoder=decoder),
    ]
    handshake: ConnectHeaders = {"authorization": "x"}
    socket = WebSocketLink(
        "wss://hq/ws",
        connect=connect,
        connect_headers=handshake,
        reconnect=Reconnect(max_attempts=3),
    )
    retried = RetryLink(rpc, should_retry=can_repeat, delay_seconds=growing_delay)
    resumed = ReconnectLink(socket, should_resume=can_resume)
    RPCLink("https://hq/rpc", client="httpx")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return [*http, DynamicLink(lambda call: retried if call.path else resumed)]


def failures(attempt: FailedAttempt, outcome: SafeResult[int]) -> None:
    assert_type(can_repeat(attempt), bool)
    assert_type(growing_delay(attempt), float)
    assert_type(attempt.number, int)
    kinds: list[type[LinkError]] = [
        *(ConnectFailed, ConnectionLost, TimedOut, ReaderTooSlow, ProtocolError),
        *(ContractMismatch, HandshakeRefused, Redirected, ResponseTooLarge),
    ]
    assert_type(outcome.is_success, bool)
    assert_type(Redirected(302, "/x").location, str)
    assert_type(can_resume(kinds[0]("x")), bool)


async def sockets(socket: Socket, frame: Frame) -> None:
    await socket.send(frame)
    assert_type(await socket.receive(), Frame)
