"""Syntax tree to closures, once; evaluation then touches no tree."""

from collections.abc import Callable, Mapping
from typing import assert_never

from rawr.durable.domain.expr import _ast as ast
from rawr.durable.domain.expr._errors import ExpressionSyntaxError, ExpressionTypeError
from rawr.durable.domain.expr._functions import FUNCTIONS
from rawr.durable.domain.expr._runtime import Scope, Step
from rawr.durable.domain.expr._values import (
    MISSING,
    MapValue,
    add,
    arithmetic,
    compare,
    contains,
    equal,
    from_json,
    invert,
    is_truthy,
    is_unknown,
    lookup,
    negate,
    subtract,
)

VARIABLES = frozenset({"event", "async", "vars"})
"""The names an expression may start a path with."""

_Operation = Callable[[object, object], object]


def compile_node(  # noqa: C901, PLR0911 - one case per kind of node
    node: ast.Node, bound: frozenset[str] = VARIABLES
) -> Step:
    """Compile a node, given the variable names in scope.

    Raises:
        ExpressionSyntaxError: an unknown variable or function, or a wrong number of arguments.
    """
    match node:
        case ast.Literal():
            value = node.value
            return lambda _scope: value
        case ast.Name() | ast.Index():
            return _path(node, bound) or _index(node, bound)
        case ast.Has():
            return _has(node, bound)
        case ast.Unary():
            return _unary(node, bound)
        case ast.Binary():
            return _binary(node, bound)
        case ast.Logic():
            return _logic(node, bound)
        case ast.Conditional():
            return _conditional(node, bound)
        case ast.ListOf():
            items = [compile_node(item, bound) for item in node.items]
            return lambda scope: tuple([_present(item(scope)) for item in items])
        case ast.MapOf():
            return _map(node, bound)
        case ast.Call():
            return _call(node, bound)
        case ast.Comprehension():
            return _comprehension(node, bound)
        case _:
            assert_never(node)


def path_of(node: ast.Node) -> tuple[str, ...] | None:
    """The variable and the constant string keys a node reads, if it is nothing but a path."""
    keys: list[str] = []
    while isinstance(node, ast.Index):
        if not isinstance(node.key, ast.Literal) or not isinstance(node.key.value, str):
            return None
        keys.append(node.key.value)
        node = node.operand
    return (node.name, *reversed(keys)) if isinstance(node, ast.Name) else None


def _path(node: ast.Name | ast.Index, bound: frozenset[str]) -> Step | None:
    path = path_of(node)
    if path is None:
        return None
    root, *keys = path
    if root not in bound:
        raise ExpressionSyntaxError(
            f"unknown variable {root!r}; an expression reads event and async",
            node.start if isinstance(node, ast.Index) else node.position,
        )
    if not keys:
        return lambda scope: scope.variables.get(root, MISSING)

    def read(scope: Scope) -> object:
        value = scope.variables.get(root, MISSING)
        for key in keys:
            value = value.get(key, MISSING) if type(value) is dict else lookup(value, key)
        return from_json(value) if type(value) is int else value

    return read


def _index(node: ast.Node, bound: frozenset[str]) -> Step:
    assert isinstance(node, ast.Index)
    operand, key = compile_node(node.operand, bound), compile_node(node.key, bound)
    return lambda scope: lookup(operand(scope), key(scope))


def _has(node: ast.Has, bound: frozenset[str]) -> Step:
    operand, field = compile_node(node.operand, bound), node.field
    return lambda scope: lookup(operand(scope), field) is not MISSING


def _present(value: object) -> object:
    return None if value is MISSING else value


def _unary(node: ast.Unary, bound: frozenset[str]) -> Step:
    operand = compile_node(node.operand, bound)
    operation = invert if node.operator == "!" else negate
    return _located(lambda scope: operation(operand(scope)), node.position)


def _located(step: Step, position: int) -> Step:
    """Put the position on a type error that has none yet."""

    def located(scope: Scope) -> object:
        try:
            return step(scope)
        except ExpressionTypeError as error:
            raise _at(error, position) from error.__cause__

    return located


def _at(error: ExpressionTypeError, position: int) -> ExpressionTypeError:
    return ExpressionTypeError(str(error), position) if error.position is None else error


def _comparing(operator: str) -> _Operation:
    return lambda left, right: compare(operator, left, right)


def _calculating(operator: str) -> _Operation:
    return lambda left, right: arithmetic(operator, left, right)


_LONG = frozenset({str, bytes, list, tuple, dict, MapValue})
_OPERATIONS: Mapping[str, _Operation] = {
    "+": add,
    "in": lambda value, container: contains(container, value),
    "-": subtract,
    **{operator: _comparing(operator) for operator in ("<", "<=", ">", ">=")},
    **{operator: _calculating(operator) for operator in ("*", "/", "%")},
}


