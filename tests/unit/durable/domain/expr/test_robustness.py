"""Whatever the text and the event, nothing but the language's own errors comes out."""

import contextlib

from hypothesis import given, settings, strategies as st

from rawr.durable.domain.expr import Expression, ExpressionError, compile_expression
from rawr.durable.domain.expr._regex import PatternError, compile_pattern

_TOKENS = """
    event async vars x .data .n .gone ['a'] [0] [x] ( ) [ ] { } , : ? . + - * / % ! == != < <= >
    >= && || in true false null 1 0 -1 1.5 .5 1e400 2u 9223372036854775807 0x1F 'a' "b" b'\\xff'
    r'\\d' '' size( .size() .contains( .matches( lowercase( int( uint( double( string( bool(
    bytes( type( dyn( date( now() now_plus( b64decode( json_parse( timestamp( duration( has(
    .all(x, .exists(x, .exists_one(x, .filter(x, .map(x, .getHours() //
"""
_OPERATORS = "== != < <= > >= + - * / % && || in"
_OPERANDS = """
    event.data event.n event.gone async.data.a event.data[0] event.data.n 1 'a' [1] {'a':1} null
    true 2.5 3u b'x' now() duration('1s') date(0)
"""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("anx", max_size=2), inner),
    max_leaves=8,
)


def outcome(expression: Expression, env: dict[str, object]) -> str:
    try:
        return repr(expression.evaluate(env))
    except ExpressionError as error:
        return type(error).__name__


def run(text: str, event: object) -> None:
    try:
        expression = compile_expression.__wrapped__(text, now_ms=lambda: 0)
    except ExpressionError:
        return
    trigger = {"data": event, "n": event}
    env: dict[str, object] = {"event": trigger, "async": {"data": event}}
    expression.index_keys(trigger)
    interpolated = compile_expression.__wrapped__(expression.interpolate(trigger), now_ms=lambda: 0)
    assert outcome(interpolated, env) == outcome(expression, env)


@settings(max_examples=800, deadline=None)
@given(st.lists(st.sampled_from(_TOKENS.split()), max_size=14).map(" ".join), json_values)
def test_texts_of_tokens(text: str, event: object) -> None:
    run(text, event)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), json_values)
def test_texts_of_anything(text: str, event: object) -> None:
    run(text, event)


binary = st.sampled_from(_OPERATORS.split())
paths = st.sampled_from(_OPERANDS.split())


@settings(max_examples=1_500, deadline=None)
@given(paths, binary, paths, json_values)
def test_every_operator_on_every_pair_of_types(
    left: str, operator: str, right: str, event: object
) -> None:
    run(f"{left} {operator} {right}", event)


@settings(max_examples=800, deadline=None)
@given(st.text("ab()[]{}*+?|^$\\.-,:=!<>?0123imsxPdwz", max_size=20), st.text("ab0", max_size=10))
def test_patterns_of_anything(pattern: str, text: str) -> None:
    with contextlib.suppress(PatternError):
        compile_pattern.__wrapped__(pattern).search(text, lambda _: None)
