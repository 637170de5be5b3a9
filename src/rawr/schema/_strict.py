"""JSON's own types, read strictly: what pydantic's lax rules would make of other types.

A boolean, number or text of JSON arrives as what it is, so `"yes"` for a boolean is a mistake.
Dates, ids, enums and the like stay as lax as they are: in JSON they are text.
"""

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from pydantic_core import SchemaValidator
from pydantic_core.core_schema import IntSchema, no_info_before_validator_function

_LEAVES: Final = frozenset({"bool", "float", "int", "str"})
_NOT_SCHEMAS: Final = frozenset(
    {
        *("cls", "config", "default", "default_factory", "expected", "function", "members"),
        *("metadata", "serialization"),
        # Names in a JSON object are text, whatever they stand for.
        *("extras_keys_schema", "keys_schema"),
    }
)
"""Entries of a core schema that hold something else than schemas of JSON values."""
_WIRE_NAMES: Final = {"validate_by_alias": True, "validate_by_name": False}
_BY_NAME: Final = frozenset({"choices", "fields"})
"""Entries that hold schemas by names which are the author's own."""


def strict_validate(schema: Any) -> Callable[..., Any] | None:
    """The strict `validate_python` of a core schema; None if its own is as strict.

    Neither takes anything by other names than the wire's, nor has to be told so.
    """
    changed = _strict(schema, _strict_leaf, is_told=False)
    return None if changed == schema else _validator(changed).validate_python


def patient_validate(schema: Any) -> Callable[..., Any]:
    """The same for what may hold an integer that JSON cannot write as Python would."""
    return _validator(_strict(schema, _patient_leaf, is_told=False)).validate_python


def plain_validate(schema: Any) -> Callable[..., Any]:
    """The `validate_python` of a core schema as it is."""
    return _validator(schema).validate_python


_Leaf: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


def _strict_leaf(leaf: dict[str, Any]) -> dict[str, Any]:
    return {"strict": True, **leaf}


def _patient_leaf(leaf: dict[str, Any]) -> dict[str, Any]:
    strict = _strict_leaf(leaf)
    if leaf["type"] != "int" or "strict" in leaf:
        return strict
    named = {"ref": strict.pop("ref")} if "ref" in strict else {}
    before: Any = no_info_before_validator_function(_integer, cast("IntSchema", strict))
    return {**before, **named}


def _integer(value: object) -> object:
    """What JSON has as `5.0`, and integers too large for a JSON number, which travel as text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is str and _DIGITS.fullmatch(value) is not None:
        number = int(value)
        return value if abs(number) <= _MAX_SAFE_INTEGER else number
    return value


_MAX_SAFE_INTEGER: Final = 2**53 - 1
_DIGITS: Final = re.compile(r"-?[1-9][0-9]{15,999}")


def _strict(value: Any, leaf: _Leaf, *, is_told: bool) -> Any:
    """Says strict of every leaf, but where its field or model has said what it is."""
    if isinstance(value, list | tuple):
        return type(value)(_strict(item, leaf, is_told=is_told) for item in value)
    if not isinstance(value, dict):
        return value
    config = value.get("config") or {}
    if "config" in value:
        is_told = config.get("strict") is not None
    copied = {key: _entry(key, item, leaf, is_told=is_told) for key, item in value.items()}
    if config.keys() & _WIRE_NAMES.keys():
        copied["config"] = {**config, **_WIRE_NAMES}
    kind = copied.get("type")
    if is_told:
        return copied
    if kind in _LEAVES:
        return leaf(copied)
    if kind == "enum":
        # With a type of its members it would read text as that type.
        copied.pop("sub_type", None)
    return copied


def _entry(key: str, item: Any, leaf: _Leaf, *, is_told: bool) -> Any:
    if key in _NOT_SCHEMAS:
        return item
    if key in _BY_NAME and isinstance(item, dict):
        return {name: _strict(named, leaf, is_told=is_told) for name, named in item.items()}
    return _strict(item, leaf, is_told=is_told)


def _validator(schema: Any) -> SchemaValidator:
    try:
        # Models inside would otherwise be validated by the validators they have already.
        return SchemaValidator(schema, None, _use_prebuilt=False)
    except TypeError:
        return SchemaValidator(schema)
