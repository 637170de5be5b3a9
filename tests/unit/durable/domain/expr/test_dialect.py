"""The coercion tables of the dialect, as data."""

import pytest

from rawr.durable.domain.expr import ExpressionTypeError, compile_expression, to_text

ENV: dict[str, object] = {
    "event": {
        "name": "shop/order.paid",
        "ts": 1_795_353_514_817,
        "data": {
            "n": 9,
            "half": 0.5,
            "zero": 0,
            "text": "Abc",
            "empty": "",
            "yes": True,
            "no": False,
            "none": None,
            "list": [1, 2, "x", None],
            "map": {"a": 1, "b-c": {"d": 2}},
        },
    },
    "async": {"data": {"id": "u1"}},
}


def value_of(text: str) -> object:
    return compile_expression(text).evaluate(ENV)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.gone == null", True),
        ("null == event.data.gone", True),
        ("event.data.gone == 1", False),
        ("event.data.gone == ''", False),
        ("event.data.gone == false", False),
        ("event.data.gone != null", False),
        ("event.data.gone != 1", True),
        ("1 != event.data.gone", True),
        ("event.data.gone == async.data.gone", True),
        ("event.data.none == null", True),
        ("event.data.none == event.data.gone", True),
        ("event.data.none == 0", False),
        ("event.data.none != 0", True),
        ("event.data.none != null", False),
        ("null == null", True),
    ],
)
def test_null_and_missing_equal_each_other_only(text: str, expected: object) -> None:
    assert value_of(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.gone < 1", True),
        ("event.data.gone <= -1", True),
        ("event.data.gone < 'a'", True),
        ("event.data.gone > 1", False),
        ("event.data.gone >= -1", False),
        ("1 > event.data.gone", True),
        ("1 >= event.data.gone", True),
        ("1 < event.data.gone", False),
        ("-1 <= event.data.gone", False),
    ],
)
def test_missing_sorts_below_everything(text: str, expected: object) -> None:
    assert value_of(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.none < 1", True),
        ("event.data.none < -1", False),
        ("event.data.none >= 0", True),
        ("1 > event.data.none", True),
        ("event.data.none < 'a'", True),
        ("event.data.none >= ''", True),
        ("event.data.none < true", True),
        ("event.data.none <= null", True),
        ("null < b'a'", True),
        ("null < duration('1s')", True),
        ("null < timestamp('1970-01-02T00:00:00Z')", True),
        ("null < 1u", True),
    ],
)
def test_null_sorts_as_the_zero_of_the_other_type(text: str, expected: object) -> None:
    assert value_of(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size(event.data.gone)", 0),
        ("event.data.gone.size()", 0),
        ("size(event.data.none)", 0),
        ("event.data.gone.contains('a')", False),
        ("'abc'.contains(event.data.gone)", False),
        ("event.data.gone.matches('.*')", False),
        ("lowercase(event.data.gone)", False),
        ("int(event.data.gone)", False),
        ("string(null)", False),
        ("!event.data.gone", False),
        ("-event.data.gone", False),
        ("event.data.gone - 1", False),
        ("1 * event.data.gone", False),
        ("event.data.none % 2", False),
        ("event.data.gone in [1]", False),
        ("1 in event.data.gone", False),
        ("event.data.gone.exists(x, true)", False),
        ("event.data.gone.all(x, true)", False),
        ("event.data.gone.exists_one(x, true)", False),
        ("event.data.gone.map(x, x)", None),
        ("size(event.data.gone.filter(x, true))", 0),
    ],
)
def test_size_of_missing_is_zero_and_other_functions_are_false(text: str, expected: object) -> None:
    assert value_of(text) == expected
    assert type(value_of(text)) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.gone + 'a'", "a"),
        ("'a' + event.data.gone", "a"),
        ("event.data.gone + 1", 1),
        ("null + 'a'", "a"),
        ("event.data.none + event.data.gone", None),
        ("'a' + 'b'", "ab"),
        ("'a' + 1", "a1"),
        ("1 + 'a'", "1a"),
        ("'' + 9.1", "9.1"),
        ("'' + event.data.n", "9"),
        ("'' + event.data.half", "0.5"),
        ("'k' + true", "ktrue"),
        ("'' + [1, 'a', null, 2.5]", "[1 a <nil> 2.5]"),
        ("'' + {'b': 1, 'a': [true]}", "map[a:[true] b:1]"),
        ("'' + event.data.list", "[1 2 x <nil>]"),
        ("'' + 5u", "5"),
        ("'' + b'ab'", "[97 98]"),
        ("[1] + [2]", [1, 2]),
        ("event.data.list + [3]", [1, 2, "x", None, 3]),
        ("b'a' + b'b'", b"ab"),
    ],
)
def test_plus_drops_unknowns_and_joins_anything_to_a_string(text: str, expected: object) -> None:
    assert value_of(text) == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (100_000.0, "100000"),
        (123_456.75, "123456.75"),
        (1_000_000.0, "1e+06"),
        (1_234_567.0, "1.234567e+06"),
        (1_795_353_514_817.0, "1.795353514817e+12"),
        (1e21, "1e+21"),
        (1e100, "1e+100"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-2.5e-7, "-2.5e-07"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_doubles_are_written_as_go_writes_them(number: float, text: str) -> None:
    assert to_text(number) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.none && true", None),
        ("event.data.gone && true", None),
        ("'' && true", ""),
        ("0 && true", 0),
        ("0.0 && true", 0.0),
        ("0u && true", 0),
        ("0.0 / 0.0 && true", "NaN"),
        ("1 && 'x'", "x"),
        ("'a' && [] && {}", {}),
        ("true && false && 1", False),
        ("event.data.gone || 'x'", "x"),
        ("'' || 0 || false", False),
        ("'' || 'b' || 'c'", "b"),
        ("1 / 0 || 'x'", "x"),
        ("1 / 0 && true", False),
        ("true && 1 / 0", False),
        ("event.data.text ? 1 : 2", 1),
        ("event.data.empty ? 1 : 2", 2),
        ("event.data.gone ? 1 : 2", 2),
        ("event.data.zero ? 1 : 2", 2),
        ("1 / 0 > 1 ? 1 : 2", 2),
        ("[] ? 1 : 2", 1),
        ("true ? 1 / 1 : 1 / 0", 1),
        ("false ? 1 : true ? 2 : 3", 2),
    ],
)
def test_logic_uses_javascript_truthiness_and_returns_the_deciding_operand(
    text: str, expected: object
) -> None:
    value = value_of(text)
    assert (to_text(value) if expected == "NaN" else value) == expected
    assert expected == "NaN" or type(value) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.n == 9", True),
        ("event.data.n == 9.0", True),
        ("event.data.n == 9u", True),
        ("1 == 1.0", True),
        ("1u < 1.5", True),
        ("2 > 1.5", True),
        ("1 == true", False),
        ("1 == '1'", False),
        ("'a' == b'a'", False),
        ("[1, 2.0] == [1.0, 2]", True),
        ("[1] == [1, 2]", False),
        ("{'a': 1} == {'a': 1.0}", True),
        ("{'a': 1} == {'b': 1}", False),
        ("{'a': null} == {'b': null}", False),
        ("event.data.map.a == 1", True),
        ("event.data.n / 2", 4.5),
        ("9 / 2", 4),
        ("size([2u + 3u, 7u % 4u]) == 2 && 2u + 3u == 5u", True),
        ("1 + 2.5", 3.5),
        ("event.data.n + 1", 10.0),
        ("event.data.n % 2", 1),
        ("event.ts > 1795353514816", True),
        ("0.0 / 0.0 == 0.0 / 0.0", False),
    ],
)
def test_numbers_mix_and_json_numbers_are_doubles(text: str, expected: object) -> None:
    assert value_of(text) == expected
    assert type(value_of(text)) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775807 + 1",
        "-9223372036854775808 - 1",
        "4611686018427387904 * 2",
        "-(-9223372036854775808)",
        "-9223372036854775808 / -1",
        "18446744073709551615u + 1u",
        "0u - 1u",
        "int(1e30)",
        "uint(-1)",
    ],
)
def test_integers_do_not_leave_64_bits(text: str) -> None:
    with pytest.raises(ExpressionTypeError, match="overflow"):
        value_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "1 % 0",
        "1 - 'a'",
        "1u + 1",
        "true + true",
        "'a' < 1",
        "[1] < [2]",
        "true < 1",
        "-'a'",
        "!1",
        "!'a'",
        "1 in 'abc'",
        "1.5 % 2",
        "'abc'.contains(1)",
        "size(1)",
        "1.all(x, x)",
        "[1].map(x, x - 'a')",
        "{[1]: 2}",
        "duration('1h') < 1",
        "timestamp('2020-01-01T00:00:00Z') + timestamp('2020-01-01T00:00:00Z')",
    ],
)
def test_other_combinations_are_type_errors_with_a_position(text: str) -> None:
    with pytest.raises(ExpressionTypeError) as caught:
        value_of(text)
    assert caught.value.position is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.data.map['b-c'].d", 2.0),
        ("event['data']['n']", 9.0),
        ("event.data.list[0]", 1.0),
        ("event.data.list[event.data.zero]", 1.0),
        ("event.data.list[99]", None),
        ("event.data.list[-1]", None),
        ("event.data.list[0.5]", None),
        ("event.data.list['a']", None),
        ("event.data.text.deeper.still", None),
        ("event.data.gone.deeper", None),
        ("{'a': 1}['a']", 1),
        ("{1: 'x'}[1.0]", "x"),
        ("{true: 'x'}[1]", None),
        ("{1: 'x'}[true]", None),
        ("{'a': 1}.b", None),
        ("[1, 2][1]", 2),
        ("vars.anything", None),
        ("has(event.data.n)", True),
        ("has(event.data.none)", True),
        ("has(event.data.gone)", False),
        ("has(event.gone.deeper)", False),
        ("'a' in event.data.map", True),
        ("'z' in event.data.map", False),
        ("1 in event.data.list", True),
        ("null in event.data.list", True),
        ("true in event.data.list", False),
        ("1 in {1: 2}", True),
        ("{'a': 1}[null]", None),
        ("{'a': 1}[[1]]", None),
    ],
)
def test_selection_and_membership(text: str, expected: object) -> None:
    assert value_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3].all(x, x > 0)", True),
        ("[1, 2, 3].all(x, x > 1)", False),
        ("[1, 2].exists(x, x == 2)", True),
        ("[1, 2, 2].exists_one(x, x == 2)", False),
        ("[1, 2, 3].filter(x, x > 1)", [2, 3]),
        ("[1, 2, 3].map(x, x * 2)", [2, 4, 6]),
        ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
        ("{'a': 1, 'b': 2}.map(k, k)", ["a", "b"]),
        ("event.data.map.exists(k, k == 'a')", True),
        ("event.data.list.filter(x, x == 1)", [1.0]),
        ("['a', 1].exists(x, x < 1 || x == 1)", True),
        ("[[1], [2, 3]].map(xs, xs.map(x, x + 1))", [[2], [3, 4]]),
        ("[1].map(event, event + 1)", [2]),
        ("[1].map(x, [2].map(x, x)) + [event.data.n]", [[2], 9.0]),
        ("['a', 1].exists(x, x - 1 == 0)", True),
        ("['a', 1].filter(x, x - 1 == 0)", [1]),
        ("[event.data.gone].map(x, x)", [None]),
    ],
)
def test_comprehensions(text: str, expected: object) -> None:
    assert value_of(text) == expected


def test_a_condition_must_be_true_or_false() -> None:
    assert compile_expression("event.data.n > 1").matches(ENV) is True
    with pytest.raises(ExpressionTypeError, match="must be true or false, but is of type string"):
        compile_expression("event.data.text").matches(ENV)
    with pytest.raises(ExpressionTypeError, match="null_type"):
        compile_expression("event.data.gone").matches(ENV)


def test_the_environment_is_not_changed() -> None:
    before = repr(ENV)
    value_of("[1, 2].map(event, event) + event.data.list")
    assert repr(ENV) == before
