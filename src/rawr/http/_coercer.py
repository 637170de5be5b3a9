"""Values turned into what a JSON Schema asks for, where nothing is lost by it.

The rules are those of `@orpc/json-schema`'s coercer. Each step says whether the schema is
satisfied as far as it looked: that is how a branch of `anyOf` is chosen, not validation.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from rawr.schema import UNDEFINED, Json, SchemaAdapter

from ._natives import NATIVES, SCALARS, Outcome, to_boolean, to_number

Schema: TypeAlias = Mapping[str, Any] | bool

MAX_STEPS: Final = 50_000
"""Schemas and values that would take more are left alone: branches of branches add up."""


class TooManyStepsError(Exception):
    """The value asks for more work than it is worth."""


class Coercer:
    """Coerces values by one JSON Schema."""

    __slots__ = ("_definitions", "_members", "_others", "_schema")

    def __init__(self, schema: Schema, definitions: Mapping[str, Schema] | None = None) -> None:
        self._schema = schema
        self._definitions = definitions or {}
        """Schemas by the `$ref` that leads to them; others are not followed."""
        self._members: dict[str, Callable[[Any], Any]] | None = None
        self._others: Callable[[Any], Any] = _as_it_is
        if not isinstance(schema, bool) and _tells_members_apart(schema):
            members: Mapping[str, Schema] = schema.get("properties", {})
            readers = {name: self._reader(member) for name, member in members.items()}
            self._others = self._reader(schema.get("additionalProperties", True))
            is_closed = self._others is _as_it_is
            self._members = {
                name: read
                for name, read in readers.items()
                if not (is_closed and read is _as_it_is)
            }

    @classmethod
    def of(cls, adapter: SchemaAdapter[Any]) -> "Coercer":
        """The coercer of an adapter's input."""
        schema = adapter.json_schema("input", ref_template="#/$defs/{model}")
        definitions: Any = schema.get("$defs", {})
        return cls(schema, {f"#/$defs/{name}": item for name, item in definitions.items()})

    def coerce(self, value: Json) -> Json:
        """The value as the schema asks for it; itself where that takes too much work."""
        try:
            return _Run(self._definitions).coerce(self._schema, value)[1]
        except (TooManyStepsError, RecursionError):
            return value

    def coerce_members(self, value: dict[str, Json], names: Collection[str]) -> dict[str, Json]:
        """An object with these members of it coerced, and the others as they are."""
        if self._members is None:
            whole = self.coerce(value)
            return {**value, **{name: whole[name] for name in names}}
        readers, others = self._members, self._others
        if others is not _as_it_is:
            return {**value, **{name: readers.get(name, others)(value[name]) for name in names}}
        read = {name: reads(value[name]) for name, reads in readers.items() if name in names}
        return {**value, **read} if read else value

    def _reader(self, schema: Schema) -> Callable[[Any], Any]:
        """How a member is read, without the steps that its schema does not ask for."""
        if isinstance(schema, bool):
            return _as_it_is
        kind = schema.get("type")
        if kind == "string" and schema.keys() <= _OF_SCALARS:
            return _as_it_is
        if schema.keys() <= _OF_SCALARS and isinstance(kind, str) and kind in SCALARS:
            return SCALARS[kind].read
        return Coercer(schema, self._definitions).coerce


