"""Procedures that are nothing but a handler between two validations, taken apart."""

import inspect
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from rawr.schema import SchemaAdapter

from ._call import Call
from ._pipeline import as_it_is, finisher, positional
from ._procedure import Procedure
from ._router import RoutedProcedure


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """The steps of a procedure without middleware, for servers to put between their own.

    Errors of the handler are as it raised them: see `derive_defined`.
    """

    input: SchemaAdapter[Any] | None
    output: SchemaAdapter[Any] | None
    invoke: Callable[[Any, Any], Coroutine[Any, Any, object]]
    """Starts the handler with a context and a validated input."""
    finish: Callable[[object], object]
    """The result as its contract promises it; raises `ORPCError` where it is not."""


def bare(place: RoutedProcedure) -> Bare | None:
    """The steps of a procedure; None where it has more or other ones."""
    procedure = place.procedure
    indexes = (procedure.input_validation_index, procedure.output_validation_index)
    definition = procedure.contract.definition
    if (
        type(procedure) is not Procedure
        or procedure.middlewares
        or definition.streams
        or any(map(math.isnan, indexes))
        or not inspect.iscoroutinefunction(procedure.handler)
    ):
        return None
    return Bare(
        input=definition.input,
        output=definition.output,
        invoke=_invoker(place, procedure),
        finish=finisher(procedure.contract) or as_it_is,
    )


def _invoker(
    place: RoutedProcedure, procedure: Procedure[Any]
) -> Callable[[Any, Any], Coroutine[Any, Any, object]]:
    handler, path, contract = procedure.handler, place.path, place.contract
    has_input = procedure.contract.definition.input is not None
    wants_call = positional(handler) > 1 + has_input
    if not wants_call:
        return handler if has_input else lambda context, _input: handler(context)

    def invoke(context: Any, input: Any) -> Coroutine[Any, Any, object]:
        call = Call(path=path, contract=contract, context=context, input=input)
        given = handler(context, input, call) if has_input else handler(context, call)
        coroutine: Coroutine[Any, Any, object] = given
        return coroutine

    return invoke
