"""oRPC errors as JSON, in both protocols (RPC protocol v1, errors)."""

from collections.abc import Mapping
from typing import Any, Final

from rawr.contract import COMMON_ERRORS, ORPCError, is_error_status
from rawr.schema import UNDEFINED, Json

__all__ = [
    "MALFORMED_RESPONSE_CODE",
    "error_from_json",
    "error_from_response",
    "error_to_json",
    "to_orpc_error",
]

MALFORMED_RESPONSE_CODE: Final = "MALFORMED_ORPC_ERROR_RESPONSE"
"""The code of an error response that carries no oRPC error and no common status."""

_FALLBACK_STATUS: Final = 500
_KEYS: Final = frozenset({"defined", "code", "status", "message", "data"})
_CODE_BY_STATUS: Final[Mapping[int, str]] = {
    status: code for code, (status, _) in COMMON_ERRORS.items()
}


def to_orpc_error(error: BaseException) -> ORPCError[Any]:
    """The error a caller may see: itself if it is an oRPC error, else one that tells nothing."""
    if isinstance(error, ORPCError):
        return error
    hidden: ORPCError[Any] = ORPCError("INTERNAL_SERVER_ERROR", message="Internal server error")
    hidden.__cause__ = error
    return hidden


def error_to_json(error: ORPCError[Any]) -> dict[str, object]:
    """The five keys of an error; `data` is `UNDEFINED` (left out on the wire) where there is none.

    Both protocols send it: RPC through its serializer, OpenAPI as plain JSON.
    """
    return {
        "defined": error.defined,
        "code": error.code,
        "status": error.status,
        "message": error.message,
        "data": error.dump_data(),
    }


def error_from_json(
    json: object, *, fill_status: bool = False, http_status: int | None = None
) -> ORPCError[Any] | None:
    """The error in a decoded error body, or None if the body is no oRPC error.

    It must have `defined`, `code`, `status` and `message` of the right types, and no key
    beyond the five. `fill_status` is the OpenAPI protocol's leniency: a missing status is
    the HTTP response's, else the code's.
    """
    if not isinstance(json, dict) or not json.keys() <= _KEYS:
        return None
    code, defined, message = json.get("code"), json.get("defined"), json.get("message")
    if not (isinstance(defined, bool) and isinstance(code, str) and isinstance(message, str)):
        return None
    status = json.get("status", _status_of(code, http_status) if fill_status else None)
    if not isinstance(status, int) or isinstance(status, bool) or not is_error_status(status):
        return None
    return ORPCError(
        code, status=status, message=message, data=json.get("data", UNDEFINED), defined=defined
    )


def _status_of(code: str, http_status: int | None) -> int:
    if http_status is not None:
        return http_status
    return COMMON_ERRORS.get(code, (_FALLBACK_STATUS, ""))[0]


def error_from_response(
    json: Json,
    *,
    status: int,
    headers: Mapping[str, str | list[str]],
    fill_status: bool = False,
) -> ORPCError[Any]:
    """The error of an error response, whatever its body.

    A body that is no oRPC error gives the common code of the HTTP status, else
    `MALFORMED_ORPC_ERROR_RESPONSE`; the whole response is then its data. `fill_status`
    is the OpenAPI protocol's leniency towards bodies without `status`.
    """
    error = error_from_json(json, fill_status=fill_status, http_status=status)
    if error is not None:
        return error
    return ORPCError(
        _CODE_BY_STATUS.get(status, MALFORMED_RESPONSE_CODE),
        status=status,
        data={"status": status, "headers": dict(headers), "body": json},
    )