class _Run:
    """One coercion, with what work it may still do."""

    __slots__ = ("_definitions", "_steps_left")

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._steps_left = MAX_STEPS

    def coerce(self, schema: Schema, value: Any) -> Outcome:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise TooManyStepsError
        if isinstance(schema, bool):
            return schema, value
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._best([{**schema, "type": one} for one in kind], value)
        satisfied, value = self._referred(schema, value)
        for step in (_choices, self._typed, _native, self._all, self._any, self._not):
            fits, value = step(schema, value)
            satisfied = satisfied and fits
        return satisfied, value

    def _referred(self, schema: Mapping[str, Any], value: Any) -> Outcome:
        reference = schema.get("$ref")
        target = self._definitions.get(reference) if isinstance(reference, str) else None
        return (True, value) if target is None else self.coerce(target, value)

    def _typed(self, schema: Mapping[str, Any], value: Any) -> Outcome:
        kind = schema.get("type", "")
        if kind == "array":
            return self._array(schema, value) if type(value) is list else (False, value)
        if kind == "object":
            return self._object(schema, value)
        scalar = SCALARS.get(kind)
        return (True, value) if scalar is None else scalar.outcome(value)

    def _array(self, schema: Mapping[str, Any], value: list[Any]) -> Outcome:
        items = schema.get("items")
        prefix = schema.get("prefixItems", items if isinstance(items, list) else [])
        rest = schema.get("additionalItems") if isinstance(items, list) else items
        satisfied = len(value) >= len(prefix)
        coerced = []
        for index, item in enumerate(value):
            inner = prefix[index] if index < len(prefix) else rest
            fits, new = (False, item) if inner is None else self.coerce(inner, item)
            satisfied = satisfied and fits
            coerced.append(new)
        return satisfied, _changed(value, coerced, zip(value, coerced, strict=True))

    def _object(self, schema: Mapping[str, Any], value: Any) -> Outcome:
        if type(value) is list:
            # What bracket notation leaves out of an array (`limits[7]=x`) is not there.
            given = ((index, item) for index, item in enumerate(value) if item is not UNDEFINED)
            value = {str(index): item for index, item in given}
        if type(value) is not dict:
            return False, value
        required = schema.get("required", ())
        satisfied = all(name in value for name in required)
        coerced = {}
        for name, item in value.items():
            inner = _property(schema, name)
            if item is UNDEFINED and name not in required:
                fits, new = True, item
            elif inner is None:
                fits, new = False, item
            else:
                fits, new = self.coerce(inner, item)
            satisfied = satisfied and fits
            coerced[name] = new
        pairs = zip(value.values(), coerced.values(), strict=True)
        return satisfied, _changed(value, coerced, pairs)

    def _all(self, schema: Mapping[str, Any], value: Any) -> Outcome:
        satisfied = True
        for inner in schema.get("allOf", ()):
            fits, value = self.coerce(inner, value)
            satisfied = satisfied and fits
        return satisfied, value

    def _any(self, schema: Mapping[str, Any], value: Any) -> Outcome:
        satisfied = True
        for key in ("anyOf", "oneOf"):
            if key in schema:
                satisfied, value = self._best(schema[key], value)
        return satisfied, value

    def _best(self, branches: Iterable[Schema], value: Any) -> Outcome:
        """The first branch satisfied by the value as it is, else the first satisfied."""
        best: Outcome | None = None
        for branch in branches:
            fits, coerced = self.coerce(branch, value)
            if fits and coerced is value:
                return True, value
            if fits and best is None:
                best = (True, coerced)
        return best or (False, value)

    def _not(self, schema: Mapping[str, Any], value: Any) -> Outcome:
        if "not" not in schema:
            return True, value
        return not self.coerce(schema["not"], value)[0], value


_OF_OBJECTS: Final = frozenset(
    {"$defs", "additionalProperties", "description", "properties", "required", "title", "type"}
)
_OF_SCALARS: Final = frozenset(
    {
        *("default", "deprecated", "description", "examples", "exclusiveMaximum"),
        *("exclusiveMinimum", "format", "maxLength", "maximum", "minLength", "minimum"),
        *("multipleOf", "pattern", "title", "type"),
    }
)
"""Keywords that say nothing more of how a scalar is read than its type does."""


def _tells_members_apart(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" and schema.keys() <= _OF_OBJECTS


def _as_it_is(value: Any) -> Any:
    return value


def _choices(schema: Mapping[str, Any], value: Any) -> Outcome:
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if choices is None or _includes(choices, value):
        return True, value
    for coerced in (to_number(value), to_boolean(value)):
        if coerced is not value and _includes(choices, coerced):
            return True, coerced
    return False, value


def _native(schema: Mapping[str, Any], value: Any) -> Outcome:
    native = NATIVES.get(schema.get("x-native-type", ""))
    return (True, value) if native is None else native.outcome(value)


def _changed(old: Any, new: Any, pairs: Iterable[tuple[Any, Any]]) -> Any:
    """The new container if anything in it is new, else the old one itself."""
    return new if any(before is not after for before, after in pairs) else old


def _includes(choices: Sequence[Any], value: Any) -> bool:
    """As JavaScript's `includes`: `true` is not 1, and no container equals another."""
    return any(
        choice == value and isinstance(choice, bool) == isinstance(value, bool)
        for choice in choices
        if not isinstance(choice, dict | list)
    )


def _property(schema: Mapping[str, Any], name: str) -> Schema | None:
    properties = schema.get("properties", {})
    if name in properties:
        found: Schema = properties[name]
        return found
    for pattern, inner in schema.get("patternProperties", {}).items():
        if _matches(pattern, name):
            matched: Schema = inner
            return matched
    rest: Schema | None = schema.get("additionalProperties")
    return rest


def _matches(pattern: str, name: str) -> bool:
    compiled = _compile(pattern)
    return compiled is not None and compiled.search(name) is not None


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None
