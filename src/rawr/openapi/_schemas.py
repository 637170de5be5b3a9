"""JSON Schemas taken apart: what OpenAPI wants to know of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from rawr.schema import Json

JsonSchema = dict[str, Any]
Resolve = Callable[[JsonSchema], JsonSchema]

NEVER: Final[Mapping[str, Any]] = {"not": {}}

_UNIONS: Final = ("anyOf", "oneOf")
_OBJECT_KEYWORDS: Final = frozenset({"type", "properties", "required", "additionalProperties"})
_ANNOTATIONS: Final = frozenset(
    {
        "$comment",
        "$id",
        "$schema",
        "default",
        "deprecated",
        "description",
        "discriminator",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    }
)
_PRIMITIVES: Final = frozenset({"string", "number", "integer", "boolean", "null"})


def annotate(node: Json) -> Json:
    """A copy with the native types named (`x-native-type`) and without titles made from names."""
    if isinstance(node, list):
        return [annotate(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: annotate(value) for key, value in node.items()}
    properties = copy.get("properties")
    if isinstance(properties, dict):
        copy["properties"] = {name: _untitled(name, item) for name, item in properties.items()}
    native = _native_type(copy)
    return copy if native is None else {"x-native-type": native, **copy}


def _native_type(schema: JsonSchema) -> str | None:
    if schema.get("type") == "string" and schema.get("format") == "date-time":
        return "date"
    if schema.get("type") == "array" and schema.get("uniqueItems") is True:
        return "set"
    return None


def _untitled(name: str, schema: Json) -> Json:
    if isinstance(schema, dict) and schema.get("title") == name.title().replace("_", " ").strip():
        return {key: value for key, value in schema.items() if key != "title"}
    return schema


def logic(schema: JsonSchema) -> set[str]:
    """The keywords that say which values are valid, not what they mean."""
    return {key for key in schema if key not in _ANNOTATIONS and not key.startswith("x-")}


def is_any(schema: JsonSchema) -> bool:
    """Whether every value is valid."""
    return not logic(schema)


def is_never(schema: JsonSchema) -> bool:
    """Whether no value is valid."""
    return schema.get("not") in ({}, True)


def is_object(schema: JsonSchema) -> bool:
    """Whether only objects are valid."""
    return schema.get("type") == "object"


def is_file(schema: Json) -> bool:
    """Whether the schema describes a file."""
    return (
        isinstance(schema, dict)
        and schema.get("type") == "string"
        and isinstance(schema.get("contentMediaType"), str)
    )


def accepts_null(schema: JsonSchema) -> bool:
    """Whether null, which stands for an absent value too, is valid."""
    return any(branch.get("type") == "null" or is_any(branch) for branch in branches(schema))


def is_primitive(schema: JsonSchema) -> bool:
    """Whether only strings, numbers, booleans and null are valid."""
    return all(
        branch.get("type") in _PRIMITIVES or "const" in branch or "enum" in branch
        for branch in branches(schema)
    )


def branches(schema: JsonSchema) -> Iterator[JsonSchema]:
    """The members of a pure union, nested ones too; else the schema alone."""
    for keyword in _UNIONS:
        if keyword in schema and logic(schema) == {keyword}:
            for member in schema[keyword]:
                yield from branches(member)
            return
    yield schema


def primitive_list(schema: JsonSchema) -> bool:
    """Whether the schema is `X | list[X]` of a primitive X."""
    members = list(branches(schema))
    arrays = [m for m in members if m.get("type") == "array" and logic(m) <= {"type", "items"}]
    others = [m for m in members if m not in arrays]
    return (
        len(arrays) == len(others) == 1
        and arrays[0].get("items") == others[0]
        and is_primitive(others[0])
    )


def split_files(schema: JsonSchema) -> tuple[list[JsonSchema], JsonSchema | None]:
    """The file members of a union, and what remains of it."""
    members = list(branches(schema))
    files = [member for member in members if is_file(member)]
    rest = [member for member in members if not is_file(member)]
    if not files:
        return [], schema
    if not rest:
        return files, None
    return files, rest[0] if len(rest) == 1 else {"anyOf": rest}


def contains_file(schema: Json, resolve: Resolve) -> bool:
    """Whether a file may lie anywhere inside."""
    return _contains_file(schema, resolve, set())


def _contains_file(node: Json, resolve: Resolve, seen: set[str]) -> bool:
    if isinstance(node, list):
        return any(_contains_file(item, resolve, seen) for item in node)
    if not isinstance(node, dict):
        return False
    reference = node.get("$ref")
    if isinstance(reference, str):
        if reference in seen:
            return False
        return _contains_file(resolve(node), resolve, seen | {reference})
    return is_file(node) or any(_contains_file(v, resolve, seen) for v in node.values())


def split_object(schema: JsonSchema, names: Sequence[str]) -> tuple[JsonSchema, JsonSchema]:
    """An object schema of the named properties, and one of the others."""
    if not logic(schema) <= _OBJECT_KEYWORDS:
        return {"type": "object"}, schema
    properties: Mapping[str, Any] = schema.get("properties", {})
    required: Sequence[str] = schema.get("required", ())
    named = _pick(schema, properties, required, [name for name in properties if name in names])
    rest = _pick(schema, properties, required, [name for name in properties if name not in names])
    return named, rest


def _pick(
    schema: JsonSchema,
    properties: Mapping[str, Any],
    required: Sequence[str],
    names: Sequence[str],
) -> JsonSchema:
    kept = {key: value for key, value in schema.items() if key not in ("properties", "required")}
    kept.pop("title", None)
    if names:
        kept["properties"] = {name: properties[name] for name in names}
    if wanted := [name for name in required if name in names]:
        kept["required"] = wanted
    return kept


def merge_objects(schema: JsonSchema, resolve: Resolve) -> JsonSchema:
    """One object schema for references to, and unions and intersections of, object schemas.

    Whatever is not made of objects alone is returned as it is. The properties of a union are
    required where every member requires them.
    """
    schema = resolve(schema)
    if not any(keyword in schema for keyword in (*_UNIONS, "allOf")):
        return schema
    union = [
        merge_objects(member, resolve) for keyword in _UNIONS for member in schema.get(keyword, ())
    ]
    parts = [merge_objects(member, resolve) for member in schema.get("allOf", ())]
    if is_object(schema):
        parts.append(schema)
    if not all(map(is_object, (*union, *parts))):
        return schema
    return _merge(union, parts)


def _merge(union: Sequence[JsonSchema], parts: Sequence[JsonSchema]) -> JsonSchema:
    properties: dict[str, JsonSchema] = {}
    required: list[str] = []
    for name in dict.fromkeys(n for m in (*union, *parts) for n in m.get("properties", {})):
        alternatives = _distinct(union, name)
        demands = _distinct(parts, name)
        if len(alternatives) > 1:
            demands.append({"anyOf": alternatives})
        elif alternatives and alternatives[0] not in demands:
            demands += alternatives
        properties[name] = demands[0] if len(demands) == 1 else {"allOf": demands}
        if any(name in part.get("required", ()) for part in parts) or (
            union and all(name in member.get("required", ()) for member in union)
        ):
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def _distinct(schemas: Sequence[JsonSchema], name: str) -> list[JsonSchema]:
    found: list[JsonSchema] = []
    for schema in schemas:
        item = schema.get("properties", {}).get(name)
        if item is not None and item not in found:
            found.append(item)
    return found
