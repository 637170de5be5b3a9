"""What a caller is told when a call fails."""

from typing import Any

from rawr.contract import ErrorMap, ORPCError
from rawr.schema import SchemaError


def input_error(error: SchemaError) -> ORPCError[Any]:
    """The caller sent what the contract does not accept (status 400, data: the issues)."""
    return ORPCError("BAD_REQUEST", message="Input validation failed", data=error.to_wire())


def output_error(error: SchemaError) -> ORPCError[Any]:
    """The handler broke its contract (status 500; the issues stay on the server)."""
    failure = ORPCError[Any]("INTERNAL_SERVER_ERROR", message="Output validation failed")
    failure.__cause__ = error
    return failure


def derive_defined(error: ORPCError[Any], errors: ErrorMap) -> ORPCError[Any]:
    """The error as the contract knows it (RPC protocol v1, errors: `defined` is derived).

    An error that fits a declared one becomes an instance of it, however it was raised; any
    other is marked as not defined.
    """
    declared = errors.get(error.code)
    adopted = None if declared is None else declared.adopt(error)
    if adopted is not None:
        return adopted
    if error.defined:
        return _undefined(error)
    return error


def to_orpc_error(error: Exception) -> ORPCError[Any]:
    """Any failure as one a caller may see; unexpected ones say nothing of their cause."""
    if isinstance(error, ORPCError):
        return error
    failure = ORPCError[Any]("INTERNAL_SERVER_ERROR", message="Internal server error")
    failure.__cause__ = error
    return failure


def _undefined(error: ORPCError[Any]) -> ORPCError[Any]:
    plain = ORPCError[Any](
        error.code, status=error.status, message=error.message, data=error.dump_data()
    )
    plain.__cause__ = error.__cause__
    return plain
