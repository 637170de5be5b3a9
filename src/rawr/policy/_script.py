"""The tokens of JavaScript and TypeScript: enough to tell code from comments and strings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["name", "string", "template", "number", "regex", "punct"]

HOLE: Final = "\0"
"""Stands for `${...}` in the text of a template."""

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<name>[A-Za-z_$\u0080-\uffff][\w$]*)
  | (?P<number>\d[\w.]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<punct>=>|[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX: Final = re.compile(
    r"/(?![*/])(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,200}\]){1,2000}/[a-z]*"
)
_LOOKAHEAD: Final = 5000
"""How many tokens one call may span; keeps hostile nesting from costing its square."""
_TEMPLATE_TEXT: Final = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL
)
_BEFORE_REGEX: Final = frozenset("(,=:[!&|?{};+-*%~^") | {"=>"}
_KEYWORDS_BEFORE_REGEX: Final = frozenset({"return", "typeof", "case", "in", "of", "await"})


@dataclass(frozen=True, slots=True)
class Token:
    """A token; the text of a string is without quotes and escapes."""

    kind: Kind
    text: str
    line: int
    column: int

    def is_punct(self, text: str) -> bool:
        """True for this punctuation mark."""
        return self.kind == "punct" and self.text == text


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its delimiters."""

    text: str
    line: int
    owns_line: bool
    """True if nothing stands before it on its line."""


class _Scanner:
    """One pass over the text; a stack remembers the templates around an expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line = 1
        self.line_start = 0
        self.tokens: list[Token] = []
        self.comments: list[Comment] = []
        self._braces: list[int] = []
        """For each template being read: the depth of braces in its open expression."""

    def scan(self) -> None:
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == "`":
                self._advance(1)
                self._template()
            elif character == "}" and self._braces and self._braces[-1] == 0:
                self._braces.pop()
                self._advance(1)
                self._template()
            elif character == "/" and self._may_be_regex() and self._regex():
                continue
            else:
                self._plain()

    def _plain(self) -> None:
        found = _TOKEN.match(self.text, self.position)
        if found is None or found.lastgroup is None or self._is_open_string(found.group()):
            end = self.text.find("\n", self.position)
            self._advance((end if end >= 0 else len(self.text)) - self.position)
            return
        kind, text = found.lastgroup, found.group()
        if kind == "comment":
            before = self.text[self.line_start : self.position]
            self.comments.append(Comment(text, self.line, not before.strip()))
        elif kind != "space":
            self._emit(kind, _unescaped(text[1:-1]) if kind == "string" else text)
        if self._braces and text in ("{", "}"):
            self._braces[-1] += 1 if text == "{" else -1
        self._advance(len(text))

    def _is_open_string(self, text: str) -> bool:
        """True for a lone quote: a string that does not end on its line, or text in JSX."""
        return text in ("'", '"')

    def _template(self) -> None:
        """The text of a template up to its next expression, or to its end."""
        found = _TEMPLATE_TEXT.match(self.text, self.position)
        text = found.group() if found else ""
        after = self.position + len(text)
        opens = self.text.startswith("${", after)
        self._emit("template", _unescaped(text) + (HOLE if opens else ""))
        self._advance(len(text) + (2 if opens else 1))
        if opens:
            self._braces.append(0)

    def _regex(self) -> bool:
        found = _REGEX.match(self.text, self.position)
        if found is None:
            return False
        self._emit("regex", found.group())
        self._advance(len(found.group()))
        return True

    def _may_be_regex(self) -> bool:
        if self.text[self.position + 1 : self.position + 2] in ("/", "*"):
            return False
        if not self.tokens:
            return True
        last = self.tokens[-1]
        if last.kind == "name":
            return last.text in _KEYWORDS_BEFORE_REGEX
        return last.kind == "punct" and last.text in _BEFORE_REGEX

    def _emit(self, kind: str, text: str) -> None:
        column = self.position - self.line_start + 1
        self.tokens.append(Token(kind, text, self.line, column))  # type: ignore[arg-type]  # a group of _TOKEN

    def _advance(self, count: int) -> None:
        end = min(self.position + count, len(self.text))
        lines = self.text.count("\n", self.position, end)
        if lines:
            self.line += lines
            self.line_start = self.text.rindex("\n", self.position, end) + 1
        self.position = end


def scan(text: str) -> tuple[list[Token], list[Comment]]:
    """The tokens and the comments of a script; never fails, whatever the text."""
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.tokens, scanner.comments


def arguments(tokens: list[Token], opening: int) -> Iterator[Token]:
    """The tokens between the bracket at `opening` and the one that closes it."""
    depth = 0
    for index in range(opening, min(opening + _LOOKAHEAD, len(tokens))):
        token = tokens[index]
        if token.kind == "punct" and token.text in "([{":
            depth += 1
            if depth == 1:
                continue
        elif token.kind == "punct" and token.text in ")]}":
            depth -= 1
            if depth == 0:
                return
        yield token


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_unescape, text) if "\\" in text else text


def _unescape(found: "re.Match[str]") -> str:
    code = found[1] or found[2] or found[3]
    if code is None:
        return "" if found[4] == "\n" else {"n": "\n", "t": "\t"}.get(found[4], found[4])
    value = int(code, 16)
    return chr(value) if value <= 0x10FFFF else ""  # noqa: PLR2004 - the last code point
