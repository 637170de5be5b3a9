import pytest
from hypothesis import given, strategies as st

from rawr.durable.domain.expr import (
    Constant,
    Equality,
    ExpressionSyntaxError,
    Policy,
    compile_expression,
    path_token,
)

USER = ("async", "data", "userId")
EVENT = {
    "data": {
        "userId": "u1",
        "n": 20,
        "f": 0.5,
        "neg": -3,
        "yes": True,
        "none": None,
        "quote": 'a"b\\\n',
        "list": [1],
        "long": "x" * 2_000,
        "lone": "\ud800",
        "inf": float("inf"),
    }
}


def test_paths_are_the_longest_constant_ones() -> None:
    text = "event.data.a.b == async.data['c-d'] && event.data.l[0].x > 1 && size(event.name) > 0"
    assert compile_expression(text).paths == {
        ("event", "data", "a", "b"),
        ("async", "data", "c-d"),
        ("event", "data", "l"),
        ("event", "name"),
    }


def test_paths_see_through_computed_keys_and_skip_bound_variables() -> None:
    text = "event.data[async.data.key].exists(event, event.x == async.y) && has(event.user.id)"
    assert compile_expression(text).paths == {
        ("event", "data"),
        ("async", "data", "key"),
        ("async", "y"),
        ("event", "user"),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.userId == async.data.userId", [(USER, ("event", "data", "userId"))]),
        ("async.data.userId == event.data.userId", [(USER, ("event", "data", "userId"))]),
        ("async.data.userId == 'u1'", [(USER, Constant(value="u1"))]),
        ("'u1' == async.data.userId", [(USER, Constant(value="u1"))]),
        ("event.data.plan == 'pro'", [(("event", "data", "plan"), Constant(value="pro"))]),
        (
            "async.data.userId == 'u1' && async.data.n > 1 && (event.id == async.id && true)",
            [(USER, Constant(value="u1")), (("async", "id"), ("event", "id"))],
        ),
        ("async.data.userId == null", [(USER, Constant(value=None))]),
        ("async.data.userId == 'u1' || true", []),
        ("!(async.data.userId == 'u1')", []),
        ("async.data.userId != 'u1'", []),
        ("event.a.b == event.c.d", []),
        ("async.a.b == async.c.d", []),
        ("async == event", []),
        ("lowercase(async.data.userId) == 'u1'", []),
        ("1 == 1", []),
    ],
)
def test_equalities_are_those_that_must_hold(text: str, expected: list[object]) -> None:
    found = compile_expression(text).equalities
    assert [(equality.path, equality.other) for equality in found] == expected
    assert all(isinstance(equality, Equality) for equality in found)


def test_index_keys_hold_the_values_of_the_trigger_event() -> None:
    expression = compile_expression(
        "async.data.userId == event.data.userId && async.data.n == event.data.n "
        "&& async.data.l == event.data.list && async.data.k == 7 && event.data.yes == true"
    )
    assert expression.index_keys(EVENT) == (
        (USER, "s:u1"),
        (("async", "data", "n"), "n:20"),
        (("async", "data", "k"), "n:7"),
    )


@pytest.mark.parametrize("later", [{"data": {"userId": None}}, {"data": {}}, {}])
def test_null_and_missing_share_a_token(later: dict[str, object]) -> None:
    assert path_token(USER, {"async": later}) == "null"


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_infinity=False)
    | st.text(max_size=3)
)


@given(scalars, scalars)
def test_a_differing_token_means_no_match(one: object, other: object) -> None:
    env = {"event": {"v": {"x": one}}, "async": {"v": {"x": other}}}
    expression = compile_expression("event.v.x == async.v.x")
    keys = expression.index_keys(env["event"])
    same = bool(keys) and all(path_token(path, env) == token for path, token in keys)
    assert expression.matches(env) is same


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.userId == async.data.userId", '"u1" == async.data.userId'),
        ("async.data.n > event.data.n", "async.data.n > 20.0"),
        ("async.data.n>-event.data.neg", "async.data.n>--3.0"),
        ("event.data['userId'] == async.x", '"u1" == async.x'),
        ("(event).data.userId == async.x", '"u1" == async.x'),
        ("event.data.none == async.x", "null == async.x"),
        ("event.data.yes && async.x == event.data.f", "true && async.x == 0.5"),
        ("event.data.quote == async.x", '"a\\"b\\\\\\n" == async.x'),
        ("event.data.userId.size() > 1", '"u1".size() > 1'),
        ("event.data.gone == async.x", "event.data.gone == async.x"),
        ("event.data.list == async.x", "event.data.list == async.x"),
        ("event.data.long == async.x", "event.data.long == async.x"),
        ("event.data.lone == async.x", "event.data.lone == async.x"),
        ("event.data.inf == async.x", "event.data.inf == async.x"),
        ("[1].exists(event, event.data.userId == 1)", "[1].exists(event, event.data.userId == 1)"),
        ("async.data.userId == 'event.data.userId'", "async.data.userId == 'event.data.userId'"),
    ],
)
def test_interpolation_writes_scalars_in(text: str, expected: str) -> None:
    assert compile_expression(text).interpolate(EVENT) == expected


@pytest.mark.parametrize(
    "text",
    [
        "event.data.userId == async.data.userId && event.data.n / 2 > async.data.n",
        "async.data.n < -event.data.neg || event.data.gone < async.data.n",
        "event.data.quote == async.data.quote",
    ],
)
def test_interpolation_keeps_the_meaning(text: str) -> None:
    expression = compile_expression(text)
    for data in ({"userId": "u1", "n": 1}, {"n": 50}, {"quote": 'a"b\\\n', "n": 3}):
        env: dict[str, object] = {"event": EVENT, "async": {"data": data}}
        assert compile_expression(expression.interpolate(EVENT)).matches(env) is expression.matches(
            env
        )


def test_interpolation_gives_up_where_the_text_would_grow_too_long() -> None:
    text = " && ".join(["event.data.t != async.x"] * 600)
    expression = compile_expression(text)
    assert expression.interpolate({"data": {"t": "x" * 900}}) == text


@pytest.mark.parametrize(
    "text",
    [
        "async.data.id == event.data.id",
        "async.data.n >= 1 && !(async.data.x in ['a', 'b']) || event.data.flag",
        "int(async.data.n) == 1 ? true : false",
        "async.data['a'][0] == uint(1) && double(async.data.d) < 2.0",
        "async.data.kind in [event.data.kind] && async.data.m == {'k': -1}",
    ],
)
def test_the_restrictive_policy_allows_comparisons_logic_and_conversions(text: str) -> None:
    assert compile_expression(text, policy=Policy.RESTRICTIVE).text == text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("event.data.l.exists(x, x == 1)", "exists"),
        ("has(async.data.id)", "has"),
        ("async.data.id.contains('a')", "contains"),
        ("async.data.id == lowercase(event.data.id)", "lowercase"),
        ("async.data.n + 1 == 2", r"\+"),
        ("[size(async.data.id)] == [1]", "size"),
    ],
)
def test_the_restrictive_policy_refuses_the_rest(text: str, named: str) -> None:
    with pytest.raises(ExpressionSyntaxError, match=f"{named}.* is not allowed here"):
        compile_expression(text, policy=Policy.RESTRICTIVE)
