"""A procedure: a contract with a handler and the middleware around it."""

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeAlias, TypeVar

from rawr.contract import ContractError, EventIterator, ORPCError, ProcedureContract
from rawr.schema import UNDEFINED, SchemaError

from ._call import Call, Middleware, Next, compose
from ._errors import derive_defined, input_error, output_error
from ._stream import ValidatedItems

Ctx = TypeVar("Ctx")

Handler: TypeAlias = Callable[..., Any]
"""`(context, input)` or `(context, input, call)`; without `input` where there is none."""


class Procedure(Generic[Ctx]):
    """An implemented procedure.

    The onion, from the outside: middleware given by the implementer, input validation,
    handler, output validation (so middleware sees validated output, and unvalidated input).
    """

    __slots__ = ("_run", "contract", "handler", "middlewares")

    def __init__(
        self,
        contract: ProcedureContract[Any, Any],
        handler: Handler,
        middlewares: tuple[Middleware[Ctx], ...] = (),
    ) -> None:
        self.contract = contract
        self.handler = handler
        self.middlewares = middlewares
        self._run: Next[Ctx] = compose(middlewares, _core(contract, handler))

    def __repr__(self) -> str:
        return f"<Procedure {self.contract.name} by {self.handler.__qualname__}>"

    async def __call__(self, call: Call[Ctx]) -> object:
        """Run a call; the result is the typed output (an `EventIterator` of a stream).

        Raises:
            ORPCError: With `defined` derived from the contract's error map.
            Exception: Whatever else the handler raised, for the boundary to hide.
        """
        try:
            return await self._run(call)
        except ORPCError as error:
            derived = derive_defined(error, self.contract.definition.errors)
            if derived is error:
                raise
            raise derived from error


def _core(contract: ProcedureContract[Any, Any], handler: Handler) -> Next[Any]:
    definition = contract.definition
    invoke = _invoker(contract, handler)
    validate_input = None if definition.input is None else definition.input.validate
    finish = _finisher(contract)

    async def core(call: Call[Any]) -> object:
        value: object = UNDEFINED
        if validate_input is not None:
            try:
                value = validate_input(call.input)
            except SchemaError as error:
                raise input_error(error) from error
        result = invoke(call, value)
        return finish(await result if inspect.isawaitable(result) else result)

    return core


def _invoker(
    contract: ProcedureContract[Any, Any], handler: Handler
) -> Callable[[Call[Any], object], object]:
    """Adapt the handler's parameters once, so that a call needs no inspection."""
    has_input = contract.definition.input is not None
    accepted = _positional(handler)
    required = 1 + has_input
    if accepted not in (required, required + 1):
        raise ContractError(
            f"{contract.name}: handler {handler.__qualname__} takes {accepted} parameters; "
            f"write (context{', input' if has_input else ''}) and optionally call"
        )
    if has_input:
        if accepted == required:
            return lambda call, value: handler(call.context, value)
        return lambda call, value: handler(call.context, value, call)
    if accepted == required:
        return lambda call, _value: handler(call.context)
    return lambda call, _value: handler(call.context, call)


def _positional(handler: Handler) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(
        parameter.kind in kinds for parameter in inspect.signature(handler).parameters.values()
    )


def _finisher(contract: ProcedureContract[Any, Any]) -> Callable[[object], object]:
    definition = contract.definition
    if definition.output is None:
        return _plain
    if definition.streams:
        schema, errors = definition.output, definition.errors

        def stream(result: object) -> EventIterator[Any]:
            if not isinstance(result, AsyncIterator):
                raise output_error(SchemaError([]))
            return EventIterator(ValidatedItems(result, schema, errors))

        return stream
    validate = definition.output.validate

    def finish(result: object) -> object:
        try:
            return validate(result)
        except SchemaError as error:
            raise output_error(error) from error

    return finish


def _plain(result: object) -> object:
    return result
