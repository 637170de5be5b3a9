"""Two OpenAPI documents compared: what breaks the callers of the old one, and what does not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rawr.schema import Json

from ._effects import Finding
from ._normal import Schemas
from ._operation import Operation, compare_operations
from ._schemas import SchemaComparison
from ._security import compare_schemes, compare_security

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_DOCUMENT: Final = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change between two documents."""

    is_breaking: bool
    kind: str
    """A word for machines, such as `required-field-added`."""
    operation: str
    """Method and path of the old document, or `document` if it concerns all of them."""
    operation_id: str
    where: str
    """Which part: a parameter, the request body, a response, with the path to the field."""
    reason: str

    def __str__(self) -> str:
        named = f"{self.operation} ({self.operation_id})" if self.operation_id else self.operation
        return f"{named}: {self.where}: {self.reason}"


def compare_openapi(old: Mapping[str, Json], new: Mapping[str, Json]) -> tuple[Change, ...]:
    """Every change from one OpenAPI 3.1 document to another, breaking ones first.

    A change breaks if a caller that keeps to the old document can fail with the new one: an
    input that was valid is refused, an output comes that was not announced, or what callers
    name or rely on is gone. Where the documents cannot tell, it counts as breaking. No change
    means that both documents are equal as JSON.

    Example:
        >>> from rawr.openapi import compare_openapi
        >>> old = {"paths": {"/runs": {"get": {"operationId": "list"}}}}
        >>> [change] = compare_openapi(old, {"paths": {}})
        >>> str(change), change.is_breaking
        ('GET /runs (list): operation: it is gone', True)
    """
    changes = tuple(dict.fromkeys(_changes(old, new)))  # forms of a union share their fields
    if not changes and old != new:
        changes = (
            _change(
                "",
                "",
                Finding(
                    kind="documentation",
                    where="document",
                    reason="it says the same in other words or under other component names",
                    is_breaking=False,
                ),
            ),
        )
    return tuple(
        sorted(changes, key=lambda item: (not item.is_breaking, item.operation, item.where))
    )


def _changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Change]:
    schemas = SchemaComparison(Schemas(old), Schemas(new))
    before, after = _operations(old, schemas.old), _operations(new, schemas.new)
    for route, one in before.items():
        if route not in after:
            yield _change(_shown(one), one.id, _GONE)
            continue
        other = after[route]
        for found in (
            *compare_operations(one, other, schemas),
            *compare_security(
                one.item.get("security", old.get("security")),
                other.item.get("security", new.get("security")),
            ),
        ):
            yield _change(_shown(one), one.id, found)
    for route, other in after.items():
        if route not in before:
            yield _change(_shown(other), other.id, _NEW)
    yield from _shared(old, new)


def _shared(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Change]:
    """What concerns every operation."""
    schemes = [item.get("components", {}).get("securitySchemes", {}) for item in (old, new)]
    for finding in compare_schemes(*schemes):
        yield _change("", "", finding)
    before, after = ([item["url"] for item in doc.get("servers", ())] for doc in (old, new))
    gone = [url for url in before if url not in after]
    if before != after:
        reason = f"{', '.join(gone)} is gone" if gone else "the list is another one"
        finding = Finding(kind="servers", where="servers", reason=reason, is_breaking=bool(gone))
        yield _change("", "", finding)
    if old.get("info") != new.get("info"):
        finding = Finding(
            kind="documentation", where="info", reason="it is another one", is_breaking=False
        )
        yield _change("", "", finding)


def _operations(document: Mapping[str, Json], schemas: Schemas) -> dict[tuple[str, str], Operation]:
    """Operations by method and path; what a path calls its parameters makes no other path."""
    operations: dict[tuple[str, str], Operation] = {}
    for path, listed in document.get("paths", {}).items():
        item: Mapping[str, Any] = schemas.resolve(listed)
        for method in _METHODS:
            if method in item:
                operations[method, _PLACEHOLDER.sub("{}", path)] = Operation(
                    path=path,
                    method=method,
                    item=item[method],
                    shared=tuple(item.get("parameters", ())),
                )
    return operations


def _shown(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _change(operation: str, operation_id: str, finding: Finding) -> Change:
    return Change(
        is_breaking=finding.is_breaking,
        kind=finding.kind,
        operation=operation or _DOCUMENT,
        operation_id=operation_id,
        where=finding.where,
        reason=finding.reason,
    )


_GONE: Final = Finding(
    kind="operation-removed", where="operation", reason="it is gone", is_breaking=True
)
_NEW: Final = Finding(
    kind="operation-added", where="operation", reason="it is new", is_breaking=False
)
