"""Finding the definition of a capability in a manifest, and adding to it and to the imports."""

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from ._addition import DEFINE, FIELDS, Import
from ._generate import Surface
from ._names import CapabilityName
from ._source import Source

_LOCAL: Final = ("packages", "plugins")
_INDENT: Final = "    "


class Unrecognised(Exception):
    """What is written in a form of its own."""


def find_definition(module: ast.Module, name: CapabilityName) -> ast.Call | None:
    """The call that defines a capability, if there is one."""
    for call in calls_of(module, DEFINE):
        named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
        for value in (*call.args[:1], *named):
            if isinstance(value, ast.Constant) and value.value == name.snake:
                return call
    return None


def surfaces_of(definition: ast.Call) -> frozenset[Surface]:
    """The surfaces a definition names."""
    given = {keyword.arg for keyword in definition.keywords}
    return frozenset(surface for surface, field in FIELDS.items() if field in given)


def calls_of(module: ast.Module, function: str) -> Iterator[ast.Call]:
    """The calls of a function, however it was imported."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _last_name(node.func) == function:
            yield node


def add_keywords(source: Source, call: ast.Call, lines: Sequence[str]) -> None:
    """Give a call more keyword arguments.

    Raises:
        Unrecognised: What it is given cannot be told, or a comment would be lost.
    """
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(keyword.arg is None for keyword in call.keywords):
        raise Unrecognised(f"{source.segment(call.func)} is given `**` arguments")
    assert call.end_lineno is not None  # a parsed node has an end
    closing = source.line(call.end_lineno)
    if closing.lstrip().startswith(")"):
        indent = closing[: len(closing) - len(closing.lstrip())] + _INDENT
        if not source.is_followed_by_comma(arguments[-1], call):
            source.insert_after(arguments[-1], ",")
        source.insert_lines(call.end_lineno, [f"{indent}{line}" for line in lines])
        return
    if source.has_comment(call):
        raise Unrecognised(f"{source.segment(call.func)} does not end on a line of its own")
    _break_up(source, call, lines)


def add_imports(
    source: Source, found: Sequence[ast.Import | ast.ImportFrom], imports: Sequence[Import]
) -> None:
    """Import more, sorted among what is imported of the HQ already."""
    local = [node for node in found if module_of(node).partition(".")[0] in _LOCAL]
    end = _after(found[-1])
    if not local:
        source.insert_lines(end, ["", *(one.line for one in imports)])
        return
    for one in imports:
        later = (node.lineno for node in local if module_of(node) > one.module)
        source.insert_lines(next(later, _after(local[-1])), [one.line])


def module_of(node: ast.Import | ast.ImportFrom) -> str:
    """The module that names are imported from; empty where modules are."""
    return (node.module or "") if isinstance(node, ast.ImportFrom) else ""


def _break_up(source: Source, call: ast.Call, lines: Sequence[str]) -> None:
    """Write a call over several lines, one for each argument."""
    given = [f"{source.segment(one)}," for one in (*call.args, *call.keywords)]
    start = source.line(call.lineno)
    indent = start[: len(start) - len(start.lstrip())]
    inner = [f"{_INDENT}{line}" for line in (*given, *lines)]
    text = f"\n{indent}".join([f"{source.segment(call.func)}(", *inner, ")"])
    source.replace(call, text)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _after(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) + 1
