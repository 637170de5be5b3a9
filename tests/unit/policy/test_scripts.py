"""Scripts are read as tokens: comments, strings, templates and regular expressions apart."""

import time

import pytest
from hypothesis import given, strategies as st

from rawr.policy._browser import parse_script
from rawr.policy._script import HOLE, scan


def tokens(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in scan(text)[0]]


def strings(text: str) -> list[str]:
    return [text for kind, text in tokens(text) if kind in ("string", "template")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("'a' \"b\"", ["a", "b"]),
        (r"'it\'s'", ["it's"]),
        (r"'\u002fapi\x2finngest'", ["/api/inngest"]),
        (r"'\u{2f}rpc'", ["/rpc"]),
        ("'a\\\nb'", ["ab"]),
        ("// 'a'\n'b'", ["b"]),
        ("/* 'a'\n'b' */ 'c'", ["c"]),
        ("'// no comment'", ["// no comment"]),
        ("`a`", ["a"]),
        ("`a${b}c`", ["a" + HOLE, "c"]),
        ("`a${`b${c}`}d`", ["a" + HOLE, "b" + HOLE, "", "d"]),
        ("`a${ {x: {y: 'z'}} }b`", ["a" + HOLE, "z", "b"]),
        ("`a$b`", ["a$b"]),
        ("`// no comment`", ["// no comment"]),
        ("x = /'\"`/; 'a'", ["a"]),
        ("x = /[/'\"]/g; 'a'", ["a"]),
        ("x = a / b; 'c' / d", ["c"]),
        ("f(a) / 'b'", ["b"]),
        ("return /'/.test('a')", ["a"]),
        ("<p>Don't</p>\n'a'", ["a"]),
        ("<a href='/x'>y</a>", ["/x"]),
        ("'open\n'a'", ["a"]),
    ],
)
def test_strings_are_told_from_code(text: str, found: list[str]) -> None:
    assert strings(text) == found


def said(text: str) -> list[str]:
    script = parse_script("plugins/web/invoicing/index.ts", text.encode())
    return [token.text for token in script.strings()]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("f('a' + 'b' + 'c')", ["abc"]),
        ("f('a' + b + 'c')", ["a", "c"]),
        ("const a = 'x'; f(a)", ["x", "x"]),
        ("const a = 'x'; f(a.length, a(), {a: 1})", ["x"]),
        ("const a = 'x'; f('y' + a)", ["x", "yx"]),
        ("const a = 'x'; const b = `${a}/y`; f(`${b}/z`)", ["x", "x/y", "x/y/z"]),
        ("const a = 'x'; f(`${a}${c}`)", ["x", "x" + HOLE, ""]),
        ("const a = 'x'.trim(); f(a)", ["x"]),
        ("const a = 'x' + c; f(a)", ["x"]),
        ("let a = 'x'; f(a)", ["x"]),
        ("f(a); const a = 'x'", ["x"]),
        ("const a = `${c}`; f(a)", [HOLE, ""]),
    ],
)
def test_assembled_strings_say_what_they_say(text: str, found: list[str]) -> None:
    assert said(text) == found


def test_what_constants_assemble_does_not_grow_without_end() -> None:
    doubled = "".join(f"const a{n} = a{n - 1} + a{n - 1};\n" for n in range(1, 60))
    assert max(map(len, said(f"const a0 = 'xxxxxxxx';\nf(a0);\n{doubled}"))) < 10_000


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>it's</p><script>f('a')</script>", [(1, 22, "a")]),
        ("<!-- 'a'\n -->\n<script>\nf('b')\n</script>", [(4, 3, "b")]),
        ("<style>a::after { content: 'x' }</style><a href='/b'>c</a>", [(1, 49, "/b")]),
        ("<SCRIPT lang=ts>f('a')", [(1, 19, "a")]),
        ("<script>if (a < b) f('c')</script>", [(1, 22, "c")]),
        ("<!-- <script>f('a')</script>", []),
        ("<p v-if=\"1 > 0\" title='a'>b</p>", [(1, 9, "1 > 0"), (1, 23, "a")]),
    ],
)
def test_a_page_is_read_for_its_scripts_and_tags(
    page: str, found: list[tuple[int, int, str]]
) -> None:
    script = parse_script("plugins/web/invoicing/index.html", page.encode())
    assert [(token.line, token.column, token.text) for token in script.strings()] == found


def test_positions_count_from_one() -> None:
    (first, second), _ = scan("  'a'\n`b\n`")
    assert (first.line, first.column) == (1, 3)
    assert (second.line, second.column) == (2, 2)


@pytest.mark.parametrize(
    ("text", "specifiers"),
    [
        ('import a from "x"', ["x"]),
        ('import { a,\n b } from "x"', ["x"]),
        ('import "x"', ["x"]),
        ('import type { A } from "x"', ["x"]),
        ('export * from "x"', ["x"]),
        ('const a = await import("x")', ["x"]),
        ('const a = require("x")', ["x"]),
        ('// import "x"', []),
        ("'import \"x\"'", []),
        ('call("x")', []),
        ('"x"', []),
    ],
)
def test_imports_are_found(text: str, specifiers: list[str]) -> None:
    assert [item.specifier for item in parse_script("a.ts", text.encode()).imports] == specifiers


@pytest.mark.parametrize(
    ("specifier", "target"),
    [
        ("./badge", "plugins/web/invoicing/badge"),
        ("../../../packages/invoicing/browser", "packages/invoicing/browser"),
        ("@/packages/invoicing/client", "packages/invoicing/client"),
        ("~/packages/invoicing/client", "packages/invoicing/client"),
        ("packages/invoicing/client", "packages/invoicing/client"),
        ("@orpc/client", ""),
    ],
)
def test_specifiers_lead_into_the_hq(specifier: str, target: str) -> None:
    script = parse_script("plugins/web/invoicing/index.ts", f'import "{specifier}"'.encode())
    assert [item.target for item in script.imports] == [target]


@given(st.text(alphabet="'\"`+/\\*${}()[]<>\n ax=", max_size=80), st.sampled_from(["ts", "vue"]))
def test_any_text_is_folded_to_its_end(text: str, kind: str) -> None:
    script = parse_script(f"plugins/web/invoicing/index.{kind}", f"const a = 'x';{text}".encode())
    assert all(token.line >= 1 and token.column >= 1 for token in script.tokens)


@given(st.text(alphabet="'\"`/\\*${}()[]<>\n ax=", max_size=80))
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    found, comments = scan(text)
    assert all(token.line >= 1 and token.column >= 1 for token in found)
    assert all(comment.line >= 1 for comment in comments)


@pytest.mark.parametrize(
    "pattern",
    [
        "'",
        "\\'",
        "/[",
        "(/",
        "`${",
        "/*",
        "fetch(",
        "fetch<",
        "'a'+",
        "<script>",
        "<a ",
        '<a "',
        "<script ",
        "<!--",
        "const a='b';f(a);",
        "new OpenAPILink(",
        "${`",
        "x/",
    ],
)
def test_hostile_scripts_cost_no_more_than_their_length(pattern: str) -> None:
    text = pattern * (100_000 // len(pattern))
    before = time.process_time()
    script = parse_script("plugins/web/invoicing/index.ts", text.encode())
    assert len(list(script.calls("fetch"))) >= 0
    assert parse_script("plugins/web/invoicing/index.vue", text.encode()).imports is not None
    assert len(script.imports) >= 0
    assert time.process_time() - before < 3
