import re
import time

import pytest
from hypothesis import given, strategies as st

from rawr.durable.domain.expr import ExpressionLimitError, compile_expression
from rawr.durable.domain.expr._regex import PatternError, compile_pattern


def found(pattern: str, text: str) -> bool:
    return compile_pattern(pattern).search(text, lambda _: None)


SAMPLES = [
    "",
    "a",
    "b",
    "ab",
    "abc",
    "aab",
    "ABC",
    "a\nb",
    "\n",
    "x1",
    "foo bar",
    "foo_bar",
    "a-b",
    "2026-11-22",
    "user@example.com",
    "]",
    "^",
    "-",
    "\\",
    "a.b",
    "aXb",
    "{2}",
    "a{2}",
    "\u00e9",
    "  ",
]
PATTERNS = [
    "",
    "a",
    "a|b",
    "ab|cd|",
    "^a",
    "b$",
    "^$",
    "^ab$",
    "a*",
    "a+",
    "a?b",
    "a*?b",
    "(a|b)+c",
    "(?:ab){2}",
    "a{2}",
    "a{1,}",
    "a{0,1}b",
    "a{0}b",
    "x{2,3}",
    ".",
    "a.b",
    "(?s)a.b",
    "(?i)abc",
    "(?i:A)b",
    "(?i)[a-c]+",
    "(?m)^b",
    "(?m)a$",
    "[abc]",
    "[^abc]",
    "[a-c]+$",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[-a]",
    "[\\d-]+",
    "[\\w.]+@[\\w.]+",
    "\\d{4}-\\d{2}-\\d{2}",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S+",
    "\\bfoo\\b",
    "foo\\B",
    "\\Aa",
    "\\.",
    "a\\.b",
    "\\x41",
    "\\n",
    "\\\\",
    "[\\]]",
    "[\\^]",
    "(?P<name>a)b",
    "(a)(b)?c?",
    "((a|b)*c|(a|ab)*c)",
    "{",
    "a{,2}",
    "a{x}",
    "(|a)b",
    "^(a?){3}b$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_finds_what_the_standard_library_finds(pattern: str) -> None:
    standard = re.compile(pattern, re.ASCII)
    if pattern == "a{,2}":  # RE2 takes it literally
        standard = re.compile(r"a\{,2\}")
    for text in SAMPLES:
        # RE2's $ is the end of the text, not the place before a last newline.
        expected = standard.search(text) is not None
        if "$" in pattern and "(?m)" not in pattern and text.endswith("\n"):
            continue
        assert found(pattern, text) is expected, text


simple_patterns = st.recursive(
    st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "\\w", "^", "$", "\\b"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(simple_patterns, st.text("abc ", max_size=8))
def test_random_patterns_find_what_the_standard_library_finds(pattern: str, text: str) -> None:
    assert found(pattern, text) is (re.search(pattern, text, re.ASCII) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("[[:alpha:]]+", "1a", True),
        ("^[[:^alpha:]]+$", "1a", False),
        ("[[:punct:]]", "a!", True),
        ("[[:xdigit:]]{2}", "zzFf", True),
        ("[[:space:]]", "a\vb", True),
        ("[[:upper:][:digit:]]", "a1", True),
        ("[[:lower:]]", "ABC", False),
        ("[[:alnum:]]", "_", False),
        ("[[:word:]]", "_", True),
        ("\\z", "a", True),
        ("a\\z", "ab", False),
        ("\\x{1F600}", "\U0001f600", True),
        ("(?<name>a)", "a", True),
        ("(?i-s:A.)", "a\n", False),
        ("(?U)a+", "a", True),
        ("(?i)\u00c9", "\u00e9", True),
        ("a$", "a\n", False),
        ("\\t\\r\\f\\v\\a", "\t\r\f\v\a", True),
    ],
)
def test_re2_syntax_beyond_the_standard_library(pattern: str, text: str, *, expected: bool) -> None:
    assert found(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "(a",
        "a)",
        "[a",
        "[",
        "[z-a]",
        "*a",
        "+",
        "a**",
        "a+*",
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?<!a)b",
        "(a)\\1",
        "\\k",
        "\\p{L}",
        "\\",
        "[[:nope:]]",
        "a{1001}",
        "a{3,2}",
        "a{1000}{1000}",
        "((a{100}){100}){100}",
        "(" * 51 + ")" * 51,
        "\\x{110000}",
        "\\xZ",
        "(?z)a",
    ],
)
def test_refuses_what_it_cannot_do_in_linear_time_or_does_not_know(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "^(a|a)*$", "(a|aa)+$", "(.*a){20}b", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_patterns_that_explode_elsewhere_stay_linear(pattern: str) -> None:
    started = time.perf_counter()
    assert not found(pattern, "a" * 300 + "!")
    assert time.perf_counter() - started < 5


def test_the_work_of_a_match_counts_towards_the_bound() -> None:
    expression = compile_expression("event.text.matches('(?:a?){100}b')")
    with pytest.raises(ExpressionLimitError, match="costs too much"):
        expression.evaluate({"event": {"text": "a" * 10_000}})


def test_matches_finds_anywhere() -> None:
    env = {"event": {"text": "order-42"}}
    assert compile_expression(r"event.text.matches('[0-9]+')").matches(env)
    assert compile_expression(r"matches(event.text, '^order-\\d+$')").matches(env)
    assert not compile_expression(r"event.text.matches('^[0-9]+')").matches(env)
