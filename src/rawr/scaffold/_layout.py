"""What of formatted code depends on a name: the order of names, and where lines break.

Templates hold every statement that a long name could break on one line; here it is broken as a
formatter would break it.
"""

import re
from collections.abc import Iterator
from typing import Final

LINE_LENGTH: Final = 100

_INDENT: Final = "    "
_NAMES: Final = re.compile(r"(from \S+ import |__all__ = )\[?([^()\[\]]+)\]?")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"


def lay_out(line: str) -> str:
    """The line as a formatter leaves it: names sorted, and broken if it is too long."""
    names = _NAMES.fullmatch(line)
    if names is not None:
        return _names(names[1], sorted(names[2].split(", "), key=kind_and_name))
    if len(line) <= LINE_LENGTH or "(" not in line:
        return line
    return _call(line)


def kind_and_name(name: str) -> tuple[int, str]:
    """What names are sorted by: constants first, then classes, then the rest."""
    bare = name.strip('"')
    if bare.isupper() and len(bare) > 1:
        return (0, bare)
    return (1 if bare[0].isupper() else 2, bare)


def _names(opening: str, names: list[str]) -> str:
    left, right = ("[", "]") if opening.startswith("__all__") else ("(", ")")
    joined = ", ".join(names)
    whole = f"{opening}[{joined}]" if left == "[" else f"{opening}{joined}"
    if len(whole) <= LINE_LENGTH:
        return whole
    return "\n".join([f"{opening}{left}", *(f"{_INDENT}{name}," for name in names), right])


def _call(line: str) -> str:
    """Break a signature at its first parentheses, a call at its last."""
    is_signature = line.lstrip().startswith(("def ", "async def "))
    pairs = list(_outer_pairs(line))
    start, end = pairs[0] if is_signature else pairs[-1]
    indent = line[: len(line) - len(line.lstrip())] + _INDENT
    arguments = line[start + 1 : end]
    split = list(_split(arguments))
    one_a_line = len(indent + arguments) > LINE_LENGTH or (is_signature and len(split) == 1)
    lines = [f"{argument}," for argument in split] if one_a_line else [arguments]
    inner = "\n".join(indent + text for text in lines)
    return f"{line[: start + 1]}\n{inner}\n{indent.removesuffix(_INDENT)}{line[end:]}"


def _outer_pairs(line: str) -> Iterator[tuple[int, int]]:
    """Where parentheses open and close that stand in no other brackets."""
    opened: list[int] = []
    for at, character in enumerate(line):
        if character in _OPENING:
            opened.append(at)
        elif character in _CLOSING:
            start = opened.pop()
            if not opened and character == ")":
                yield start, at


def _split(arguments: str) -> Iterator[str]:
    depth, begun = 0, 0
    for at, character in enumerate(arguments):
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and depth == 0:
            yield arguments[begun:at].strip()
            begun = at + 1
    yield arguments[begun:].strip()
