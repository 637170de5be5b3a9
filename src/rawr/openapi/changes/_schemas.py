"""Two schemas compared, part by part."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

from rawr.openapi._schemas import NEVER, JsonSchema, is_any, is_never

from ._effects import Difference, Effect
from ._keywords import compare_keywords
from ._normal import Schemas
from ._variants import a_type, match_variants, variant_title

_Begun: TypeAlias = frozenset[tuple[str, str]]

_WIDER_TYPE: Final = {"integer": "number"}


class SchemaComparison:
    """Compares schemas of an old document with those of a new one."""

    def __init__(self, old: Schemas, new: Schemas) -> None:
        self.old = old
        self.new = new

    def compare(self, old: Any, new: Any) -> list[Difference]:
        """How which values are valid has changed; nothing if it has not."""
        return list(self._compare(old, new, frozenset()))

    def _compare(self, old: Any, new: Any, begun: _Begun) -> Iterator[Difference]:
        names = _names(old, new)
        if names is not None:
            if names in begun:
                return
            begun |= {names}
        before, after = self.old.variants(old), self.new.variants(new)
        if len(before) == len(after) == 1:
            yield from self._one(before[0], after[0], begun)
            return
        if _is_extreme(before) or _is_extreme(after):
            yield from _extremes(_only(before), _only(after))
            return
        pairs, gone, come = match_variants(before, after, (self.old, self.new))
        for one, other in pairs:
            yield from self._one(one, other, begun)
        for variant in gone:
            yield Difference(
                kind="variant-removed",
                effect=Effect.NARROWS,
                reason=f"{variant_title(variant, self.old)} is no longer one of its forms",
            )
        for variant in come:
            yield Difference(
                kind="variant-added",
                effect=Effect.WIDENS,
                reason=f"{variant_title(variant, self.new)} is a new form of it",
            )

    def _one(self, old: JsonSchema, new: JsonSchema, begun: _Begun) -> Iterator[Difference]:
        names = _names(old, new)
        if names is not None:
            begun |= {names}
        old, new = self.old.whole(old), self.new.whole(new)
        if is_never(old) or is_never(new) or is_any(old) or is_any(new):
            yield from _extremes(old, new)
            return
        typed = list(_types(old, new))
        yield from typed
        if any(difference.effect is Effect.REPLACES for difference in typed):
            return
        yield from compare_keywords(old, new, (self.old, self.new))
        yield from self._object(old, new, begun)
        yield from self._array(old, new, begun)

    def _object(self, old: JsonSchema, new: JsonSchema, begun: _Begun) -> Iterator[Difference]:
        before, after = _fields(old), _fields(new)
        rest = old.get("additionalProperties")
        for name in before:
            if name not in after:
                yield _at(name, _FIELD_REMOVED)
                continue
            for difference in self._compare(before[name], after[name], begun):
                yield _at(name, difference)
            yield from (_at(name, item) for item in _required(name, old, new))
        for name in after:
            if name in before:
                continue
            yield _at(name, _ADDED_REQUIRED if name in new.get("required", ()) else _ADDED_OPTIONAL)
            if isinstance(rest, dict) and rest:
                for difference in self._compare(rest, after[name], begun):
                    yield _at(name, difference)
        yield from self._rest(old, new, begun)

    def _rest(self, old: JsonSchema, new: JsonSchema, begun: _Begun) -> Iterator[Difference]:
        before, after = (item.get("additionalProperties", True) for item in (old, new))
        if before is False or after is False:
            if before is not False:
                effect = Effect.NARROWS if before is True else Effect.REPLACES
                yield Difference(
                    kind="closed", effect=effect, reason="other fields are not valid any more"
                )
            elif after is not False:
                yield Difference(kind="opened", effect=Effect.NEUTRAL, reason="other fields may be")
            return
        for difference in self._compare(before, after, begun):
            yield _at("*", difference)

    def _array(self, old: JsonSchema, new: JsonSchema, begun: _Begun) -> Iterator[Difference]:
        before, after = (item.get("prefixItems", []) for item in (old, new))
        if len(before) != len(after):
            yield Difference(
                kind="items",
                effect=Effect.REPLACES,
                reason=f"{len(after)} items have a place of their own, not {len(before)}",
            )
        else:
            for number, (one, other) in enumerate(zip(before, after, strict=True)):
                for difference in self._compare(one, other, begun):
                    yield _at(f"[{number}]", difference)
        for difference in self._compare(old.get("items", True), new.get("items", True), begun):
            yield _at("[]", difference)


_FIELD_REMOVED: Final = Difference(
    kind="field-removed", effect=Effect.REPLACES, reason="the field is gone"
)
_ADDED_REQUIRED: Final = Difference(
    kind="required-field-added", effect=Effect.NARROWS, reason="the field is new and required"
)
_ADDED_OPTIONAL: Final = Difference(
    kind="field-added", effect=Effect.NEUTRAL, reason="the field is new"
)


def _at(step: str, difference: Difference) -> Difference:
    rest = difference.path
    joint = "." if rest and not rest.startswith("[") else ""
    return replace(difference, path=f"{step}{joint}{rest}")


def _names(old: Any, new: Any) -> tuple[str, str] | None:
    """The references of both; a value that contains itself is reached through them."""
    if isinstance(old, dict) and isinstance(new, dict) and "$ref" in old and "$ref" in new:
        return old["$ref"], new["$ref"]
    return None


def _fields(schema: JsonSchema) -> dict[str, Any]:
    return {**dict.fromkeys(schema.get("required", ()), True), **schema.get("properties", {})}


def _required(name: str, old: JsonSchema, new: JsonSchema) -> Iterator[Difference]:
    was, is_now = (name in item.get("required", ()) for item in (old, new))
    if is_now and not was:
        yield Difference(
            kind="field-required", effect=Effect.NARROWS, reason="the field is required now"
        )
    elif was and not is_now:
        yield Difference(
            kind="field-optional", effect=Effect.WIDENS, reason="the field may be absent now"
        )


def _types(old: JsonSchema, new: JsonSchema) -> Iterator[Difference]:
    before, after = old.get("type"), new.get("type")
    if before == after:
        return
    if after is None or _WIDER_TYPE.get(str(before)) == after:
        effect = Effect.WIDENS
    elif before is None or _WIDER_TYPE.get(str(after)) == before:
        effect = Effect.NARROWS
    else:
        effect = Effect.REPLACES
    reason = f"it is {a_type(after)}, not {a_type(before)}"
    yield Difference(kind="type", effect=effect, reason=reason)


def _is_extreme(variants: list[JsonSchema]) -> bool:
    return not variants or any(map(is_any, variants))


def _only(variants: list[JsonSchema]) -> JsonSchema:
    """A union as a whole, as far as its extremes go: anything, nothing or something."""
    if not variants:
        return dict(NEVER)
    return {} if any(map(is_any, variants)) else variants[0]


def _extremes(old: JsonSchema, new: JsonSchema) -> Iterator[Difference]:
    if (is_never(old) and is_never(new)) or (is_any(old) and is_any(new)):
        return
    if is_any(old) or is_never(new):
        reason = "no value is valid" if is_never(new) else "not every value is valid any more"
        yield Difference(kind="any", effect=Effect.NARROWS, reason=reason)
    else:
        reason = "every value is valid" if is_any(new) else "there was no valid value before"
        yield Difference(kind="any", effect=Effect.WIDENS, reason=reason)
