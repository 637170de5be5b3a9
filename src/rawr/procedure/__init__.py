"""Procedures: contracts implemented, called through one transport-free pipeline."""

from rawr._public import show_errors

from ._bare import Bare, bare
from ._builder import ProcedureBuilder, Undeclared, procedures
from ._call import Call, Middleware, Next, compose
from ._client import ContextSource, RouterLink, call, create_router_client
from ._errors import derive_defined, to_orpc_error
from ._group import RouterGroup
from ._implement import Implementer, implement
from ._lazy import LazyLoadError, LazyRouter, lazy
from ._markers import HasMarkers, Markers, once
from ._memory_publisher import MemoryPublisher
from ._middleware import concat, map_input
from ._pipeline import Handler, Observe
from ._procedure import Procedure
from ._publisher import Channel, Publisher
from ._router import RoutedProcedure, Router, compose_routers

__all__ = [
    "Bare",
    "Call",
    "Channel",
    "ContextSource",
    "Handler",
    "HasMarkers",
    "Implementer",
    "LazyLoadError",
    "LazyRouter",
    "Markers",
    "MemoryPublisher",
    "Middleware",
    "Next",
    "Observe",
    "Procedure",
    "ProcedureBuilder",
    "Publisher",
    "RoutedProcedure",
    "Router",
    "RouterGroup",
    "RouterLink",
    "Undeclared",
    "bare",
    "call",
    "compose",
    "compose_routers",
    "concat",
    "create_router_client",
    "derive_defined",
    "implement",
    "lazy",
    "map_input",
    "once",
    "procedures",
    "to_orpc_error",
]

show_errors(__name__, globals())
