"""JSON Schema to TypeScript types, as values are over RPC: dates are dates, sets are sets.

A reference becomes a mark (`MARK`, the definition's key, `MARK`); `_declarations` puts the
final name in its place.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rawr.schema import REF_TEMPLATE, Json

from ._text import comment, indented, key, literal, paragraphs

MARK: Final = "\x00"
UNKNOWN: Final = "unknown"

JsonSchema = Mapping[str, Any]

_PREFIX: Final = REF_TEMPLATE.removesuffix("{model}")
_UNIONS: Final = ("anyOf", "oneOf")
_NATIVE: Final = {"bigint": "bigint", "date": "Date", "regexp": "RegExp", "url": "URL"}
_FORMATS: Final = {"date-time": "Date", "uri": "URL"}
_SCALARS: Final = {
    "boolean": "boolean",
    "integer": "number",
    "null": "null",
    "number": "number",
    "string": "string",
}
_COMPOUND: Final = re.compile(r" [|&] ")


class TypeWriter:
    """Writes schemas as types; `name_of` knows names for unions of literals."""

    def __init__(self, name_of: Callable[[str], str | None] = lambda _union: None) -> None:
        self._name_of = name_of

    def write(self, schema: Json) -> str:
        """The type of the values a schema describes."""
        if not isinstance(schema, Mapping):
            return "never" if schema is False else UNKNOWN
        parts = [part for part in self._parts(schema) if part != UNKNOWN]
        if len(parts) < 2:  # noqa: PLR2004 - an intersection takes two
            return parts[0] if parts else UNKNOWN
        return " & ".join(map(_grouped, parts))

    def declaration(self, name: str, schema: JsonSchema) -> str:
        """An exported declaration of a schema under a name."""
        about = comment(_about(schema))
        if schema.get("type") == "object" and schema.get("properties") and _is_plain(schema):
            members = "".join(self._members(schema))
            # No interface: oRPC's mapped types take index signatures, which only aliases have.
            return f"{about}export type {name} = {{\n{indented(members)}}}\n"
        return f"{about}export type {name} = {self.write(schema)}\n"

    def _parts(self, schema: JsonSchema) -> Iterator[str]:
        """What a value is, all at once."""
        if "$ref" in schema:
            yield f"{MARK}{str(schema['$ref']).removeprefix(_PREFIX)}{MARK}"
        if "const" in schema:
            yield literal(schema["const"])
        elif "enum" in schema:
            yield self._literals(schema["enum"])
        elif schema.get("not") in ({}, True):
            yield "undefined"
        elif "type" in schema or "properties" in schema:
            yield self._typed(schema)
        elif "required" in schema:
            yield self._typed({"properties": dict.fromkeys(schema["required"], True), **schema})
        for keyword in _UNIONS:
            if keyword in schema:
                yield _union(map(self.write, schema[keyword]))
        yield from map(self.write, schema.get("allOf", ()))

    def _literals(self, values: list[Json]) -> str:
        union = _union(map(literal, values))
        return self._name_of(union) or union

    def _typed(self, schema: JsonSchema) -> str:
        native = _NATIVE.get(str(schema.get("x-native-type")))
        kind = schema.get("type", "object")
        if native is not None:
            return native
        if isinstance(kind, list):
            return _union(self._typed({**schema, "type": one}) for one in kind)
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            return self._object(schema)
        if kind == "string":
            return _string(schema)
        return _SCALARS.get(kind, UNKNOWN)

    def _array(self, schema: JsonSchema) -> str:
        items = schema.get("items", True)
        if schema.get("x-native-type") == "map":
            keys, values = items["prefixItems"]
            return f"Map<{self.write(keys)}, {self.write(values)}>"
        item = self.write(items)
        if "prefixItems" in schema:
            places = [self.write(place) for place in schema["prefixItems"]]
            is_open = "items" in schema and items is not False
            return f"[{', '.join([*places, *([f'...{_list(item)}'] if is_open else [])])}]"
        return f"Set<{item}>" if schema.get("uniqueItems") is True else _list(item)

    def _object(self, schema: JsonSchema) -> str:
        if schema.get("properties"):
            members = " ".join(self._members(schema, with_comments=False)).replace("\n", ";")
            return f"{{ {members.removesuffix(';')} }}"
        values = self._other_values(schema)
        if values is None:
            return "Record<string, never>" if "properties" in schema else "Record<string, unknown>"
        names = self.write(schema.get("propertyNames", True))
        if names in (UNKNOWN, "string"):
            return f"Record<string, {values}>"
        return f"Partial<Record<{names}, {values}>>"

    def _other_values(self, schema: JsonSchema) -> str | None:
        """The type of properties without a name; None if the schema speaks of none."""
        others = [*schema.get("patternProperties", {}).values()]
        additional = schema.get("additionalProperties", False)
        if additional is not False:
            others.append(additional)
        return _union(map(self.write, others)) if others else None

    def _members(self, schema: JsonSchema, *, with_comments: bool = True) -> Iterator[str]:
        required = schema.get("required", ())
        for name, declared in schema["properties"].items():
            item, may_lack = without_undefined(declared)
            sign = "?" if may_lack or name not in required else ""
            about = comment(_about(item)) if with_comments else ""
            yield f"{about}{key(name)}{sign}: {self.write(item)}\n"
        if self._other_values(schema) is not None:
            yield "[name: string]: unknown\n"


def without_undefined(schema: Json) -> tuple[Json, bool]:
    """A schema without its `undefined`, and whether it had one: a property that may lack."""
    for keyword in _UNIONS:
        members = schema.get(keyword, ()) if isinstance(schema, Mapping) else ()
        kept = [one for one in members if not _is_undefined(one)]
        if len(kept) < len(members):
            return {**schema, keyword: kept}, True
    return schema, False


def _is_undefined(schema: Json) -> bool:
    return isinstance(schema, Mapping) and schema.get("not") in ({}, True)


def _is_plain(schema: JsonSchema) -> bool:
    return not any(keyword in schema for keyword in (*_UNIONS, "allOf", "$ref"))


def _string(schema: JsonSchema) -> str:
    if "contentMediaType" in schema:
        return "Blob"
    return _FORMATS.get(str(schema.get("format")), "string")


def _about(schema: Json) -> Iterator[str]:
    """What a reader of the type wants to know beside it."""
    if not isinstance(schema, Mapping):
        return
    yield from paragraphs(schema.get("description"))
    if schema.get("default") is not None and "const" not in schema:
        yield f"@default {literal(schema['default'])}"
    if schema.get("deprecated") is True:
        yield "@deprecated"


def _union(members: Iterator[str]) -> str:
    return " | ".join(dict.fromkeys(members)) or "never"


def _list(item: str) -> str:
    return f"Array<{item}>" if " " in item else f"{item}[]"


def _grouped(text: str) -> str:
    return f"({text})" if _COMPOUND.search(text) else text
