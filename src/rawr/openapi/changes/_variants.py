"""The members of two unions, and which of them belong together."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from rawr.openapi._schemas import JsonSchema

from ._normal import Schemas, same, values

Pair: TypeAlias = tuple[JsonSchema, JsonSchema]


def match_variants(
    old: Sequence[JsonSchema], new: Sequence[JsonSchema], schemas: tuple[Schemas, Schemas]
) -> tuple[list[Pair], list[JsonSchema], list[JsonSchema]]:
    """Pairs of variants, those that are gone and those that are new.

    Equal ones belong together, then those of one label; a last one of either side that has the
    type of the other has changed and was not replaced.
    """
    before, after = schemas
    pairs: list[Pair] = []
    gone, come = list(old), list(new)

    def pair(is_pair: Callable[[JsonSchema, JsonSchema], bool]) -> None:
        for one in list(gone):
            other = next((item for item in come if is_pair(one, item)), None)
            if other is not None:
                pairs.append((one, other))
                gone.remove(one)
                come.remove(other)

    pair(lambda one, other: same(one, other, schemas))
    pair(lambda one, other: _label(one, before) == _label(other, after))
    if len(gone) == len(come) == 1:
        pair(lambda one, other: _type(one, before) == _type(other, after))
    return pairs, gone, come


def variant_title(variant: JsonSchema, schemas: Schemas) -> str:
    """What a reader knows a variant by."""
    whole = schemas.whole(variant)
    named = whole.get("title") or variant.get("$ref", "").rpartition("/")[2]
    if named:
        return str(named)
    constants = [f"{name} {value!r}" for name, value in _constants(whole, schemas)]
    return "the form with " + ", ".join(constants) if constants else a_type(whole.get("type"))


def a_type(kind: Any) -> str:
    """A type in a sentence."""
    if kind is None:
        return "of any type"
    article = "an" if str(kind)[0] in "aeiou" else "a"
    return str(kind) if kind == "null" else f"{article} {kind}"


def _label(variant: JsonSchema, schemas: Schemas) -> tuple[Any, ...]:
    """What tells a variant from its siblings: constants, then its name, then its type."""
    whole = schemas.whole(variant)
    constants = sorted((name, repr(value)) for name, value in _constants(whole, schemas))
    if constants:
        return tuple(constants)
    return (variant.get("$ref", whole.get("title")), whole.get("type"), whole.get("format"))


def _constants(whole: JsonSchema, schemas: Schemas) -> Iterator[tuple[str, Any]]:
    for name, item in whole.get("properties", {}).items():
        listed = values(schemas.whole(item)) if isinstance(item, dict) else None
        if listed is not None and len(listed) == 1:
            yield name, listed[0]


def _type(variant: JsonSchema, schemas: Schemas) -> Any:
    return schemas.whole(variant).get("type")
