"""The pipeline of a procedure, put together once: middleware, validation, handler.

`use(m1).input(...).use(m2).output(...).use(m3)` runs, from the outside,
m1 > input validation > m2 > m3 > handler > m3 > output validation > m2 > m1:
input is validated after the middleware before `.input()`, output before that of `.output()`.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeAlias

from rawr.contract import ContractError, ProcedureContract
from rawr.schema import SchemaError, produced

from ._call import Call, Middleware, Next, wrap
from ._errors import derive_defined, input_error, output_error

Handler: TypeAlias = Callable[..., Any]
"""`(context, input)` or `(context, input, call)`; without `input` where there is none."""

Observe: TypeAlias = Callable[[str, Mapping[str, str | int]], AbstractContextManager[object]]
"""Gives what is entered around a step of a call: its name, and attributes of it.

The steps are `validate_input`, `middleware.<name>`, `handler` and `validate_output`.
"""

_Validate: TypeAlias = Callable[[object], object]
_Invoke: TypeAlias = Callable[[Call[Any], object], Any]


def build(
    contract: ProcedureContract[Any, Any],
    handler: Handler,
    middlewares: tuple[Middleware[Any, Any, Any], ...],
    input_index: float,
    output_index: float,
    *,
    observe: Observe | None = None,
) -> Next[Any]:
    """The pipeline with each validation before the middleware of its index.

    An index is clamped to where there is middleware; NaN leaves the validation out.
    """
    innermost = len(middlewares)
    validate_input, validate_output = _reader(contract), finisher(contract)
    invoke, is_async = _invoker(contract, handler), inspect.iscoroutinefunction(handler)
    if observe is not None:
        validate_input = _observed(validate_input, "validate_input", observe)
        validate_output = _observed(validate_output, "validate_output", observe)
        invoke, is_async = _observed_handler(invoke, observe), True
        middlewares = tuple(
            _observed_middleware(index, middleware, observe)
            for index, middleware in enumerate(middlewares)
        )
    read = _place(validate_input, input_index, innermost)
    finish = _place(validate_output, output_index, innermost)
    run = _core(invoke, read.get(innermost), finish.get(innermost), is_async=is_async)
    for index in reversed(range(innermost)):
        run = wrap(middlewares[index], run)
        if index in read or index in finish:
            run = _validated(run, read.get(index), finish.get(index))
    return run


def _place(validate: _Validate | None, index: float, innermost: int) -> dict[int, _Validate]:
    if validate is None or math.isnan(index):
        return {}
    return {int(min(max(0, index), innermost)): validate}


def _validated(inner: Next[Any], read: _Validate | None, finish: _Validate | None) -> Next[Any]:
    async def validated(call: Call[Any]) -> object:
        if read is not None:
            call = call.with_input(read(call.input))
        output = await inner(call)
        return output if finish is None else finish(output)

    return validated


def _observed(validate: _Validate | None, name: str, observe: Observe) -> _Validate | None:
    if validate is None:
        return None

    def observed(value: object) -> object:
        with observe(name, {}):
            return validate(value)

    return observed


def _observed_handler(invoke: _Invoke, observe: Observe) -> _Invoke:
    async def observed(call: Call[Any], value: object) -> object:
        with observe("handler", {}):
            result = invoke(call, value)
            return await result if inspect.isawaitable(result) else result

    return observed


def _observed_middleware(
    index: int, middleware: Middleware[Any, Any, Any], observe: Observe
) -> Middleware[Any, Any, Any]:
    name = getattr(middleware, "__name__", type(middleware).__name__)
    attributes = {"middleware.index": index, "middleware.name": name}

    async def observed(call: Call[Any], next: Next[Any], /) -> object:
        with observe(f"middleware.{name}", attributes):
            return await middleware(call, next)

    return observed


def _core(
    invoke: _Invoke, read: _Validate | None, finish: _Validate | None, *, is_async: bool
) -> Next[Any]:
    finish = finish or as_it_is
    read = read or as_it_is
    if is_async:

        async def core(call: Call[Any]) -> object:
            return finish(await invoke(call, read(call.input)))

        return core

    async def flexible_core(call: Call[Any]) -> object:
        result = invoke(call, read(call.input))
        return finish(await result if inspect.isawaitable(result) else result)

    return flexible_core


def require_shape(contract: ProcedureContract[Any, Any], handler: Handler) -> None:
    """Refuse a handler that does not take what the contract gives.

    Raises:
        ContractError: It takes more or fewer parameters.
    """
    has_input = contract.definition.input is not None
    accepted, required = positional(handler), 1 + has_input
    if accepted not in (required, required + 1):
        raise ContractError(
            f"{contract.name or 'procedure'}: handler {handler.__qualname__} takes {accepted} "
            f"parameters; write (context{', input' if has_input else ''}) and optionally call"
        )


def _invoker(contract: ProcedureContract[Any, Any], handler: Handler) -> _Invoke:
    """Adapt the handler's parameters once, so that a call needs no inspection."""
    has_input = contract.definition.input is not None
    wants_call = positional(handler) > 1 + has_input
    if has_input:
        if wants_call:
            return lambda call, value: handler(call.context, value, call.with_input(value))
        return lambda call, value: handler(call.context, value)
    if wants_call:
        return lambda call, _value: handler(call.context, call)
    return lambda call, _value: handler(call.context)


def positional(handler: Handler) -> int:
    """How many positional parameters a handler takes."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(
        parameter.kind in kinds for parameter in inspect.signature(handler).parameters.values()
    )


def _reader(contract: ProcedureContract[Any, Any]) -> _Validate | None:
    schema = contract.definition.input
    if schema is None:
        return None
    validate = schema.validate

    def read(value: object) -> object:
        try:
            return validate(value)
        except SchemaError as error:
            raise input_error(error) from error

    return read


def finisher(contract: ProcedureContract[Any, Any]) -> _Validate | None:
    """What makes a result what its contract promises; None where it promises nothing."""
    definition = contract.definition
    if definition.output is None:
        return None
    validate = produced(definition.output)
    events = definition.events
    if events is not None:
        derive = partial(derive_defined, errors=definition.errors)
        validate = partial(events.validate_produced, change_error=derive)

    def finish(result: object) -> object:
        try:
            return validate(result)
        except SchemaError as error:
            raise output_error(error) from error

    return finish


def as_it_is(value: object) -> object:
    """The value."""
    return value
