"""Contracts: what a procedure takes, gives and may fail with, declared once."""

from rawr._public import show_errors

from ._builders import ContractBuilder, delete, get, patch, post, procedure, put
from ._contract import (
    Contract,
    ContractProcedure,
    compose_contracts,
    create_client,
    derive_contract,
    walk,
)
from ._errors import COMMON_ERRORS, ContractError, ORPCError, TypedError, is_error_status
from ._event_schema import EventIteratorSchema, InvalidItem, event_iterator
from ._events import Event, EventIterator, EventMeta, EventResult, event_result, with_event_meta
from ._inherited import Inherited
from ._interceptors import Interceptor, Observer, on_error, on_finish, on_start, on_success
from ._link import ClientContext, Link, LinkCall, LinkError
from ._mapped_events import map_events
from ._meta import MetaEntry, MetaKey
from ._procedure import (
    ErrorMap,
    InputCall,
    PlainCall,
    ProcedureCall,
    ProcedureContract,
    ProcedureDefinition,
)
from ._route import Method, Route, RouteFields, SpecOverride, Structure
from ._safe import Failure, SafeResult, Success, safe
from ._spec import operation_spec, spec_of

__all__ = [
    "COMMON_ERRORS",
    "ClientContext",
    "Contract",
    "ContractBuilder",
    "ContractError",
    "ContractProcedure",
    "ErrorMap",
    "Event",
    "EventIterator",
    "EventIteratorSchema",
    "EventMeta",
    "EventResult",
    "Failure",
    "Inherited",
    "InputCall",
    "Interceptor",
    "InvalidItem",
    "Link",
    "LinkCall",
    "LinkError",
    "MetaEntry",
    "MetaKey",
    "Method",
    "ORPCError",
    "Observer",
    "PlainCall",
    "ProcedureCall",
    "ProcedureContract",
    "ProcedureDefinition",
    "Route",
    "RouteFields",
    "SafeResult",
    "SpecOverride",
    "Structure",
    "Success",
    "TypedError",
    "compose_contracts",
    "create_client",
    "delete",
    "derive_contract",
    "event_iterator",
    "event_result",
    "get",
    "is_error_status",
    "map_events",
    "on_error",
    "on_finish",
    "on_start",
    "on_success",
    "operation_spec",
    "patch",
    "post",
    "procedure",
    "put",
    "safe",
    "spec_of",
    "walk",
    "with_event_meta",
]

show_errors(__name__, globals())
