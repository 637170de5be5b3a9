"""Clients: typed calls of a contract over `/rpc` or over plain HTTP.

>>> # async with RPCLink("https://hq.example.com/rpc") as link:
>>> #     hq = create_client(HQ, link)
>>> #     status = await hq.invoicing.get_status(RunRef(run_id="run-1"))
"""

from rawr.contract import create_client

from ._context import CallContext, HeaderSource, Seconds
from ._errors import (
    ConnectFailed,
    ConnectionLost,
    ContractMismatch,
    LinkError,
    ProtocolError,
    Redirected,
    ResponseTooLarge,
    TimedOut,
)
from ._httpx import HTTPClient, HTTPXTransport
from ._link import HTTPLink, LinkInterceptor, LinkNext
from ._messages import Headers, HTTPRequest, HTTPResponse, Transport
from ._openapi import ErrorDecoder, OpenAPILink
from ._rpc import MethodSource, RPCLink, RPCMethod, contract_method

__all__ = [
    "CallContext",
    "ConnectFailed",
    "ConnectionLost",
    "ContractMismatch",
    "ErrorDecoder",
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
    "Redirected",
    "ResponseTooLarge",
    "Seconds",
    "TimedOut",
    "Transport",
    "contract_method",
    "create_client",
]
