"""Routers over HTTP: ASGI handlers for RPC protocol v1 and the OpenAPI protocol."""

from rawr._public import show_errors

from ._asgi import ASGIApp, Message, Receive, Scope, Send
from ._companion import ClientDisconnected
from ._handler import DEFAULT_MAX_BODY_BYTES, ContextFactory, StandardHandler
from ._openapi import ErrorBodyEncoder, OpenAPICodec, OpenAPIHandler
from ._operation import Operation
from ._peer import DEFAULT_MAX_FRAME_BYTES, WebsocketLimits
from ._plugin import Exchange, Interceptor, Mount, Plugin, Respond
from ._request import Match, Request
from ._response import KeepAlive, Response
from ._rpc import RPCCodec, RPCHandler
from ._websocket import CheckOrigin, allow_origins, any_origin, same_origin

__all__ = [
    "DEFAULT_MAX_BODY_BYTES",
    "DEFAULT_MAX_FRAME_BYTES",
    "ASGIApp",
    "CheckOrigin",
    "ClientDisconnected",
    "ContextFactory",
    "ErrorBodyEncoder",
    "Exchange",
    "Interceptor",
    "KeepAlive",
    "Match",
    "Message",
    "Mount",
    "OpenAPICodec",
    "OpenAPIHandler",
    "Operation",
    "Plugin",
    "RPCCodec",
    "RPCHandler",
    "Receive",
    "Request",
    "Respond",
    "Response",
    "Scope",
    "Send",
    "StandardHandler",
    "WebsocketLimits",
    "allow_origins",
    "any_origin",
    "same_origin",
]

show_errors(__name__, globals())
