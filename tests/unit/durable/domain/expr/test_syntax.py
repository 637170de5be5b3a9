import pytest

from rawr.durable.domain.expr import (
    ExpressionError,
    ExpressionLimitError,
    ExpressionSyntaxError,
    compile_expression,
)


def value_of(text: str) -> object:
    return compile_expression(text).evaluate({"event": {"data": {"n": 1}}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("-5 / 2", -2),
        ("-5 % 2", -1),
        ("--5", 5),
        ("!!true", True),
        ("1 - -1", 2),
        ("-(1)", -1),
        ("-1.5", -1.5),
        ("true || false && false", True),
        ("1 < 2 == true", True),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5u", 5),
        ("-9223372036854775808", -(2**63)),
        ("'it\\'s'", "it's"),
        ('"a\\n\\t\\x41\\101\\u00e9\\U0001F600\\?"', "a\n\tAA\u00e9\U0001f600?"),
        (r"r'\n'", r"\n"),
        (r'R"""a"\b"""', 'a"\\b'),
        ("'''a\n'b'''", "a\n'b"),
        ("b'a\\xff\\377\\u00e9'", b"a\xff\xff\xc3\xa9"),
        ("b'plain'", b"plain"),
        (r"br'\x'", rb"\x"),
        ("[1, 2,]", [1, 2]),
        ("{'a': 1,}", {"a": 1}),
        ("[]", []),
        ("true // trailing comment", True),
        ("// leading\n true", True),
        ("1 + // middle\n 2", 3),
        ("'// no comment'", "// no comment"),
        ("event.data.while", None),
        ("event\n  .data\n  .n", 1.0),
        ("(event).data.n", 1.0),
    ],
)
def test_reads_cel(text: str, expected: object) -> None:
    assert value_of(text) == expected


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("   ", 3),
        ("1 +", 3),
        ("(1", 2),
        ("1)", 1),
        ("[1", 2),
        ("[,]", 1),
        ("{'a'}", 4),
        ("{'a': 1", 7),
        ("size(1,)", 7),
        ("1 2", 2),
        ("a ? b", 5),
        ("event.", 6),
        ("event.in", 6),
        ("event.1", 5),
        ("in", 0),
        ("while", 0),
        ("1 & 2", 2),
        ("event.data.n = 1", 13),
        ("'open", 0),
        ("r'open", 0),
        ("'new\nline'", 0),
        ("'\\q'", 0),
        ("'\\ud800'", 0),
        ("'\\U00110000'", 0),
        ("9223372036854775808", 0),
        ("-9223372036854775809", 1),
        ("18446744073709551616u", 0),
        ("!-1", 1),
        ("5.", 2),
        ("#", 0),
        ("foo", 0),
        ("1 == foo.bar", 5),
        ("lower('a')", 0),
        ("'a'.lowercase()", 4),
        ("contains('a', 'b')", 0),
        ("size()", 0),
        ("size(1, 2)", 0),
        ("now(1)", 0),
        ("has(event)", 0),
        ("has(1, 2)", 0),
        ("[1].all(x)", 4),
        ("[1].all(1, true)", 4),
        ("[1].map(x, y)", 11),
        ("[1].map()", 4),
        ("[1].filter(x, true, x)", 4),
        ("[x].map(x, x)", 1),
        ("event{}", 5),
    ],
)
def test_a_syntax_error_says_where(text: str, position: int) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        compile_expression(text)
    assert caught.value.position == position
    assert str(caught.value).endswith(f"(at character {position + 1})")


def test_an_error_is_the_engines_and_carries_status_and_code() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("1 +")
    assert (caught.value.code, caught.value.status) == ("expression_invalid", 400)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100 + "1" + ")" * 100,
        "[" * 60 + "]" * 60,
        "!" * 60 + "true",
        "event" + ".a" * 60,
        " + ".join(["1"] * 60),
        "true ? 1 : " * 60 + "2",
        "a" * 16_385,
    ],
)
def test_size_and_depth_are_bounded(text: str) -> None:
    with pytest.raises(ExpressionLimitError):
        compile_expression(text)


def test_a_long_chain_of_logic_is_not_deep() -> None:
    text = " || ".join(f"event.data.n == {n}" for n in range(500))
    assert compile_expression(text).matches({"event": {"data": {"n": 499}}})


def test_the_deepest_allowed_expression_evaluates() -> None:
    assert value_of("(" * 46 + "1" + ")" * 46) == 1
    assert value_of(" + ".join(["1"] * 46)) == 46


def test_evaluation_is_bounded_in_visited_items() -> None:
    many: list[object] = list(range(2_000))
    expression = compile_expression("event.l.exists(x, event.l.exists(y, x + y < 0))")
    with pytest.raises(ExpressionLimitError, match="costs too much"):
        expression.evaluate({"event": {"l": many}})


def test_evaluation_is_bounded_in_text_built() -> None:
    expression = compile_expression("event.l.map(x, event.big + 'x')")
    with pytest.raises(ExpressionLimitError, match="costs too much"):
        expression.evaluate({"event": {"l": [0] * 1_000, "big": "x" * 1_000_000}})


def test_the_bound_is_no_falsy_error() -> None:
    expression = compile_expression("event.l.exists(x, event.l.all(y, true) && false) || true")
    with pytest.raises(ExpressionLimitError):
        expression.evaluate({"event": {"l": [0] * 2_000}})


def test_data_nested_too_deep_is_a_limit_error() -> None:
    deep: object = 1
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(ExpressionLimitError, match="nests too deep"):
        compile_expression("event.a == event.b").evaluate({"event": {"a": deep, "b": [deep]}})


def test_the_same_text_compiles_once() -> None:
    assert compile_expression("event.data.n == 1") is compile_expression("event.data.n == 1")
