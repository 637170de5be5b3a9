"""How pydantic dumps what it would not keep apart: maps, and URLs of its own.

A declared `dict[int, X]` is a map also while it is empty, and an `AnyUrl` is a URL, not an
object the codecs know nothing of. Both are found in the core schema when a serializer is
built; types without them are dumped by pydantic's own serializer, untouched.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import AnyUrl
from pydantic_core import (
    PydanticSerializationUnexpectedValue,
    SchemaSerializer,
    core_schema,
)

from ._values import NATIVE_TYPE, KeyedDict, Map, Url

_NON_TEXT: Final = frozenset(
    {
        *("bool", "bytes", "complex", "date", "datetime", "decimal", "float", "frozen-set"),
        *("int", "none", "time", "timedelta", "tuple", "uuid"),
    }
)
_NOT_SCHEMAS: Final = frozenset(
    {
        *("cls", "config", "default", "default_factory", "expected", "function", "members"),
        *("metadata", "serialization"),
    }
)
"""Entries of a core schema that hold something else than schemas."""
_BY_NAME: Final = frozenset({"choices", "fields"})
"""Entries that hold schemas by names which are the author's own."""


def native_dump(schema: Any) -> Callable[..., Any] | None:
    """The `to_python` of a type that has maps or URLs; None if pydantic's own will do."""
    walk = _Walk()
    changed = walk.schema(schema)
    if not (walk.has_maps or walk.has_urls):
        return None
    dump = _serializer(changed).to_python
    if not walk.has_maps:
        return dump
    return lambda value, **options: _unboxed(dump(value, **options))


def is_map(schema: Any) -> bool:
    """Whether a dict schema is that of a `Map`."""
    metadata: Mapping[str, object] = schema.get("metadata") or {}
    return metadata.get(NATIVE_TYPE) == "map"


def has_text_keys(schema: Any) -> bool:
    """Whether a dict schema's keys may be text; anything not known to be otherwise is."""
    keys = schema.get("keys_schema")
    return keys is None or not _is_non_text(keys)


def is_dumped_as_map(schema: Any) -> bool:
    """Whether the values of a dict schema are a `Map` to JavaScript."""
    return is_map(schema) or not has_text_keys(schema)


def _is_non_text(keys: Any) -> bool:
    kind = keys["type"]
    if kind == "literal":
        return not any(isinstance(value, str) for value in keys["expected"])
    if kind == "enum":
        return not issubclass(keys["cls"], str)
    if kind == "union":
        choices = (item[0] if isinstance(item, tuple) else item for item in keys["choices"])
        return all(map(_is_non_text, choices))
    if kind == "nullable":
        return _is_non_text(keys["schema"])
    return kind in _NON_TEXT


class _Walk:
    """Copies a core schema with other serializers for maps and URLs."""

    def __init__(self) -> None:
        self.has_maps = False
        self.has_urls = False

    def schema(self, value: Any) -> Any:
        if isinstance(value, dict):
            copied = {key: self._entry(key, item) for key, item in value.items()}
            return self._with_serializer(copied)
        if isinstance(value, list | tuple):
            return type(value)(map(self.schema, value))
        return value

    def _entry(self, key: str, item: Any) -> Any:
        if key in _NOT_SCHEMAS:
            return item
        if key in _BY_NAME and isinstance(item, dict):
            return {name: self.schema(named) for name, named in item.items()}
        return self.schema(item)

    def _with_serializer(self, schema: Any) -> Any:
        kind = schema.get("type")
        if kind == "dict" and "serialization" not in schema and is_dumped_as_map(schema):
            self.has_maps = True
            box = _Boxing(Map if is_map(schema) else KeyedDict)
            boxed = core_schema.wrap_serializer_function_ser_schema(box, schema=schema)
            return {**schema, "serialization": boxed}
        if kind == "function-wrap" and schema["schema"].get("type") in _URL_TYPES:
            self.has_urls = True
            dumped = core_schema.plain_serializer_function_ser_schema(_dump_url)
            return {**schema, "serialization": dumped}
        return schema


_URL_TYPES: Final = ("url", "multi-host-url")


def _serializer(schema: Any) -> SchemaSerializer:
    try:
        # Models inside would otherwise be dumped by the serializers they have already.
        return SchemaSerializer(schema, None, _use_prebuilt=False)
    except TypeError:
        return SchemaSerializer(schema)


class _Box:
    """A dumped map; pydantic makes plain dicts of all dicts that a serializer returns."""

    __slots__ = ("entries", "kind")

    def __init__(self, kind: type[Map[Any, Any]], entries: dict[Any, Any]) -> None:
        self.kind = kind
        self.entries = entries


class _Boxing:
    """A serializer that boxes what is dumped."""

    __slots__ = ("_kind",)

    def __init__(self, kind: type[Map[Any, Any]]) -> None:
        self._kind = kind

    def __call__(self, value: Any, dump: Callable[[Any], Any]) -> Any:
        dumped = dump(value)
        return _Box(self._kind, dumped) if isinstance(dumped, dict) else dumped


def _unboxed(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {key: _unboxed(item) for key, item in value.items()}
    if kind is list:
        return [_unboxed(item) for item in value]
    if kind is tuple:
        return tuple(map(_unboxed, value))
    if kind is _Box:
        return value.kind({key: _unboxed(item) for key, item in value.entries.items()})
    return value


def _dump_url(value: Any) -> Any:
    if isinstance(value, AnyUrl):
        return Url(str(value))
    if hasattr(value, "hosts"):
        return str(value)  # such as a DSN with several hosts: no URL to JavaScript
    # In a union, another member's serializer is tried next.
    raise PydanticSerializationUnexpectedValue(f"Expected a URL, got {type(value).__name__}")
