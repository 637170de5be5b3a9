"""Contracts: what a procedure takes, gives and may fail with, declared once."""

from ._builders import delete, get, patch, post, procedure, put
from ._contract import Contract, ContractProcedure, compose_contracts, create_client, walk
from ._errors import COMMON_ERRORS, ContractError, ORPCError, TypedError, is_error_status
from ._events import Event, EventIterator, EventMeta, with_event_meta
from ._link import ClientContext, Link, LinkCall
from ._procedure import (
    ErrorMap,
    InputCall,
    PlainCall,
    ProcedureCall,
    ProcedureContract,
    ProcedureDefinition,
)
from ._route import Method, Route, SpecOverride, Structure

__all__ = [
    "COMMON_ERRORS",
    "ClientContext",
    "Contract",
    "ContractError",
    "ContractProcedure",
    "ErrorMap",
    "Event",
    "EventIterator",
    "EventMeta",
    "InputCall",
    "Link",
    "LinkCall",
    "Method",
    "ORPCError",
    "PlainCall",
    "ProcedureCall",
    "ProcedureContract",
    "ProcedureDefinition",
    "Route",
    "SpecOverride",
    "Structure",
    "TypedError",
    "compose_contracts",
    "create_client",
    "delete",
    "get",
    "is_error_status",
    "patch",
    "post",
    "procedure",
    "put",
    "walk",
    "with_event_meta",
]
