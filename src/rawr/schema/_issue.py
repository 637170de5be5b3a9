"""What a schema says of a value it refuses, and what it cannot say of its type.

SchemaError           a value does not fit
UndescribableType     JSON Schema has no form for a type
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason why a value was refused, and where in the value it lies."""

    message: str
    path: tuple[str | int, ...] = ()
    code: str | None = None
    """The schema library's own name for the reason, such as `missing` or `int_type`."""

    def to_wire(self) -> dict[str, object]:
        """The Standard Schema form: `{"message", "path"}`, and `code` where there is one."""
        wire: dict[str, object] = {"message": self.message, "path": list(self.path)}
        return wire if self.code is None else {"code": self.code, **wire}


class SchemaError(ValueError):
    """A value does not fit its schema."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(_describe(issue) for issue in self.issues))

    def to_wire(self) -> dict[str, object]:
        """The data of an oRPC validation error: `{"issues": [...]}`."""
        return {"issues": [issue.to_wire() for issue in self.issues]}


def _describe(issue: Issue) -> str:
    where = ".".join(map(str, issue.path))
    return f"{where}: {issue.message}" if where else issue.message


class UndescribableType(TypeError):
    """JSON Schema has no form for a type, or for a part of it; its cause is the library's error."""

    def __init__(self, source: object, reason: str) -> None:
        self.source = source
        super().__init__(f"{_name_of(source)} has no JSON Schema: {reason}")


def _name_of(source: object) -> str:
    return source.__qualname__ if isinstance(source, type) else str(source)
