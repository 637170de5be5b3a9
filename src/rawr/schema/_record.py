"""Models whose instances are dumped as they are: each member under its name, nothing added.

An instance that holds nothing but text, flags, nulls and numbers can be written without its
library then: it would neither validate it again nor change a thing about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NOT_SCHEMAS: Final = frozenset({"cls", "config", "default", "expected", "function", "metadata"})
_MODEL: Final = frozenset(
    {
        *("cls", "config", "extra_behavior", "frozen", "generic_origin", "metadata", "post_init"),
        *("ref", "revalidate_instances", "schema", "strict", "type"),
    }
)
_MEMBERS: Final = frozenset({"extra_behavior", "fields", "metadata", "model_name", "ref", "type"})
_FIELD: Final = frozenset(
    {"frozen", "metadata", "schema", "serialization_alias", "type", "validation_alias"}
)
"""What is known not to change how instances are dumped, some of it looked at apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A model of that sort."""

    kind: type[Any]
    """Of its instances; those of its subclasses may be otherwise."""
    names: Mapping[str, str]
    """What its members are called on the wire."""

    @classmethod
    def of(cls, schema: Any) -> "Record | None":
        """The record that a core schema describes."""
        if schema["type"] != "model" or not _says_only(_MODEL, schema):
            return None
        members, config = schema["schema"], schema.get("config") or {}
        behaviors = (
            *(it.get("extra_behavior") for it in (schema, members)),
            config.get("extra_fields_behavior"),
            *(it.get("revalidate_instances") for it in (schema, config)),
        )
        if (
            members["type"] != "model-fields"
            or not _says_only(_MEMBERS, members)
            or "allow" in behaviors
            or "always" in behaviors
        ):
            return None
        fields = members["fields"]
        if any(
            not _says_only(_FIELD, it) or _is_serialized(it["schema"]) for it in fields.values()
        ):
            return None
        names = {name: field.get("serialization_alias", name) for name, field in fields.items()}
        return cls(kind=schema["cls"], names=names)


def _says_only(keys: frozenset[str], schema: dict[str, Any]) -> bool:
    return all(key in keys or not said for key, said in schema.items())


def _is_serialized(schema: Any) -> bool:
    """Whether anything in a field's schema is dumped in a way of its own."""
    if isinstance(schema, list | tuple):
        return any(map(_is_serialized, schema))
    if not isinstance(schema, dict):
        return False
    return "serialization" in schema or any(
        _is_serialized(item) for key, item in schema.items() if key not in _NOT_SCHEMAS
    )
