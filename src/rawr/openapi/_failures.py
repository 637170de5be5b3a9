"""The error responses of an operation (RPC protocol v1, errors)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from rawr.contract import ErrorMap, TypedError
from rawr.schema import Json

from ._components import Components, JsonSchema
from ._content import content
from ._errors import Undescribable
from ._schemas import is_any

DeclaredError: TypeAlias = type[TypedError[Any]]

ErrorBodySchema: TypeAlias = Callable[[Sequence[DeclaredError], int], Mapping[str, Json] | None]
"""The schema of error bodies by declared errors and status; None asks for the standard one."""

DEFAULT: Final = "default"


class FailureWriter:
    """Describes the errors procedures declare, and the one body of all others."""

    def __init__(
        self,
        components: Components,
        *,
        body_schema: ErrorBodySchema | None,
        with_default: bool,
    ) -> None:
        self._components = components
        self._body_schema = body_schema
        self._with_default = with_default

    def write(self, errors: ErrorMap) -> dict[int | str, Any]:
        """The error responses of a procedure, by status.

        Raises:
            Undescribable: The data of an error may be anything.
        """
        by_status: dict[int, list[DeclaredError]] = {}
        for error in errors.values():
            by_status.setdefault(error.status, []).append(error)
        responses: dict[int | str, Any] = {
            status: self._response(str(status), declared, status)
            for status, declared in by_status.items()
        }
        if self._with_default:
            undeclared = content(self._undefined(), self._components)
            responses[DEFAULT] = {"description": "Any other error", "content": undeclared}
        return responses

    def _response(
        self, description: str, declared: Sequence[DeclaredError], status: int
    ) -> dict[str, Any]:
        custom = None if self._body_schema is None else self._body_schema(declared, status)
        schema: JsonSchema = (
            {"oneOf": [*map(self._error, declared), self._undefined()]}
            if custom is None
            else dict(custom)
        )
        return {"description": description, "content": content(schema, self._components)}

    def _undefined(self) -> JsonSchema:
        return self._components.define("UndefinedError", _UNDEFINED_ERROR)

    def _error(self, error: DeclaredError) -> JsonSchema:
        data: JsonSchema = {}
        required = ["defined", "code", "status", "message"]
        if error.data_schema is not None:
            data = self._components.add(error.data_schema, "output")
            if is_any(data):
                raise Undescribable(
                    f"the data of its error {error.code} may be anything; declare its type, or None"
                )
            required.append("data")
        return {
            "type": "object",
            "properties": {
                "defined": {"const": True},
                "code": {"const": error.code},
                "status": {"const": error.status},
                "message": {"type": "string", "default": error.default_message},
                "data": data,
            },
            "required": required,
        }


_UNDEFINED_ERROR: Final[JsonSchema] = {
    "type": "object",
    "properties": {
        "defined": {"const": False},
        "code": {"type": "string"},
        "status": {"type": "number"},
        "message": {"type": "string"},
        "data": {},
    },
    "required": ["defined", "code", "status", "message"],
}
