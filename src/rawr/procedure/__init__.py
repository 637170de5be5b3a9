"""Procedures: contracts implemented, called through one transport-free pipeline."""

from ._call import Call, Middleware, Next, compose
from ._client import ContextSource, RouterLink, create_router_client
from ._errors import derive_defined, to_orpc_error
from ._implement import Implementer, implement
from ._procedure import Handler, Procedure
from ._router import RoutedProcedure, Router, compose_routers

__all__ = [
    "Call",
    "ContextSource",
    "Handler",
    "Implementer",
    "Middleware",
    "Next",
    "Procedure",
    "RoutedProcedure",
    "Router",
    "RouterLink",
    "compose",
    "compose_routers",
    "create_router_client",
    "derive_defined",
    "implement",
    "to_orpc_error",
]
