"""Named schemas: one declaration for each distinct one, under a stable name.

While schemas are collected, a type refers to others by base name and digest, because two
contracts may use one name for different things. `Declarations.finish` gives out the names.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rawr.contract import EventIteratorSchema
from rawr.schema import EmittedSchema, SchemaAdapter, SchemaMode

from ._names import Names
from ._text import pascal
from ._types import MARK, JsonSchema, TypeWriter

_REFERENCE: Final = re.compile(f"{MARK}([^{MARK}]*){MARK}")
_SELF: Final = "\x01"
"""Stands for a declaration's own name until it has one."""


@dataclass(slots=True)
class _Variant:
    """One meaning of a name."""

    text: str
    modes: set[SchemaMode] = field(default_factory=set)


class Declarations:
    """Collects the named types of many schemas."""

    def __init__(self, writer: TypeWriter, names: Names) -> None:
        self._writer = writer
        self._names = names
        self._variants: dict[str, dict[str, _Variant]] = {}
        """By base name, then by digest, in order of appearance."""
        self._final: dict[str, str] = {}

    def use(self, adapter: SchemaAdapter[Any], mode: SchemaMode) -> str:
        """The type of an adapter's values; `resolve` it after `finish`."""
        if isinstance(adapter, EventIteratorSchema):
            kinds = (adapter.item, adapter.returns)
            types = (self.use(kind, mode) for kind in kinds if kind is not None)
            return f"AsyncIteratorObject<{', '.join(types)}>"
        root = dict(_describe(adapter, mode))
        definitions: dict[str, JsonSchema] = dict(root.pop("$defs", {}))
        expression = self._writer.write(root)
        name = _name_of_root(root)
        if name is not None and name not in definitions:
            definitions[name] = root
            expression = f"{MARK}{name}{MARK}"
        texts = {
            name: self._writer.declaration(_SELF, schema) for name, schema in definitions.items()
        }
        marks = {name: f"{_base(name, definitions[name])}@{_digest(name, texts)}" for name in texts}
        for name, text in texts.items():
            base, _, digest = marks[name].rpartition("@")
            variants = self._variants.setdefault(base, {})
            variants.setdefault(digest, _Variant(_remark(text, marks))).modes.add(mode)
        return _remark(expression, marks)

    def finish(self) -> None:
        """Give every declaration its name."""
        for base in sorted(self._variants):
            variants = self._variants[base]
            for digest, wanted in _wanted_names(base, variants):
                self._final[f"{base}@{digest}"] = self._names.take(wanted)

    def resolve(self, text: str) -> str:
        """A text with the final names in it."""
        return _REFERENCE.sub(lambda found: self._final[found[1]], text)

    def declarations(self) -> Iterator[str]:
        """Every declaration, sorted by name."""
        written = {
            self._final[f"{base}@{digest}"]: variant.text
            for base, variants in self._variants.items()
            for digest, variant in variants.items()
        }
        for name in sorted(written):
            yield self.resolve(written[name].replace(_SELF, name))


def _describe(adapter: SchemaAdapter[Any], mode: SchemaMode) -> Mapping[str, Any]:
    if mode == "output" and isinstance(adapter, EmittedSchema):
        return adapter.emitted_json_schema()
    return adapter.json_schema(mode)


def _name_of_root(root: JsonSchema) -> str | None:
    title = root.get("title")
    is_named = root.get("type") == "object" and "properties" in root
    return title if is_named and isinstance(title, str) else None


def _base(key: str, schema: JsonSchema) -> str:
    title = schema.get("title")
    return pascal(title if isinstance(title, str) else key)


def _wanted_names(base: str, variants: Mapping[str, _Variant]) -> Iterator[tuple[str, str]]:
    """What comes out has the plain name; a form only taken in that differs is an input."""
    coming_out = [digest for digest, one in variants.items() if "output" in one.modes]
    for digest in coming_out:
        yield digest, base
    for digest in variants:
        if digest not in coming_out:
            yield digest, f"{base}Input" if coming_out else base


def _remark(text: str, marks: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda found: f"{MARK}{marks[found[1]]}{MARK}", text)


def _digest(name: str, texts: Mapping[str, str]) -> str:
    """A digest of a declaration and all it refers to, whatever these are called here."""
    reached = [name]
    for current in reached:  # grows while it is read
        found = dict.fromkeys(_REFERENCE.findall(texts[current]))
        reached.extend(one for one in found if one not in reached)
    places = {one: f"{MARK}{place}{MARK}" for place, one in enumerate(reached)}
    content = (_REFERENCE.sub(lambda found: places[found[1]], texts[one]) for one in reached)
    return hashlib.sha256("\x02".join(content).encode()).hexdigest()[:16]
