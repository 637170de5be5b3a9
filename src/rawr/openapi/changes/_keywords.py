"""How a change of one JSON Schema keyword changes which values are valid.

A keyword that is added asks for something and one that is removed asks for less; what a change
of its value does is in the table below. Keywords that are not in it replace what was asked.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from rawr.openapi._schemas import JsonSchema, logic

from ._effects import Difference, Effect
from ._normal import Schemas, distinct, same, values

Judge: TypeAlias = Callable[[Any, Any], Effect]
Bound: TypeAlias = tuple[float, bool]
"""A limit, and whether it is excluded itself."""

STRUCTURE: Final = frozenset(
    {"type", "properties", "required", "additionalProperties", "items", "prefixItems"}
)
"""What is compared part by part, elsewhere."""

_VALUES: Final = frozenset({"enum", "const"})
_RANGE: Final = frozenset({"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"})


def _at_least(old: float, new: float) -> Effect:
    return Effect.NARROWS if new > old else Effect.WIDENS


def _at_most(old: float, new: float) -> Effect:
    return Effect.NARROWS if new < old else Effect.WIDENS


def _multiple(old: float, new: float) -> Effect:
    if new % old == 0:
        return Effect.NARROWS
    return Effect.WIDENS if old % new == 0 else Effect.REPLACES


def _switch(old: object, _new: object) -> Effect:
    return Effect.WIDENS if old else Effect.NARROWS


_JUDGES: Final[Mapping[str, Judge]] = {
    "minLength": _at_least,
    "minItems": _at_least,
    "minProperties": _at_least,
    "maxLength": _at_most,
    "maxItems": _at_most,
    "maxProperties": _at_most,
    "multipleOf": _multiple,
    "uniqueItems": _switch,
}
_LIMITS: Final = frozenset(_JUDGES)
_ABSENT: Final[Mapping[str, Any]] = {
    "uniqueItems": False,
    "minLength": 0,
    "minItems": 0,
    "minProperties": 0,
}
"""What says as much as a keyword that is not there."""


def compare_keywords(
    old: JsonSchema, new: JsonSchema, schemas: tuple[Schemas, Schemas]
) -> Iterator[Difference]:
    """What differs between two schemas but their parts."""
    yield from _values(old, new)
    yield from _range(old, new)
    for keyword in sorted((logic(old) | logic(new)) - STRUCTURE - _VALUES - _RANGE):
        before, after = (schema.get(keyword, _ABSENT.get(keyword)) for schema in (old, new))
        if not same(before, after, schemas):
            yield _change(keyword, before, after)
    if not same(old.get("default"), new.get("default"), schemas):
        yield Difference(
            kind="default",
            effect=Effect.NEUTRAL,
            reason=_moved("default", old.get("default"), new.get("default")),
        )


def _change(keyword: str, old: Any, new: Any) -> Difference:
    if old is None:
        effect = Effect.NARROWS
    elif new is None:
        effect = Effect.WIDENS
    else:
        effect = _JUDGES.get(keyword, lambda _old, _new: Effect.REPLACES)(old, new)
    kind = "limit" if keyword in _LIMITS else keyword
    return Difference(kind=kind, effect=effect, reason=_moved(keyword, old, new))


def _moved(keyword: str, old: Any, new: Any) -> str:
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return f"{keyword} says something else"
    if old is None:
        return f"{keyword} is {new!r}, where there was none"
    if new is None:
        return f"{keyword} {old!r} is gone"
    return f"{keyword} is {new!r}, not {old!r}"


def _values(old: JsonSchema, new: JsonSchema) -> Iterator[Difference]:
    before, after = values(old), values(new)
    if before is None and after is None:
        return
    if before is None or after is None:
        listed = ", ".join(map(repr, before or after or ()))
        effect = Effect.NARROWS if before is None else Effect.WIDENS
        reason = f"only {listed} remain" if before is None else f"not only {listed} any more"
        yield Difference(kind="values", effect=effect, reason=reason)
        return
    for value in distinct(before, after):
        yield Difference(
            kind="value-removed", effect=Effect.NARROWS, reason=f"value {value!r} is gone"
        )
    for value in distinct(after, before):
        yield Difference(kind="value-added", effect=Effect.WIDENS, reason=f"value {value!r} is new")


def _range(old: JsonSchema, new: JsonSchema) -> Iterator[Difference]:
    for names, strictest, judge in (
        (("minimum", "exclusiveMinimum"), max, _at_least),
        (("maximum", "exclusiveMaximum"), min, _at_most),
    ):
        before, after = (_bound(schema, names, strictest) for schema in (old, new))
        if before == after:
            continue
        if before is None or after is None:
            effect = Effect.NARROWS if before is None else Effect.WIDENS
        elif before[0] == after[0]:
            effect = Effect.NARROWS if after[1] else Effect.WIDENS
        else:
            effect = judge(before[0], after[0])
        yield Difference(
            kind="limit", effect=effect, reason=_moved(names[0], _shown(before), _shown(after))
        )


def _bound(
    schema: JsonSchema, names: tuple[str, str], strictest: Callable[[float, float], float]
) -> Bound | None:
    including, excluding = (schema.get(name) for name in names)
    if excluding is None:
        return None if including is None else (including, False)
    if including is None:
        return (excluding, True)
    return (strictest(including, excluding), strictest(including, excluding) == excluding)


class _Shown:
    """A limit as a reader knows it."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound

    def __repr__(self) -> str:
        limit, is_excluded = self._bound
        return f"{limit} (excluded)" if is_excluded else str(limit)


def _shown(bound: Bound | None) -> _Shown | None:
    return None if bound is None else _Shown(bound)