def _binary(node: ast.Binary, bound: frozenset[str]) -> Step:
    left, right = compile_node(node.left, bound), compile_node(node.right, bound)
    if node.operator in {"==", "!="}:
        return _equality(left, right, negated=node.operator == "!=")
    operation, position = _OPERATIONS[node.operator], node.position

    def step(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        if type(one) in _LONG or type(other) in _LONG:
            scope.touch(one)
            scope.touch(other)
        try:
            return operation(one, other)
        except ExpressionTypeError as error:
            raise _at(error, position) from error.__cause__

    return step


def _equality(left: Step, right: Step, *, negated: bool) -> Step:
    def step(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        if type(one) in _LONG and type(other) in _LONG:
            scope.touch(one)
        return equal(one, other) is not negated

    return step


def _logic(node: ast.Logic, bound: frozenset[str]) -> Step:
    steps = [compile_node(operand, bound) for operand in node.operands]
    decisive = node.operator == "||"

    def decide(scope: Scope) -> object:
        value: object = False
        for step in steps:
            value = _or_false(step, scope)
            if is_truthy(value) is decisive:
                break
        return value

    return decide


def _or_false(step: Step, scope: Scope) -> object:
    try:
        return step(scope)
    except ExpressionTypeError:
        return False


def _conditional(node: ast.Conditional, bound: frozenset[str]) -> Step:
    condition = compile_node(node.condition, bound)
    yes, no = compile_node(node.yes, bound), compile_node(node.no, bound)
    return lambda scope: yes(scope) if is_truthy(_or_false(condition, scope)) else no(scope)


def _map(node: ast.MapOf, bound: frozenset[str]) -> Step:
    entries = [
        (compile_node(key, bound), compile_node(value, bound)) for key, value in node.entries
    ]

    def build(scope: Scope) -> object:
        result = MapValue()
        for key_step, value_step in entries:
            key = key_step(scope)
            if not isinstance(key, str | int | float):
                raise ExpressionTypeError("a map key is a string, a number or a bool")
            result[key] = _present(value_step(scope))
        return result

    return _located(build, node.position)


def _call(node: ast.Call, bound: frozenset[str]) -> Step:
    function = FUNCTIONS.get(node.name)
    if function is None or not (function.as_method if node.is_method else function.as_function):
        kind = "method" if node.is_method else "function"
        raise ExpressionSyntaxError(f"unknown {kind} {node.name}()", node.position)
    if len(node.arguments) not in function.arity:
        raise ExpressionSyntaxError(f"wrong number of arguments to {node.name}()", node.position)
    steps = [compile_node(argument, bound) for argument in node.arguments]
    return _located(lambda scope: function(scope, [step(scope) for step in steps]), node.position)


def _comprehension(node: ast.Comprehension, bound: frozenset[str]) -> Step:
    source, inner = compile_node(node.range, bound), bound | {node.variable}
    body = compile_node(node.body, inner)
    condition = None if node.condition is None else compile_node(node.condition, inner)
    fold, name = _FOLDS[node.macro], node.variable
    of_unknown = MISSING if node.macro in {"map", "filter"} else False

    def run(scope: Scope) -> object:
        values = source(scope)
        if is_unknown(values):
            return of_unknown
        scope.touch(values)
        outer = scope.variables
        local = dict(outer)

        def visit(step: Step, item: object) -> object:
            local[name] = item
            scope.spend(1)
            return step(scope)

        items = _elements(values)
        scope.variables = local
        try:
            return fold(items, visit, body, condition)
        finally:
            scope.variables = outer

    return _located(run, node.position)


def _elements(values: object) -> list[object]:
    if isinstance(values, tuple | MapValue):
        return list(values)
    if isinstance(values, list | dict):
        return [from_json(value) for value in values]
    raise ExpressionTypeError("only a list or a map has elements")


_Visit = Callable[[Step, object], object]
_Fold = Callable[[list[object], _Visit, Step, Step | None], object]


def _holds(visit: _Visit, predicate: Step, item: object) -> bool:
    try:
        return is_truthy(visit(predicate, item))
    except ExpressionTypeError:
        return False


def _all(items: list[object], visit: _Visit, body: Step, _condition: Step | None) -> object:
    return all(_holds(visit, body, item) for item in items)


def _exists(items: list[object], visit: _Visit, body: Step, _condition: Step | None) -> object:
    return any(_holds(visit, body, item) for item in items)


def _exists_one(items: list[object], visit: _Visit, body: Step, _condition: Step | None) -> object:
    return sum(_holds(visit, body, item) for item in items) == 1


def _filter(items: list[object], visit: _Visit, body: Step, _condition: Step | None) -> object:
    return tuple([item for item in items if _holds(visit, body, item)])


def _transform(items: list[object], visit: _Visit, body: Step, condition: Step | None) -> object:
    return tuple(
        [
            _present(visit(body, item))
            for item in items
            if condition is None or _holds(visit, condition, item)
        ]
    )


_FOLDS: Mapping[str, _Fold] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _transform,
}
