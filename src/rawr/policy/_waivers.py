"""Waivers: comments that allow a violation in one place, with a reason.

`# rawr: allow RAWR016 -- reason`, at the end of the line or alone above it; in a script
with `//`. Several ids are separated by commas.
"""

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ._browser import ScriptFile
from ._python import PythonFile

_MARK: Final = re.compile(r"(?:#|//|/\*)\s*rawr:\s*allow\b(?P<rest>.*)", re.DOTALL)
_IDS: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One comment; it speaks for the code line it stands on or above."""

    path: str
    line: int
    target: int
    rules: tuple[str, ...]
    reason: str


def python_waivers(file: PythonFile) -> Iterator[Waiver]:
    """The waivers of a module."""
    if "rawr:" not in file.source:
        return
    above: list[tuple[int, str]] = []
    owns_line = True
    for token in _tokens(file.source):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            if owns_line:
                above.append((line, token.string))
            else:
                yield from _waivers(file.path, line, line, token.string)
        elif token.type in (tokenize.NEWLINE, tokenize.NL):
            owns_line = True
        elif token.type not in (tokenize.INDENT, tokenize.DEDENT):
            for at, text in above:
                yield from _waivers(file.path, at, line, text)
            above.clear()
            owns_line = False


def script_waivers(file: ScriptFile) -> Iterator[Waiver]:
    """The waivers of a script."""
    code_lines = [token.line for token in file.tokens]
    for comment in file.comments:
        target = comment.line
        if comment.owns_line:
            following = bisect_right(code_lines, comment.line)
            target = code_lines[following] if following < len(code_lines) else comment.line
        yield from _waivers(file.path, comment.line, target, comment.text.removesuffix("*/"))


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    with suppress(tokenize.TokenError, SyntaxError):  # the parser, which is stricter, accepted it
        yield from tokenize.generate_tokens(io.StringIO(source).readline)


def _waivers(path: str, line: int, target: int, comment: str) -> Iterator[Waiver]:
    found = _MARK.match(comment)
    if found is None:
        return
    ids, _, reason = found["rest"].partition("--")
    rules = tuple(filter(None, _IDS.split(ids.strip().upper())))
    yield Waiver(path, line, target, rules, " ".join(reason.split()))
