"""No change that can break a caller is called harmless: judged by a JSON Schema validator.

Callers send what the old schema shows, and read from answers only what it shows. So an input
that the new schema refuses, or an output that the old one does not cover, must be told.
"""

from typing import Any

from hypothesis import assume, given, settings, strategies as st
from jsonschema import Draft202012Validator

from rawr.openapi.changes._effects import Difference, Direction, Effect
from rawr.openapi.changes._normal import Schemas
from rawr.openapi.changes._schemas import SchemaComparison

JsonSchema = dict[str, Any]
FIELDS = ("a", "b")


def limited(kind: str, low: str, high: str) -> st.SearchStrategy[JsonSchema]:
    bound = st.none() | st.integers(0, 3)
    return st.builds(
        lambda least, most: {
            "type": kind,
            **({} if least is None else {low: least}),
            **({} if most is None else {high: most + 2}),
        },
        bound,
        bound,
    )


LEAVES = st.one_of(
    limited("string", "minLength", "maxLength"),
    limited("integer", "minimum", "exclusiveMaximum"),
    limited("number", "exclusiveMinimum", "maximum"),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({}),
    st.sampled_from([[1, 2], ["x", "y"], ["x"], ["x", "y", "z"], [True]]).map(
        lambda listed: {"enum": listed}
    ),
    st.sampled_from([1, "x", True]).map(lambda value: {"const": value}),
    st.sampled_from([["string", "null"], ["integer", "string"]]).map(lambda kinds: {"type": kinds}),
)


def objects(inner: st.SearchStrategy[JsonSchema]) -> st.SearchStrategy[JsonSchema]:
    return st.builds(
        lambda properties, required, closed: {
            "type": "object",
            "properties": properties,
            "required": sorted(required & properties.keys()),
            **({"additionalProperties": False} if closed else {}),
        },
        st.dictionaries(st.sampled_from(FIELDS), inner, max_size=2),
        st.sets(st.sampled_from(FIELDS)),
        st.booleans(),
    )


def compound(inner: st.SearchStrategy[JsonSchema]) -> st.SearchStrategy[JsonSchema]:
    return st.one_of(
        objects(inner),
        st.builds(
            lambda items, most: {"type": "array", "items": items, "maxItems": most},
            inner,
            st.integers(0, 2),
        ),
        inner.map(lambda values: {"type": "object", "additionalProperties": values}),
        st.lists(inner, min_size=1, max_size=3).map(lambda members: {"anyOf": members}),
        st.tuples(inner, inner).map(lambda pair: {"allOf": list(pair)}),
    )


SCHEMAS = st.recursive(LEAVES, compound, max_leaves=6)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 7),
    st.sampled_from([0.5, 2.5]),
    st.sampled_from(["", "x", "y", "z", "xyz", "xxxxxxx"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*FIELDS, "c")), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def shown_values(draw: st.DrawFn, schema: JsonSchema) -> Any:
    """Values of what a schema shows: no fields but its own."""
    if "anyOf" in schema:
        return draw(shown_values(draw(st.sampled_from(schema["anyOf"]))))
    if "allOf" in schema:
        return draw(shown_values(schema["allOf"][0]))
    if schema.get("type") == "array":
        return draw(st.lists(shown_values(schema["items"]), max_size=schema["maxItems"]))
    if "properties" in schema:
        return {
            name: draw(shown_values(item))
            for name, item in schema["properties"].items()
            if name in schema["required"] or draw(st.booleans())
        }
    if schema.get("type") == "object":
        return draw(st.dictionaries(st.just("c"), shown_values(schema["additionalProperties"])))
    return draw(SCALARS if schema else VALUES)


def is_valid(value: Any, schema: JsonSchema) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))


def compared(old: JsonSchema, new: JsonSchema) -> list[Difference]:
    return SchemaComparison(Schemas({}), Schemas({})).compare(old, new)


def breaks(direction: Direction, differences: list[Difference]) -> bool:
    return any(direction.is_broken_by(difference.effect) for difference in differences)


def opened(schema: Any) -> Any:
    """The schema for a reader who passes over fields it does not know."""
    if isinstance(schema, list):
        return [opened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: opened(value)
        for key, value in schema.items()
        if not (key == "additionalProperties" and value is False)
    }


@st.composite
def edited(draw: st.DrawFn, schema: JsonSchema) -> JsonSchema:
    """A schema near to another one: one part is replaced, or nothing is."""
    keys = sorted(schema)
    if not keys or draw(st.integers(0, 3)) == 0:
        return draw(SCHEMAS)
    key = draw(st.sampled_from(keys))
    value = schema[key]
    if key == "properties" and value:
        name = draw(st.sampled_from(sorted(value)))
        return {**schema, key: {**value, name: draw(edited(value[name]))}}
    if key in ("anyOf", "allOf"):
        at = draw(st.integers(0, len(value) - 1))
        return {**schema, key: [*value[:at], draw(edited(value[at])), *value[at + 1 :]]}
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return {**schema, key: draw(edited(value))}
    if isinstance(value, int) and not isinstance(value, bool):
        return {**schema, key: max(0, value + draw(st.integers(-1, 1)))}
    return draw(SCHEMAS)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[JsonSchema, JsonSchema]:
    old = draw(SCHEMAS)
    return old, draw(st.one_of(edited(old), SCHEMAS))


@given(schema=SCHEMAS)
def test_nothing_changes_between_equal_schemas(schema: JsonSchema) -> None:
    assert compared(schema, dict(schema)) == []


@settings(max_examples=400)
@given(data=st.data(), pair=pairs())
def test_an_input_that_is_refused_now_was_told(
    data: st.DataObject, pair: tuple[JsonSchema, JsonSchema]
) -> None:
    old, new = pair
    value = data.draw(shown_values(old))
    if is_valid(value, old) and not is_valid(value, new):
        assert breaks(Direction.INPUT, compared(old, new))


@settings(max_examples=400)
@given(data=st.data(), pair=pairs())
def test_an_output_that_was_not_announced_was_told(
    data: st.DataObject, pair: tuple[JsonSchema, JsonSchema]
) -> None:
    old, new = pair
    value = data.draw(shown_values(new))
    if is_valid(value, new) and not is_valid(value, opened(old)):
        assert breaks(Direction.OUTPUT, compared(old, new))


@given(pair=pairs())
def test_the_way_back_does_the_opposite(pair: tuple[JsonSchema, JsonSchema]) -> None:
    old, new = pair
    there, back = (
        {difference.effect for difference in compared(*both)} for both in ((old, new), (new, old))
    )
    assume(Effect.REPLACES not in there | back and Effect.NEUTRAL not in there | back)
    assert (Effect.NARROWS in there) == (Effect.WIDENS in back)
    assert (Effect.WIDENS in there) == (Effect.NARROWS in back)
