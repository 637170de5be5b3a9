"""The syntax tree of an expression."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: null, bool, int, uint, double, string or bytes."""

    position: int
    value: object


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``operand.field`` or ``operand[key]``, which spans `start` to `end` of the text."""

    position: int
    operand: "Node"
    key: "Node"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Has:
    """``has(operand.field)``."""

    position: int
    operand: "Node"
    field: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``!operand`` or ``-operand``."""

    position: int
    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """An arithmetic operator, a relation or ``in``."""

    position: int
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """A chain of one logical operator, kept flat so that a long chain is not deep."""

    position: int
    operator: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? yes : no``."""

    position: int
    condition: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``."""

    position: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """``{a: b}``."""

    position: int
    entries: tuple[tuple["Node", "Node"], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments)``, or ``receiver.name(arguments)`` with the receiver first."""

    position: int
    name: str
    arguments: tuple["Node", ...]
    is_method: bool


@dataclass(frozen=True, slots=True)
class Comprehension:
    """``range.all(variable, ...)`` and its kin; `condition` is only there for ``map``."""

    position: int
    macro: str
    range: "Node"
    variable: str
    condition: "Node | None"
    body: "Node"


Node: TypeAlias = (
    Literal
    | Name
    | Index
    | Has
    | Unary
    | Binary
    | Logic
    | Conditional
    | ListOf
    | MapOf
    | Call
    | Comprehension
)


def children(node: Node) -> Iterator[Node]:  # noqa: C901 - one case per kind of node
    """The direct operands of a node, left to right.

    The parts of a comprehension are left out: they see a variable that nothing around them does.
    """
    match node:
        case Literal() | Name() | Comprehension():
            pass
        case Index():
            yield from (node.operand, node.key)
        case Has() | Unary():
            yield node.operand
        case Binary():
            yield from (node.left, node.right)
        case Logic():
            yield from node.operands
        case Conditional():
            yield from (node.condition, node.yes, node.no)
        case ListOf():
            yield from node.items
        case MapOf():
            for key, value in node.entries:
                yield from (key, value)
        case Call():
            yield from node.arguments
        case _:
            assert_never(node)
