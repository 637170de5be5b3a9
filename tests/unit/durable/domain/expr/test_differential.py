"""Against an independent CEL: the standard subset, where no value is missing."""

import math
from collections.abc import Callable

import cel
from hypothesis import given, settings, strategies as st
from hypothesis.strategies import SearchStrategy

from rawr.durable.domain.expr import ExpressionTypeError, compile_expression

ENV: dict[str, object] = {
    "event": {
        "data": {
            "f": 2.5,
            "g": -0.25,
            "s": "abc",
            "t": "b",
            "yes": True,
            "l": ["a", "b"],
            "m": {"k": "v"},
        }
    }
}

integers = st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9)
doubles = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
# Its size() counts bytes where the language counts characters, so ASCII only.
letters = st.text("ab c'\"\\\n", max_size=4)


def quoted(value: str) -> str:
    for letter, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        value = value.replace(letter, escape)
    return f'"{value}"'


def of(*parts: SearchStrategy[str], form: str) -> SearchStrategy[str]:
    return st.tuples(*parts).map(lambda filled: form.format(*filled))


Strategies = dict[str, SearchStrategy[str]]

LEAVES: Strategies = {
    "int": integers.map(str),
    "double": doubles.map(repr) | st.sampled_from(["event.data.f", "event.data.g"]),
    "string": letters.map(quoted)
    | st.sampled_from(["event.data.s", "event.data.t", "event.data.m.k"]),
    "bool": st.sampled_from(["true", "false", "event.data.yes"]),
    "strings": st.lists(letters.map(quoted), max_size=3).map(lambda items: f"[{', '.join(items)}]")
    | st.just("event.data.l"),
}


def grown(inner: Strategies) -> Strategies:
    number = {"int": st.sampled_from(["+", "-", "*", "/", "%"]), "double": st.sampled_from("+-*/")}
    relation = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    ordered = st.sampled_from(["int", "double", "string"])
    compared = ordered.flatmap(
        lambda kind: of(inner[kind], relation, inner[kind], form="({} {} {})")
    )
    crossed = of(inner["int"], relation, inner["double"], form="({} {} {})")
    logic = of(inner["bool"], st.sampled_from(["&&", "||"]), inner["bool"], form="({} {} {})")
    methods = st.sampled_from(["contains", "startsWith", "endsWith"])
    return {
        **{
            kind: inner[kind]
            | of(inner[kind], operators, inner[kind], form="({} {} {})")
            | of(inner["bool"], inner[kind], inner[kind], form="({} ? {} : {})")
            for kind, operators in number.items()
        },
        "int": inner["int"]
        | of(inner["int"], number["int"], inner["int"], form="({} {} {})")
        | of(inner["string"], form="size({})")
        | of(inner["strings"], form="{}.size()"),
        "string": inner["string"]
        | of(inner["string"], inner["string"], form="({} + {})")
        | of(inner["strings"], form="({} + ['z'])[0]"),
        "bool": inner["bool"]
        | compared
        | crossed
        | logic
        | of(inner["bool"], form="!({})")
        | of(inner["string"], inner["strings"], form="({} in {})")
        | of(inner["string"], methods, inner["string"], form="{}.{}({})")
        | of(inner["strings"], inner["string"], form="{}.exists(x, x == {})")
        | of(inner["strings"], inner["string"], form="{}.all(x, x.contains({}))")
        | of(inner["strings"], inner["string"], form="{}.exists_one(x, x < {})")
        | of(inner["strings"], inner["strings"], form="({} == {})"),
        "strings": inner["strings"]
        | of(inner["strings"], inner["strings"], form="({} + {})")
        | of(inner["strings"], inner["string"], form="{}.filter(x, x != {})")
        | of(inner["strings"], inner["string"], form="{}.map(x, x + {})"),
    }


expressions = st.one_of(*grown(grown(LEAVES)).values())


def outcome(evaluate: Callable[[], object], *errors: type[Exception]) -> object:
    try:
        value = evaluate()
    except errors:
        return "an error"
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return (type(value).__name__, value)


@settings(max_examples=1_000, deadline=None)
@given(expressions)
def test_agrees_with_an_independent_implementation(text: str) -> None:
    theirs = outcome(
        lambda: cel.evaluate(text, ENV),
        ValueError, TypeError, ArithmeticError, LookupError, RuntimeError,
    )  # fmt: skip
    ours = outcome(lambda: compile_expression(text).evaluate(ENV), ExpressionTypeError)
    # An error is falsy in the dialect, so where they fail a logical operator may decide for us.
    assert theirs in (ours, "an error"), text
