"""Dicts read from lists of pairs, which plain JSON has of a `Map`.

The OpenAPI protocol writes `Map`s so, and RPC gives those with keys that cannot be hashed so.
"""

from typing import Any, Final, cast

from pydantic_core.core_schema import DictSchema, no_info_before_validator_function

from ._native import is_dumped_as_map

_NOT_SCHEMAS: Final = frozenset(
    {
        *("cls", "config", "default", "default_factory", "expected", "function", "members"),
        *("metadata", "serialization"),
    }
)
"""Entries of a core schema that hold something else than schemas."""
_BY_NAME: Final = frozenset({"choices", "fields"})
"""Entries that hold schemas by names which are the author's own."""
_PAIR: Final = 2


def with_entries(schema: Any) -> Any:
    """The core schema, with dicts that may come as pairs; itself where there are none."""
    if isinstance(schema, dict):
        copied = {key: _entry(key, item) for key, item in schema.items()}
        is_same = all(copied[key] is item for key, item in schema.items())
        if copied.get("type") == "dict" and is_dumped_as_map(copied):
            return _reading_pairs(copied)
        return schema if is_same else copied
    if isinstance(schema, list | tuple):
        items = [with_entries(item) for item in schema]
        is_same = all(made is item for made, item in zip(items, schema, strict=True))
        return schema if is_same else type(schema)(items)
    return schema


def _entry(key: str, item: Any) -> Any:
    if key in _NOT_SCHEMAS:
        return item
    if key in _BY_NAME and isinstance(item, dict):
        made = {name: with_entries(named) for name, named in item.items()}
        return item if all(made[name] is named for name, named in item.items()) else made
    return with_entries(item)


def _reading_pairs(schema: dict[str, Any]) -> dict[str, Any]:
    named = {"ref": schema.pop("ref")} if "ref" in schema else {}
    before: Any = no_info_before_validator_function(_of_pairs, cast("DictSchema", schema))
    return {**before, **named}


def _of_pairs(value: object) -> object:
    if not isinstance(value, list) or not all(map(_is_pair, value)):
        return value
    try:
        return {_hashable(key): item for key, item in value}
    except TypeError:
        return value


def _is_pair(item: object) -> bool:
    return isinstance(item, list | tuple) and len(item) == _PAIR


def _hashable(key: Any) -> Any:
    return tuple(map(_hashable, key)) if isinstance(key, list) else key
