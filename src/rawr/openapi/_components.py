"""Shared schemas: one component for each distinct definition, under a stable name.

While a document is built, references carry the name and a digest of what they mean, because
two contracts may use one name for different things. `publish` gives out the final names.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from rawr.schema import REF_TEMPLATE, Json, SchemaAdapter, SchemaMode

from ._schemas import annotate

_PREFIX: Final = REF_TEMPLATE.removesuffix("{model}")
_NOT_A_KEY: Final = re.compile(r"[^A-Za-z0-9._-]")
_DIGEST_LENGTH: Final = 16

JsonSchema = dict[str, Any]


@dataclass(slots=True)
class _Variant:
    """One meaning of a name."""

    schema: JsonSchema
    modes: set[SchemaMode] = field(default_factory=set)


class Components:
    """Collects the definitions of many schemas and answers references among them."""

    def __init__(self) -> None:
        self._variants: dict[str, dict[str, _Variant]] = {}
        """By name, then by digest, in order of appearance."""
        self._added: dict[tuple[SchemaAdapter[Any], SchemaMode], JsonSchema] = {}

    def add(self, adapter: SchemaAdapter[Any], mode: SchemaMode) -> JsonSchema:
        """The schema of a type; a named object type is a reference to its component."""
        known = self._added.get((adapter, mode))
        if known is None:
            known = self._added[adapter, mode] = self._add(adapter, mode)
        return deepcopy(known)  # callers may extend what they get

    def _add(self, adapter: SchemaAdapter[Any], mode: SchemaMode) -> JsonSchema:
        root = annotate(adapter.json_schema(mode))
        definitions: dict[str, JsonSchema] = root.pop("$defs", {})
        name = _component_name(root)
        if name is not None and name not in definitions:
            definitions[name] = root
            root = {"$ref": _PREFIX + name}
        digests = {key: _digest(key, definitions) for key in definitions}
        for key, definition in definitions.items():
            variants = self._variants.setdefault(key, {})
            variant = variants.setdefault(
                digests[key], _Variant(_rewrite(definition, _mark(digests)))
            )
            variant.modes.add(mode)
        marked: JsonSchema = _rewrite(root, _mark(digests))
        return marked

    def define(self, name: str, schema: JsonSchema) -> JsonSchema:
        """Add a component of the generator's own; returns the reference to it."""
        digest = _digest(name, {name: schema})
        self._variants.setdefault(name, {}).setdefault(digest, _Variant(schema))
        return {"$ref": f"{_PREFIX}{name}@{digest}"}

    def resolve(self, schema: JsonSchema) -> JsonSchema:
        """What a reference stands for; anything else is returned as it is."""
        while (reference := schema.get("$ref")) is not None:
            name, _, digest = str(reference).removeprefix(_PREFIX).partition("@")
            schema = self._variants[name][digest].schema
        return schema

    def publish(self, document: Json) -> tuple[Json, dict[str, JsonSchema]]:
        """The document with final references, and the components it refers to, sorted by name."""
        used = self._used_by(document)
        names = dict(_final_names(used))

        def final(reference: str) -> str:
            return _PREFIX + names.get(reference, reference)  # overrides may name their own

        schemas = {
            names[f"{name}@{digest}"]: _rewrite(variant.schema, final)
            for name, variants in used.items()
            for digest, variant in variants.items()
        }
        return _rewrite(document, final), dict(sorted(schemas.items()))

    def _used_by(self, document: Json) -> dict[str, dict[str, _Variant]]:
        """The variants a document refers to, at any remove, in order of appearance."""
        reached: set[str] = set()
        pending = list(_references(document))
        while pending:
            reference = pending.pop()
            name, _, digest = reference.partition("@")
            variant = self._variants.get(name, {}).get(digest)
            if variant is not None and reference not in reached:
                reached.add(reference)
                pending.extend(_references(variant.schema))
        used = {
            name: {d: v for d, v in variants.items() if f"{name}@{d}" in reached}
            for name, variants in self._variants.items()
        }
        return {name: variants for name, variants in used.items() if variants}


def _final_names(used: Mapping[str, Mapping[str, _Variant]]) -> Iterator[tuple[str, str]]:
    """One name for each variant.

    A name with one meaning is kept. The input and the output form of one type are told apart
    as such; other meanings are numbered in order of appearance.
    """
    wanted = {_NOT_A_KEY.sub("_", name) for name in used}
    taken: set[str] = set()
    for name, variants in used.items():
        key = _NOT_A_KEY.sub("_", name)
        for digest, suffix in zip(variants, _suffixes(variants), strict=True):
            final = key + suffix
            while final in taken or (suffix and final in wanted):
                final += "_"
            taken.add(final)
            yield f"{name}@{digest}", final


def _suffixes(variants: Mapping[str, _Variant]) -> list[str]:
    modes = [variant.modes for variant in variants.values()]
    if modes in ([{"input"}, {"output"}], [{"output"}, {"input"}]):
        return ["".join(mode).capitalize() for mode in modes]
    return ["", *(str(number) for number in range(2, len(variants) + 1))]


def _component_name(root: JsonSchema) -> str | None:
    title = root.get("title")
    if isinstance(title, str) and root.get("type") == "object" and "properties" in root:
        return title
    return None


def _mark(digests: Mapping[str, str]) -> Any:
    def mark(name: str) -> str:
        return f"{_PREFIX}{name}@{digests[name]}"

    return mark


def _rewrite(node: Json, rename: Any) -> Json:
    """A copy with every reference renamed, those of discriminators too."""
    if isinstance(node, dict):
        return {
            key: rename(value.removeprefix(_PREFIX))
            if isinstance(value, str) and value.startswith(_PREFIX)
            else _rewrite(value, rename)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_rewrite(item, rename) for item in node]
    return node


def _digest(name: str, definitions: Mapping[str, JsonSchema]) -> str:
    """A digest of a definition and all it refers to; cycles are cut at names."""
    reached: dict[str, JsonSchema] = {}
    pending = [name]
    while pending:
        current = pending.pop()
        if current not in reached and current in definitions:
            reached[current] = definitions[current]
            pending.extend(_references(definitions[current]))
    content = msgspec.json.encode([name, reached], order="deterministic")
    return hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH]


def _references(node: Json) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            if isinstance(value, str) and value.startswith(_PREFIX):
                yield value.removeprefix(_PREFIX)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
