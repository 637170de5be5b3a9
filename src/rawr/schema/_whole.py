"""Whole numbers, however they are written: JSON has one kind of number."""

from typing import Any, Final

from ._values import Map

_CONTAINERS: Final = frozenset({Map, dict, list, tuple})


def with_whole_numbers(value: object) -> object:
    """The value with `5` for every `5.0`, which are one number in JSON; itself without those."""
    try:
        return _whole(value, {})
    except RecursionError:
        return value


def _whole(value: Any, seen: dict[int, object]) -> Any:
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() else value
    if kind not in _CONTAINERS or id(value) in seen:
        return seen.get(id(value), value)
    seen[id(value)] = value  # what holds itself stays
    items = list(value.values() if isinstance(value, dict) else value)
    whole = [_whole(item, seen) for item in items]
    if any(old is not new for old, new in zip(items, whole, strict=True)):
        seen[id(value)] = kind(zip(value, whole, strict=True) if isinstance(value, dict) else whole)
    return seen[id(value)]
