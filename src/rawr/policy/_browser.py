"""A TypeScript or JavaScript file: its tokens, and the modules it imports."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ._fold import fold
from ._markup import MARKUP, script_of
from ._place import Layer, Place, place_of
from ._report import Finding
from ._script import Comment, Token, scan

_TYPE_ARGUMENTS: Final = 200
"""How many tokens the type arguments of a call may span."""


@dataclass(frozen=True, slots=True)
class ScriptImport:
    """One import specifier; `target` is the path inside the HQ it leads to, if it does."""

    token: Token
    specifier: str
    target: str


@dataclass(eq=False)
class ScriptFile:
    """A script, scanned once."""

    path: str
    place: Place
    tokens: list[Token]
    comments: list[Comment]

    @cached_property
    def imports(self) -> list[ScriptImport]:
        """Static, dynamic and re-exporting imports, and `require`."""
        return [
            ScriptImport(token, token.text, self._target(token.text))
            for token in self._specifiers()
        ]

    def finding(self, token: Token, message: str) -> Finding:
        """A finding at a token."""
        return Finding(self.path, token.line, token.column, message)

    def strings(self) -> Iterator[Token]:
        """String and template tokens; those of tests are nobody's calls."""
        if self.place.layer is not Layer.TEST:
            yield from (token for token in self.tokens if token.kind in ("string", "template"))

    def calls(self, name: str, *methods: str) -> Iterator[int]:
        """The opening brackets of calls: `name(`, `new name(`; with methods, `name.method(`."""
        for index, token in enumerate(self.tokens):
            if token.kind == "name" and token.text == name:
                after = index + 1
                if methods:
                    if not self._is_method(after, methods):
                        continue
                    after += 2
                opening = self._after_type_arguments(after)
                if opening < len(self.tokens) and self.tokens[opening].is_punct("("):
                    yield opening

    def _is_method(self, index: int, methods: tuple[str, ...]) -> bool:
        dot, name = self.tokens[index : index + 1], self.tokens[index + 1 : index + 2]
        return bool(dot and name) and dot[0].is_punct(".") and name[0].text in methods

    def _after_type_arguments(self, index: int) -> int:
        depth, last = 0, min(index + _TYPE_ARGUMENTS, len(self.tokens))
        while index < last and (depth or self.tokens[index].is_punct("<")):
            depth += {"<": 1, ">": -1}.get(self.tokens[index].text, 0)
            index += 1
        return index

    def _specifiers(self) -> Iterator[Token]:
        for index, token in enumerate(self.tokens):
            if token.kind not in ("string", "template") or index == 0:
                continue
            before = self.tokens[index - 1]
            if before.kind == "name" and before.text in ("from", "import"):
                yield token
            elif before.is_punct("(") and index > 1:
                caller = self.tokens[index - 2]
                if caller.kind == "name" and caller.text in ("import", "require"):
                    yield token

    def _target(self, specifier: str) -> str:
        if specifier.startswith("."):
            return posixpath.normpath(posixpath.join(posixpath.dirname(self.path), specifier))
        bare = specifier.lstrip("@~/")
        return bare if bare.startswith(("packages/", "plugins/", "apps/")) else ""


def parse_script(path: str, raw: bytes) -> ScriptFile:
    """Scan a script, or the scripts of a page.

    Text that is not UTF-8 is read with replacement characters.
    """
    text = raw.decode("utf-8-sig", errors="replace")
    tokens, comments = scan(script_of(text) if path.endswith(MARKUP) else text)
    return ScriptFile(path, place_of(path), fold(tokens), comments)
