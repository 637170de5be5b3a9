"""From wire values to what the contract promises."""

from typing import Any

from rawr.contract import LinkCall, ORPCError
from rawr.schema import UNDEFINED, SchemaAdapter, SchemaError, produced

from ._calls import name_of
from ._errors import ContractMismatch


def typed_output(call: LinkCall, value: object) -> object:
    """The value as the contract's type; `undefined` counts as None where the schema wants it.

    Raises:
        ContractMismatch: The server answers something else than the contract promises.
    """
    schema = call.contract.definition.output
    if schema is None:
        return None if value is UNDEFINED else value
    return _typed(call, schema, value, "answered")


def typed_result(call: LinkCall, value: object) -> object:
    """What a stream returned at its end, as the contract's type.

    Raises:
        ContractMismatch: See `typed_output`.
    """
    schema = call.contract.definition.returns
    return value if schema is None else _typed(call, schema, value, "ended with")


def single_output(call: LinkCall, value: object) -> object:
    """The output of a procedure that answered with one value.

    Raises:
        ContractMismatch: It should have streamed, or the value is not what was promised.
    """
    if call.contract.definition.streams:
        raise ContractMismatch(
            f"{name_of(call)} answered with a single value where its contract streams"
        )
    return typed_output(call, value)


def _typed(call: LinkCall, schema: SchemaAdapter[Any], value: object, verb: str) -> object:
    try:
        return produced(schema)(value)
    except SchemaError as error:
        if value is UNDEFINED:
            return _typed(call, schema, None, verb)
        raise ContractMismatch(
            f"{name_of(call)} {verb} what its contract does not allow: {error}. "
            "Is the server of another version?"
        ) from error


def typed_error(call: LinkCall, error: ORPCError[Any]) -> ORPCError[Any]:
    """The error as the class the contract declares for it; else as it came."""
    declared = call.contract.definition.errors.get(error.code)
    if declared is None or not error.defined:
        return error
    return declared.adopt(error) or error
