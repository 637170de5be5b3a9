"""Routers over HTTP: ASGI handlers for RPC protocol v1 and the OpenAPI protocol."""

from ._asgi import ASGIApp, Message, Receive, Scope, Send
from ._companion import ClientDisconnected
from ._handler import DEFAULT_MAX_BODY_BYTES, ContextFactory, Interceptor, Respond, StandardHandler
from ._openapi import ErrorBodyEncoder, OpenAPICodec, OpenAPIHandler
from ._operation import Operation
from ._request import Request
from ._response import KeepAlive, Response
from ._rpc import RPCCodec, RPCHandler

__all__ = [
    "DEFAULT_MAX_BODY_BYTES",
    "ASGIApp",
    "ClientDisconnected",
    "ContextFactory",
    "ErrorBodyEncoder",
    "Interceptor",
    "KeepAlive",
    "Message",
    "OpenAPICodec",
    "OpenAPIHandler",
    "Operation",
    "RPCCodec",
    "RPCHandler",
    "Receive",
    "Request",
    "Respond",
    "Response",
    "Scope",
    "Send",
    "StandardHandler",
]
