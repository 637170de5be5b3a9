"""What can be said of an expression without evaluating it."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rawr.durable.domain.expr import _ast as ast
from rawr.durable.domain.expr._compile import VARIABLES, path_of
from rawr.durable.domain.expr._errors import ExpressionSyntaxError
from rawr.durable.domain.expr._functions import CONVERSIONS
from rawr.durable.domain.expr._values import MISSING, lookup

Path: TypeAlias = tuple[str, ...]
"""A variable and the keys read from it: ``event.data.id`` is ``("event", "data", "id")``."""

_ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
_LONGEST_LITERAL = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A literal that an equality compares a path with."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """``path == other``, which must hold for the expression to be true.

    `path` is the side that arrives later: under ``async`` where one side is, else ``event``.
    """

    path: Path
    other: Path | Constant


def referenced_paths(root: ast.Node) -> frozenset[Path]:
    """The longest constant paths the expression reads."""
    return frozenset(path for _, path in _paths(root, VARIABLES))


def equalities(root: ast.Node) -> tuple[Equality, ...]:
    """The equalities that are conjuncts of the whole expression, left to right."""
    conjuncts = root.operands if isinstance(root, ast.Logic) and root.operator == "&&" else (root,)
    found: list[Equality] = []
    for node in conjuncts:
        if isinstance(node, ast.Logic) and node.operator == "&&":
            found.extend(equalities(node))
        elif isinstance(node, ast.Binary) and node.operator == "==":
            equality = _equality(_side(node.left), _side(node.right))
            found.extend([equality] if equality is not None else [])
    return tuple(found)


def _side(node: ast.Node) -> Path | Constant | None:
    if isinstance(node, ast.Literal):
        return Constant(value=node.value)
    path = path_of(node)
    return path if path is not None and len(path) > 1 else None


def _equality(left: Path | Constant | None, right: Path | Constant | None) -> Equality | None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, tuple) and other is not None:
            later, is_constant = one[0] == "async", isinstance(other, Constant)
            if is_constant or (later and isinstance(other, tuple) and other[0] == "event"):
                return Equality(path=one, other=other)
    return None


def require_restrictive(root: ast.Node) -> None:
    """Check the policy of cancellation expressions: comparisons, logic, indexing, conversions.

    Raises:
        ExpressionSyntaxError: the expression uses a macro, another function or arithmetic.
    """
    match root:
        case ast.Comprehension() | ast.Has():
            used = root.macro if isinstance(root, ast.Comprehension) else "has"
            raise _not_allowed(f"the macro {used}()", root.position)
        case ast.Call() if root.is_method or root.name not in CONVERSIONS:
            raise _not_allowed(f"{root.name}()", root.position)
        case ast.Binary() if root.operator in _ARITHMETIC:
            raise _not_allowed(root.operator, root.position)
        case _:
            for child in ast.children(root):
                require_restrictive(child)


def _not_allowed(what: str, position: int) -> ExpressionSyntaxError:
    return ExpressionSyntaxError(
        f"{what} is not allowed here; compare event and async fields instead", position
    )


def interpolate(text: str, root: ast.Node, event: Mapping[str, object]) -> str:
    """The text with the scalar ``event`` values it reads written in as literals."""
    pieces: list[str] = []
    at = 0
    for node, path in sorted(_paths(root, VARIABLES), key=lambda found: _start(found[0])):
        literal = _literal(resolve(path, {"event": event})) if path[0] == "event" else None
        if literal is not None and isinstance(node, ast.Index):
            pieces += (text[at : node.start], literal)
            at = node.end
    return "".join((*pieces, text[at:]))


def resolve(path: Path, variables: Mapping[str, object]) -> object:
    """What a path leads to; `MISSING` where it leads nowhere."""
    value = variables.get(path[0], MISSING)
    for key in path[1:]:
        value = lookup(value, key)
    return value


def index_token(value: object) -> str | None:
    """A text that two values share exactly if ``==`` holds between them; None for no scalar.

    Null and missing share one. NaN, which equals nothing, has none.
    """
    if value is None or value is MISSING:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"s:{value}"
    if isinstance(value, int | float) and math.isfinite(value):
        return f"n:{int(value) if value == int(value) else value!r}"
    return None


def _literal(value: object) -> str | None:
    if not isinstance(value, bool | float | str | None):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    literal = json.dumps(value, ensure_ascii=False)
    has_surrogates = any("\ud800" <= letter <= "\udfff" for letter in literal)
    return None if has_surrogates or len(literal) > _LONGEST_LITERAL else literal


def _start(node: ast.Node) -> int:
    return node.start if isinstance(node, ast.Index) else node.position


def _paths(node: ast.Node, free: frozenset[str]) -> Iterator[tuple[ast.Node, Path]]:
    path = path_of(node)
    if path is not None:
        if path[0] in free:
            yield node, path
    elif isinstance(node, ast.Comprehension):
        yield from _paths(node.range, free)
        inner = free - {node.variable}
        for part in (node.condition, node.body):
            yield from () if part is None else _paths(part, inner)
    else:
        for child in ast.children(node):
            yield from _paths(child, free)
