"""Strings that a script assembles from parts it names itself, as the strings they are.

`"/api/" + "inngest"`, `` `${base}/inngest` `` and `fetch(url)` say what they say, where `base`
and `url` are constants of the same file.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ._script import HOLE, Token

_BEFORE_VALUE: Final = frozenset("(,+")
_AFTER_VALUE: Final = frozenset("),+;}")
_MAX_TEXT: Final = 2000
"""Longer ones are no addresses; it keeps what many constants assemble from growing without end."""


def fold(tokens: list[Token]) -> list[Token]:
    """The tokens with assembled strings in one piece, at the place of their first part."""
    constants: dict[str, str] = {}
    folded: list[Token] = []
    index = 0
    while index < len(tokens):
        value, index = _value(tokens, index, constants)
        folded.append(value)
        name = _declared(folded)
        if name and _ends(tokens, index):
            constants[name] = value.text
    return folded


def _value(tokens: list[Token], index: int, constants: Mapping[str, str]) -> tuple[Token, int]:
    """The token at an index, or the string that begins there, and the index of what follows."""
    first = _text(tokens, index, constants)
    if first is None:
        return tokens[index], index + 1
    text, after = first
    while after < len(tokens) and tokens[after].is_punct("+"):
        more = _text(tokens, after + 1, constants)
        if more is None or len(text) > _MAX_TEXT:
            break
        text, after = text + more[0], more[1]
    kind = tokens[index].kind if tokens[index].kind != "name" else "string"
    return replace(tokens[index], kind=kind, text=text), after


def _text(tokens: list[Token], index: int, constants: Mapping[str, str]) -> tuple[str, int] | None:
    """A string, a template with its holes, or a constant where a value stands."""
    token = tokens[index] if index < len(tokens) else None
    if token is None:
        return None
    if token.kind == "string":
        return token.text, index + 1
    if token.kind == "template":
        return _template(tokens, index, constants)
    if token.kind == "name" and token.text in constants and _is_value(tokens, index):
        return constants[token.text], index + 1
    return None


def _template(tokens: list[Token], index: int, constants: Mapping[str, str]) -> tuple[str, int]:
    """A template whose next holes are filled by constants, up to the first that is not."""
    text, index = tokens[index].text, index + 1
    while text.endswith(HOLE) and index + 1 < len(tokens) and len(text) < _MAX_TEXT:
        name, rest = tokens[index], tokens[index + 1]
        if name.kind != "name" or name.text not in constants or rest.kind != "template":
            break
        text = text.removesuffix(HOLE) + constants[name.text] + rest.text
        index += 2
    return text, index


def _is_value(tokens: list[Token], index: int) -> bool:
    before, after = tokens[index - 1], tokens[index + 1 : index + 2]
    return (
        index > 0
        and before.kind == "punct"
        and before.text in _BEFORE_VALUE
        and (not after or (after[0].kind == "punct" and after[0].text in _AFTER_VALUE))
    )


def _declared(folded: list[Token]) -> str:
    """The name that the last token is the first value of: `const NAME = value`."""
    if len(folded) < 4 or folded[-1].kind not in ("string", "template"):  # noqa: PLR2004 - as written
        return ""
    const, name, equals = folded[-4:-1]
    is_declaration = const.text == "const" and name.kind == "name" and equals.is_punct("=")
    return name.text if is_declaration and HOLE not in folded[-1].text else ""


def _ends(tokens: list[Token], index: int) -> bool:
    """Whether nothing is added to the value that ends there."""
    return index >= len(tokens) or not any(map(tokens[index].is_punct, "+.[(?"))
