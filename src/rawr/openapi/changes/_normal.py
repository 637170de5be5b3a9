"""Schemas in the form they are compared in: references resolved, unions as lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rawr.openapi._schemas import NEVER, JsonSchema, logic
from rawr.schema import Json

_UNIONS: Final = ("anyOf", "oneOf")
_MERGED: Final = ("properties", "required", "allOf", *_UNIONS)


class Schemas:
    """The schemas of one document, by reference."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        self._document = document

    def resolve(self, node: Any) -> Any:
        """What a reference inside the document stands for; anything else as it is."""
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            reference: str = node["$ref"]
            if reference in seen:
                return {}
            seen.add(reference)
            siblings = {key: value for key, value in node.items() if key != "$ref"}
            target = self._find(reference)
            node = _both(target, siblings) if logic(siblings) else target
        return node

    def _find(self, reference: str) -> Any:
        node: Any = self._document
        for step in reference.removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        return {} if node is None else node

    def variants(self, schema: Any) -> list[JsonSchema]:
        """The members of a union, nested ones and lists of types too; else the schema alone."""
        return [item for item in self._variants(schema, frozenset()) if item != NEVER]

    def _variants(self, schema: Any, seen: frozenset[str]) -> Iterator[JsonSchema]:
        schema, seen = _named(schema, seen)
        resolved = self.whole(schema)
        unions = [keyword for keyword in _UNIONS if keyword in resolved]
        types = resolved.get("type")
        if len(unions) == 1:
            rest = {key: value for key, value in resolved.items() if key != unions[0]}
            for member in resolved[unions[0]]:
                yield from self._variants(_beside(rest, member), seen)
        elif isinstance(types, list):
            for item in types:
                yield from self._variants({**resolved, "type": item}, seen)
        else:
            yield _as_object(schema) if "$ref" in schema else resolved

    def whole(self, schema: JsonSchema) -> JsonSchema:
        """The schema with its intersections merged and its type named where values tell it.

        An intersection whose parts say different things about one keyword stays as it is.
        """
        resolved = _as_object(self.resolve(schema))
        merged = {key: value for key, value in resolved.items() if key != "allOf"}
        for part in resolved.get("allOf", ()):
            merged = _both(merged, self.whole(_as_object(part)))
        return _typed(resolved if "allOf" in merged else merged)


def values(schema: JsonSchema) -> list[Json] | None:
    """The values an enumeration lists; None if any may come."""
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    return list(listed) if isinstance(listed, list) else None


def distinct(old: Iterable[Json], new: Sequence[Json]) -> list[Json]:
    """The values of the one that the other has not; true is not 1."""
    there = [(type(item), item) for item in new]
    return [item for item in old if (type(item), item) not in there]


def _named(schema: Any, seen: frozenset[str]) -> tuple[Any, frozenset[str]]:
    """Note a reference; one that leads back into its own union says nothing more."""
    schema = _as_object(schema)
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema, seen
    return (NEVER if reference in seen else schema), seen | {reference}


def _as_object(schema: Any) -> JsonSchema:
    if schema is False:
        return dict(NEVER)
    return schema if isinstance(schema, dict) else {}


def same(old: Any, new: Any, schemas: tuple[Schemas, Schemas]) -> bool:
    """Whether two schemas say the same, whatever their components are called."""
    return _same(old, new, schemas, frozenset())


def _same(
    old: Any, new: Any, schemas: tuple[Schemas, Schemas], seen: frozenset[tuple[Any, Any]]
) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        pair = (old.get("$ref"), new.get("$ref"))
        if pair != (None, None):
            if pair in seen:
                return True
            before, after = schemas
            return _same(before.resolve(old), after.resolve(new), schemas, seen | {pair})
        return old.keys() == new.keys() and all(
            _same(old[key], new[key], schemas, seen) for key in old
        )
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(
            _same(one, other, schemas, seen) for one, other in zip(old, new, strict=True)
        )
    return type(old) is type(new) and bool(old == new)


def _beside(rest: JsonSchema, member: Any) -> JsonSchema:
    """A member of a union with what stands beside the union."""
    member = _as_object(member)
    return _both(rest, member) if logic(rest) else member


def _both(one: JsonSchema, other: JsonSchema) -> JsonSchema:
    """A schema for what is valid against both."""
    merged = {**one, **other}
    conflicts = [
        key for key in logic(one) & logic(other) if key not in _MERGED and one[key] != other[key]
    ]
    if conflicts or any(key in one and key in other for key in ("allOf", *_UNIONS)):
        return {"allOf": [one, other]}
    if "properties" in one and "properties" in other:
        shared = one["properties"].keys() & other["properties"].keys()
        merged["properties"] = {
            **one["properties"],
            **other["properties"],
            **{
                name: {"allOf": [one["properties"][name], other["properties"][name]]}
                for name in shared
                if one["properties"][name] != other["properties"][name]
            },
        }
    if "required" in one and "required" in other:
        merged["required"] = [*one["required"], *distinct(other["required"], one["required"])]
    return merged


_JSON_TYPES: Final[Mapping[type, str]] = {
    bool: "boolean",
    str: "string",
    int: "integer",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}


def _typed(schema: JsonSchema) -> JsonSchema:
    if "type" in schema:
        return schema
    types = {_JSON_TYPES[type(item)] for item in values(schema) or ()}
    return {**schema, "type": types.pop()} if len(types) == 1 else schema
