"""TypeScript as text: names, literals, comments."""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

from rawr.schema import Json

INDENT: Final = "  "

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_ESCAPED: Final = {"\u2028": "\\u2028", "\u2029": "\\u2029", "'": "\\'"}


def quote(text: str) -> str:
    """A string literal."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    return "'" + "".join(_ESCAPED.get(character, character) for character in inner) + "'"


def literal(value: Json) -> str:
    """A JSON value as an expression, or as a literal type where it is a scalar."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key(name)}: {literal(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value)


def key(name: str) -> str:
    """A property name, quoted where it must be."""
    if name == "__proto__":
        return "['__proto__']"  # any other spelling would set the prototype
    return name if _IDENTIFIER.fullmatch(name) else quote(name)


def pascal(text: str) -> str:
    """A type's name: what is no letter or digit parts words."""
    name = "".join(word[0].upper() + word[1:] for word in _WORD.findall(text))
    return name if name and not name[0].isdigit() else f"T{name}"


def camel(text: str) -> str:
    """A value's name."""
    name = pascal(text)
    return name[0].lower() + name[1:]


def comment(lines: Iterable[str]) -> str:
    """A documentation comment with its line end; nothing for nothing."""
    written = [line.rstrip().replace("*/", "*\\/") for line in lines]
    if not written:
        return ""
    if len(written) == 1:
        return f"/** {written[0]} */\n"
    body = "".join(f" * {line}".rstrip() + "\n" for line in written)
    return f"/**\n{body} */\n"


def paragraphs(text: str | None) -> list[str]:
    """The lines of a docstring."""
    if not text:
        return []
    first, _, rest = text.strip().partition("\n")
    return [first.strip(), *textwrap.dedent(rest).splitlines()] if rest else [first.strip()]


def indented(text: str) -> str:
    """A text one level deeper."""
    return textwrap.indent(text, INDENT)
