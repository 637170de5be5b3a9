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


@given(st.text(alphabet="'\"`/\\*${}()[]<>\n ax=", max_size=80))
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    found, comments = scan(text)
    assert all(token.line >= 1 and token.column >= 1 for token in found)
    assert all(comment.line >= 1 for comment in comments)


@pytest.mark.parametrize(
    "pattern",
    ["'", "\\'", "/[", "(/", "`${", "/*", "fetch(", "fetch<", "new OpenAPILink(", "${`", "x/"],
)
def test_hostile_scripts_cost_no_more_than_their_length(pattern: str) -> None:
    text = pattern * (100_000 // len(pattern))
    before = time.process_time()
    script = parse_script("plugins/web/invoicing/index.ts", text.encode())
    assert len(list(script.calls("fetch"))) >= 0
    assert len(script.imports) >= 0
    assert time.process_time() - before < 3
