"""Two descriptions of one operation compared: what callers send and what they get."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ._content import compare_content
from ._effects import Direction, Finding, found
from ._normal import Schemas
from ._responses import compare_responses
from ._schemas import SchemaComparison

_DOCUMENTATION: Final = ("summary", "description", "tags", "externalDocs")
_STYLE: Final = ("style", "explode", "allowReserved", "allowEmptyValue", "content")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of a document, with what it takes over from its path."""

    path: str
    method: str
    item: Mapping[str, Any]
    shared: tuple[Mapping[str, Any], ...] = ()
    """Parameters of the path item."""

    @property
    def id(self) -> str:
        """Its operation id, or nothing."""
        return str(self.item.get("operationId", ""))


def compare_operations(
    old: Operation, new: Operation, schemas: SchemaComparison
) -> Iterator[Finding]:
    """What of an operation has changed."""
    if old.id != new.id:
        yield Finding(
            kind="operation-renamed",
            where="operation",
            reason=f"its operationId is {new.id!r}, not {old.id!r}: clients name their methods so",
            is_breaking=True,
        )
    yield from _parameters(old, new, schemas)
    yield from _body(old.item.get("requestBody"), new.item.get("requestBody"), schemas)
    for where, difference in compare_responses(
        old.item.get("responses", {}), new.item.get("responses", {}), schemas
    ):
        yield found(difference, where, Direction.OUTPUT)
    yield from _described(old.item, new.item)


def _described(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    if bool(old.get("deprecated")) != bool(new.get("deprecated")):
        reason = "it is deprecated" if new.get("deprecated") else "it is no longer deprecated"
        yield Finding(kind="deprecation", where="operation", reason=reason, is_breaking=False)
    changed = [key for key in _DOCUMENTATION if old.get(key) != new.get(key)]
    if changed:
        reason = f"its {', '.join(changed)} changed"
        yield Finding(kind="documentation", where="operation", reason=reason, is_breaking=False)


def _parameters(old: Operation, new: Operation, schemas: SchemaComparison) -> Iterator[Finding]:
    before, after = _by_place(old, schemas.old), _by_place(new, schemas.new)
    for place, one in before.items():
        where, other = _where(one), after.get(place)
        if other is None:
            reason = "the parameter is gone"
            yield Finding(kind="parameter-removed", where=where, reason=reason, is_breaking=True)
            continue
        yield from _parameter(one, other, where)
        for item in schemas.compare(one.get("schema", {}), other.get("schema", {})):
            yield found(item, where, Direction.INPUT)
    for place, other in after.items():
        if place not in before:
            is_required = bool(other.get("required"))
            yield Finding(
                kind="required-parameter-added" if is_required else "parameter-added",
                where=_where(other),
                reason=f"the parameter is new{' and required' if is_required else ''}",
                is_breaking=is_required,
            )


def _parameter(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Finding]:
    if old["name"] != new["name"]:
        reason = f"the parameter is called {new['name']} now: clients name it so"
        yield Finding(kind="parameter-renamed", where=where, reason=reason, is_breaking=True)
    was, is_now = bool(old.get("required")), bool(new.get("required"))
    if was != is_now:
        reason = "the parameter is required now" if is_now else "the parameter is optional now"
        kind = "parameter-required" if is_now else "parameter-optional"
        yield Finding(kind=kind, where=where, reason=reason, is_breaking=is_now)
    changed = [key for key in _STYLE if old.get(key) != new.get(key)]
    if changed:
        reason = f"it is written in another way: {', '.join(changed)} changed"
        yield Finding(kind="parameter-style", where=where, reason=reason, is_breaking=True)


def _by_place(operation: Operation, schemas: Schemas) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Parameters by where they stand; those of the path by position, whatever their names."""
    names = _PLACEHOLDER.findall(operation.path)
    places: dict[tuple[str, str], Mapping[str, Any]] = {}
    for listed in (*operation.shared, *operation.item.get("parameters", ())):
        parameter = schemas.resolve(listed)
        kind, name = parameter["in"], parameter["name"]
        if kind == "header":
            name = name.lower()
        elif kind == "path" and name in names:
            name = str(names.index(name))
        places[kind, name] = parameter
    return places


def _where(parameter: Mapping[str, Any]) -> str:
    return f"{parameter['in']} parameter {parameter['name']}"


def _body(old: Any, new: Any, schemas: SchemaComparison) -> Iterator[Finding]:
    old, new, where = schemas.old.resolve(old), schemas.new.resolve(new), "request body"
    if old is None and new is None:
        return
    if old is None or new is None:
        is_needed = new is None or bool(new.get("required"))
        kind = "body-removed" if new is None else "body-added"
        state = "is gone" if new is None else "is new"
        reason = f"the body {state}{' and required' if new is not None and is_needed else ''}"
        yield Finding(kind=kind, where=where, reason=reason, is_breaking=is_needed)
        return
    was, is_now = bool(old.get("required")), bool(new.get("required"))
    if was != is_now:
        reason = "the body is required now" if is_now else "the body is optional now"
        kind = "body-required" if is_now else "body-optional"
        yield Finding(kind=kind, where=where, reason=reason, is_breaking=is_now)
    for at, difference in compare_content(old, new, where, schemas):
        yield found(difference, at, Direction.INPUT)
