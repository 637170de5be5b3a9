"""Clients: typed calls of a contract over `/rpc` or over plain HTTP.

>>> import asyncio
>>> async def main() -> None:
...     async with ASGITransport(app) as transport:
...         planets = create_client(Planets, RPCLink("http://hq/rpc", client=transport))
...         print(await planets.find(Ref(id="earth")))
>>> asyncio.run(main())
id='earth' name='Earth'
"""

from rawr._public import show_errors
from rawr.contract import Failure, LinkError, SafeResult, Success, create_client, safe

from ._asgi import ASGIApplication, ASGITransport
from ._batch import BatchTransport
from ._calls import LinkInterceptor, LinkNext
from ._connecting import ConnectHeaders, Reconnect
from ._context import CallContext, HeaderSource, Seconds
from ._dedupe import DedupeTransport
from ._dynamic import DynamicLink
from ._errors import (
    ConnectFailed,
    ConnectionLost,
    ContractMismatch,
    HandshakeRefused,
    ProtocolError,
    ReaderTooSlow,
    Redirected,
    ResponseTooLarge,
    TimedOut,
)
from ._httpx import HTTPClient, HTTPXTransport
from ._link import HTTPLink
from ._messages import Headers, HTTPRequest, HTTPResponse, Transport
from ._openapi import ErrorDecoder, OpenAPILink
from ._reconnect import ReconnectLink, can_resume
from ._retry import FailedAttempt, RetryLink, can_repeat, growing_delay
from ._retry_after import RetryAfterTransport
from ._rpc import MethodSource, RPCLink, RPCMethod, contract_method
from ._socket import Connect, Frame, Socket
from ._sync import SyncClient
from ._websocket import WebSocketLink

__all__ = [
    "ASGIApplication",
    "ASGITransport",
    "BatchTransport",
    "CallContext",
    "Connect",
    "ConnectFailed",
    "ConnectHeaders",
    "ConnectionLost",
    "ContractMismatch",
    "DedupeTransport",
    "DynamicLink",
    "ErrorDecoder",
    "FailedAttempt",
    "Failure",
    "Frame",
    "HTTPClient",
    "HTTPLink",
    "HTTPRequest",
    "HTTPResponse",
    "HTTPXTransport",
    "HandshakeRefused",
    "HeaderSource",
    "Headers",
    "LinkError",
    "LinkInterceptor",
    "LinkNext",
    "MethodSource",
    "OpenAPILink",
    "ProtocolError",
    "RPCLink",
    "RPCMethod",
    "ReaderTooSlow",
    "Reconnect",
    "ReconnectLink",
    "Redirected",
    "ResponseTooLarge",
    "RetryAfterTransport",
    "RetryLink",
    "SafeResult",
    "Seconds",
    "Socket",
    "Success",
    "SyncClient",
    "TimedOut",
    "Transport",
    "WebSocketLink",
    "can_repeat",
    "can_resume",
    "contract_method",
    "create_client",
    "growing_delay",
    "safe",
]

show_errors(__name__, globals())
