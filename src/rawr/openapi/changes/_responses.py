"""The answers of an operation compared.

Callers switch on the success statuses they know, so a new one breaks them. Any call may fail,
so a new error does not; one that comes with another status does.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from rawr.openapi._schemas import JsonSchema

from ._content import compare_content
from ._effects import Difference, Effect
from ._normal import values
from ._schemas import SchemaComparison

Found: TypeAlias = Iterator[tuple[str, Difference]]
_Errors: TypeAlias = dict[str, tuple[str, JsonSchema]]
"""Typed errors by their code: status and schema."""

_JSON: Final = "application/json"
_SUCCESS: Final = ("1", "2", "3")


def compare_responses(
    old: Mapping[str, Any], new: Mapping[str, Any], schemas: SchemaComparison
) -> Found:
    """What differs, and in which answer."""
    before = {status: schemas.old.resolve(item) for status, item in old.items()}
    after = {status: schemas.new.resolve(item) for status, item in new.items()}
    for status in before:
        if status not in after and status.startswith(_SUCCESS):
            yield (
                f"response {status}",
                _difference("response-removed", Effect.REPLACES, "it is no longer answered"),
            )
    for status in after:
        if status not in before and status.startswith(_SUCCESS):
            yield (
                f"response {status}",
                _difference("response-added", Effect.WIDENS, "it is a new success status"),
            )
    for status in before.keys() & after.keys():
        if status.startswith(_SUCCESS):
            yield from _response(before[status], after[status], f"response {status}", schemas)
    yield from _failures(_failed(before), _failed(after), schemas)


def _failed(responses: Mapping[str, Any]) -> Mapping[str, Any]:
    return {status: item for status, item in responses.items() if not status.startswith(_SUCCESS)}


def _response(old: Any, new: Any, where: str, schemas: SchemaComparison) -> Found:
    yield from compare_content(old, new, where, schemas)
    yield from _headers(old.get("headers", {}), new.get("headers", {}), where, schemas)


def _headers(
    old: Mapping[str, Any], new: Mapping[str, Any], where: str, schemas: SchemaComparison
) -> Found:
    before = {name.lower(): schemas.old.resolve(item) for name, item in old.items()}
    after = {name.lower(): schemas.new.resolve(item) for name, item in new.items()}
    for name, one in before.items():
        at, other = f"{where} header {name}", after.get(name)
        if other is None:
            yield at, _difference("header-removed", Effect.REPLACES, "the header is gone")
            continue
        if one.get("required") and not other.get("required"):
            yield at, _difference("header-optional", Effect.WIDENS, "the header may be absent now")
        for item in schemas.compare(one.get("schema", {}), other.get("schema", {})):
            yield at, item
    for name in after:
        if name not in before:
            at = f"{where} header {name}"
            yield at, _difference("header-added", Effect.NEUTRAL, "the header is new")


def _failures(old: Mapping[str, Any], new: Mapping[str, Any], schemas: SchemaComparison) -> Found:
    before, after = _errors(old, schemas, is_old=True), _errors(new, schemas, is_old=False)
    for code, (status, schema) in before.items():
        where = f"error {code}"
        if code not in after:
            yield where, _difference("error-removed", Effect.NEUTRAL, "it is no longer declared")
            continue
        other_status, other = after[code]
        if status != other_status:
            reason = f"its status is {other_status}, not {status}"
            yield where, _difference("error-status", Effect.REPLACES, reason)
        else:
            for item in schemas.compare(schema, other):
                yield where, item
    for code in after.keys() - before.keys():
        reason = f"it is new, with the status {after[code][0]}"
        yield f"error {code}", _difference("error-added", Effect.NEUTRAL, reason)
    typed = {status for status, _ in (*before.values(), *after.values())}
    yield from _untyped(
        {status: item for status, item in old.items() if status not in typed},
        {status: item for status, item in new.items() if status not in typed},
        schemas,
    )


def _untyped(old: Mapping[str, Any], new: Mapping[str, Any], schemas: SchemaComparison) -> Found:
    for status in old.keys() & new.keys():
        yield from _response(old[status], new[status], f"response {status}", schemas)
    for status in old.keys() ^ new.keys():
        kind, state = (
            ("response-removed", "no longer declared")
            if status in old
            else ("response-added", "new")
        )
        yield f"response {status}", _difference(kind, Effect.NEUTRAL, f"the failure is {state}")


def _errors(responses: Mapping[str, Any], schemas: SchemaComparison, *, is_old: bool) -> _Errors:
    side = schemas.old if is_old else schemas.new
    errors: _Errors = {}
    for status, response in responses.items():
        content = response.get("content", {}).get(_JSON, {})
        for variant in side.variants(content.get("schema", {})):
            whole = side.whole(variant)
            code = values(side.whole(whole.get("properties", {}).get("code", {})))
            if code is not None and len(code) == 1:
                errors[str(code[0])] = (status, variant)
    return errors


def _difference(kind: str, effect: Effect, reason: str) -> Difference:
    return Difference(kind=kind, effect=effect, reason=reason)
