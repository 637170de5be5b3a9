"""What contracts use as input and output."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rawr.policy._python import PythonFile
from rawr.policy._tree import Tree

_BUILDERS: Final = frozenset(
    f"rawr.contract.{name}" for name in ("delete", "get", "patch", "post", "procedure", "put")
)
_PARTS: Final = frozenset({"input", "output", "streams"})


@dataclass(frozen=True, slots=True)
class IoUse:
    """One argument of `.input`, `.output` or `.streams`."""

    node: ast.expr
    part: str
    name: str
    """The last part of the schema's name; empty if it is no name."""
    canonical: str
    declared_in: PythonFile | None
    definition: ast.AST | None


def io_uses(tree: Tree, file: PythonFile) -> Iterator[IoUse]:
    """Every schema that the contracts of a file use directly."""
    for call in file.each(ast.Call):
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in _PARTS:
            continue
        if call.args and _is_contract(tree, file, call.func.value):
            yield _use(tree, file, call.args[0], call.func.attr)


def _is_contract(tree: Tree, file: PythonFile, node: ast.expr) -> bool:
    """True for a chain that starts with `get(...)`, `procedure()` and the like."""
    while isinstance(node, ast.Call):
        if tree.name(file, node.func) in _BUILDERS:
            return True
        if not isinstance(node.func, ast.Attribute):
            return False
        node = node.func.value
    return False


def _use(tree: Tree, file: PythonFile, node: ast.expr, part: str) -> IoUse:
    canonical = tree.name(file, node)
    found = tree.definition(canonical)
    return IoUse(
        node=node,
        part=part,
        name=canonical.rpartition(".")[2],
        canonical=canonical,
        declared_in=found[0] if found else None,
        definition=found[1] if found else None,
    )
