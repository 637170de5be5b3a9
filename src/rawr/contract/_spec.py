"""What errors and middleware add to the OpenAPI operations they are part of."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from ._route import SpecOverride

T = TypeVar("T", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__openapi_operation__"


def operation_spec(extend: SpecOverride) -> Callable[[T], T]:
    """Decorate an error class or a middleware with what it adds to an OpenAPI operation.

    Every procedure that declares the error, or runs the middleware, gets the fields of a
    mapping, or what a function makes of its operation.

    >>> from rawr.contract import TypedError
    >>> @operation_spec({"security": [{"bearer": []}]})
    ... class Unauthorized(TypedError[None], code="UNAUTHORIZED"):
    ...     "Sign in first."
    >>> spec_of(Unauthorized)
    {'security': [{'bearer': []}]}
    """

    def extended(target: T) -> T:
        setattr(target, _ATTRIBUTE, extend)
        return target

    return extended


def spec_of(target: object) -> SpecOverride | None:
    """What a target was decorated with; for those who write documents."""
    found: SpecOverride | None = getattr(target, _ATTRIBUTE, None)
    return found
