"""Clients: typed calls of a contract over `/rpc` or over plain HTTP.

>>> # async with RPCLink("https://hq.example.com/rpc") as link:
>>> #     hq = create_client(HQ, link)
>>> #     status = await hq.invoicing.get_status(RunRef(run_id="run-1"))
"""

from rawr.contract import Failure, LinkError, SafeResult, Success, create_client, safe

from ._asgi import ASGIApplication, ASGITransport
from ._batch import BatchTransport
from ._context import CallContext, HeaderSource, Seconds
from ._dedupe import DedupeTransport
from ._dynamic import DynamicLink
from ._errors import (
    ConnectFailed,
    ConnectionLost,
    ContractMismatch,
    ProtocolError,
    Redirected,
    ResponseTooLarge,
    TimedOut,
)
from ._httpx import HTTPClient, HTTPXTransport
from ._link import HTTPLink, LinkInterceptor, LinkNext
from ._messages import Headers, HTTPRequest, HTTPResponse, Transport
from ._openapi import ErrorDecoder, OpenAPILink
from ._reconnect import ReconnectLink
from ._retry import FailedAttempt, RetryLink, can_repeat, growing_delay
from ._retry_after import RetryAfterTransport
from ._rpc import MethodSource, RPCLink, RPCMethod, contract_method
from ._sync import SyncClient

__all__ = [
    "ASGIApplication",
    "ASGITransport",
    "BatchTransport",
    "CallContext",
    "ConnectFailed",
    "ConnectionLost",
    "ContractMismatch",
    "DedupeTransport",
    "DynamicLink",
    "ErrorDecoder",
    "FailedAttempt",
    "Failure",
    "HTTPClient",
    "HTTPLink",
    "HTTPRequest",
    "HTTPResponse",
    "HTTPXTransport",
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
    "ReconnectLink",
    "Redirected",
    "ResponseTooLarge",
    "RetryAfterTransport",
    "RetryLink",
    "SafeResult",
    "Seconds",
    "Success",
    "SyncClient",
    "TimedOut",
    "Transport",
    "can_repeat",
    "contract_method",
    "create_client",
    "growing_delay",
    "safe",
]
