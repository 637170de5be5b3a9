"""How a procedure is reached over plain HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypedDict, get_args

Method: TypeAlias = Literal["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"]
"""The methods of procedures; `POST` is the default."""
METHODS: Final[tuple[Method, ...]] = get_args(Method)
Structure: TypeAlias = Literal["compact", "detailed"]
"""Whether an input or output is one value, or the parts of an HTTP message apart."""
SpecOverride: TypeAlias = Mapping[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]
"""An OpenAPI operation in place of the generated one, or what changes that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The OpenAPI side of a procedure (OpenAPI protocol, routing).

    `path` is None where it follows from the procedure's place in its contract.
    """

    method: Method | None = None
    path: str | None = None
    operation_id: str | None = None
    summary: str | None = None
    description: str | None = None
    deprecated: bool = False
    tags: tuple[str, ...] = ()
    success_status: int = 200
    success_description: str = "OK"
    input_structure: Structure = "compact"
    output_structure: Structure = "compact"
    spec: SpecOverride | None = None

    @property
    def effective_method(self) -> Method:
        """The method, `POST` where none was chosen."""
        return self.method or "POST"


class RouteFields(TypedDict, total=False):
    """Fields of a `Route` to merge into one; None leaves what is there."""

    method: Method | None
    path: str | None
    operation_id: str | None
    summary: str | None
    description: str | None
    deprecated: bool | None
    tags: tuple[str, ...] | None
    success_status: int | None
    success_description: str | None
    input_structure: Structure | None
    output_structure: Structure | None
    spec: SpecOverride | None
