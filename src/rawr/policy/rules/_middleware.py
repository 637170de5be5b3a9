"""Rules about middleware and where checks are made: 48, 50, 51, 53."""

import ast
from collections.abc import Iterator
from typing import Final

from rawr.policy._place import Layer
from rawr.policy._python import Function, PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._select import NEXT, annotation_name, annotations, classes, durable, middlewares

_ENGINE_MIDDLEWARE: Final = frozenset({"inngest.Middleware", "inngest.MiddlewareSync"})
_PERMISSIONS: Final = frozenset({"can_call_internal", "can_trigger_workflows", "has_role", "roles"})
_REFUSALS: Final = frozenset({"Forbidden", "Unauthorized"})
_HOOKS: Final = frozenset(
    {"after_execution", "before_response", "finished", "on_finish", "on_finished"}
)
_WRITES: Final = frozenset(
    {
        "advance",
        "commit",
        "delete",
        "execute",
        "executemany",
        "insert",
        "publish",
        "put",
        "register",
        "save",
        "send",
        "send_event",
        "transition",
        "update",
        "upsert",
        "write",
    }
)
_WRITE_PREFIXES: Final = ("advance_", "mark_", "record_", "save_", "send_", "update_", "write_")
_CONTEXTS: Final = frozenset({"context", "markers", "middleware_state"})
_ONCE: Final = "rawr.procedure.once"
_MARKS: Final = frozenset({"add", "cached", "setdefault", "update"})


def _checks_at_the_boundary(tree: Tree) -> Iterator[Finding]:
    inner = [
        file for file in tree.python(Layer.PACKAGE) if file.place.role in ("domain", "service")
    ]
    for file in (*inner, *durable(tree)):
        for node in file.each(ast.Attribute):
            if node.attr in _PERMISSIONS and isinstance(node.ctx, ast.Load):
                yield file.finding(node, f".{node.attr} is read behind the boundary")
        for raised in file.each(ast.Raise):
            error = raised.exc.func if isinstance(raised.exc, ast.Call) else raised.exc
            name = tree.name(file, error).rpartition(".")[2]
            if name in _REFUSALS:
                yield file.finding(raised, f"{name} is raised behind the boundary")
        for imported in file.imports:
            target = tree.target(imported)
            if target is None or file.place.role != "functions" or any(middlewares(tree, target)):
                continue
            if target.place.is_boundary and target.place.role == "operations":
                message = f"a durable function imports the operation {imported.dotted}"
                yield file.finding(imported.node, message)


def _separate_planes(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN):
        engine = list(classes(tree, file, _ENGINE_MIDDLEWARE))
        if engine and any(middlewares(tree, file)):
            message = f"{engine[0].name} shares its module with boundary middleware"
            yield file.finding(engine[0], message)
        for imported in file.imports:
            target = tree.target(imported)
            if target is None or target is file:
                continue
            crosses = file.place.is_durable and any(middlewares(tree, target))
            crosses |= file.place.is_boundary and any(classes(tree, target, _ENGINE_MIDDLEWARE))
            if crosses:
                yield file.finding(imported.node, f"{imported.dotted} is the other side's")


def _heavy_is_marked(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN):
        marked = set(_wrapped_in_once(tree, file))
        for function in middlewares(tree, file):
            if function.name in marked or _is_marked(function):
                continue
            if _is_heavy(tree, file, function):
                yield file.finding(function, f"{function.name} does its work again in every call")


def _wrapped_in_once(tree: Tree, file: PythonFile) -> Iterator[str]:
    """The functions that `once(...)` marks for them."""
    for call in file.each(ast.Call):
        wrapped = call.args[0] if call.args else None
        if isinstance(wrapped, ast.Name) and tree.name(file, call.func) == _ONCE:
            yield wrapped.id


def _is_heavy(tree: Tree, file: PythonFile, function: Function) -> bool:
    """True if it awaits anything but what comes next."""
    following = {
        parameter.arg
        for parameter, annotation in annotations(function)
        if annotation_name(tree, file, annotation) == NEXT
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Await):
            called = node.value.func if isinstance(node.value, ast.Call) else node.value
            if not isinstance(called, ast.Name) or called.id not in following:
                return True
    return False


def _is_marked(function: Function) -> bool:
    """True if it writes down in the context that it ran."""
    for node in ast.walk(function):
        written: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            written = [target for target in node.targets if not isinstance(target, ast.Name)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            written = [node.func.value] if node.func.attr in _MARKS else []
        if any(_is_in_context(target) for target in written):
            return True
    return False


def _is_in_context(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr in _CONTEXTS:
            return True
        node = node.value
    return isinstance(node, ast.Name) and node.id in {*_CONTEXTS, "state"}


def _finished_writes_nothing(tree: Tree) -> Iterator[Finding]:
    for file in tree.python():
        for function in file.each(ast.FunctionDef, ast.AsyncFunctionDef):
            if function.name not in _HOOKS:
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _is_write(node):
                    yield file.finding(node, f"{function.name} writes state")
                elif isinstance(node, ast.Raise):
                    yield file.finding(node, f"{function.name} raises, so that finishing can fail")


def _is_write(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    return call.func.attr in _WRITES or call.func.attr.startswith(_WRITE_PREFIXES)


RULES: Final = (
    Rule(
        number=48,
        title="Authentication, visibility, validation and rates are checked at the boundary",
        reason="a check inside a step runs after the work was accepted, as the wrong principal",
        fix="check in boundary or package middleware, before the handler or the dispatch",
        source=_checks_at_the_boundary,
    ),
    Rule(
        number=50,
        title="Boundary middleware and engine middleware are separate control planes",
        reason="they run at other times, over other contexts, and another number of times",
        fix="put what both need into a plain function, and call it from each",
        source=_separate_planes,
    ),
    Rule(
        number=51,
        title="Heavy middleware marks in the context that it ran",
        reason="a chain of calls passes the same middleware again and again",
        fix="wrap it in rawr.procedure.once, or keep what it makes with context.markers.cached",
        source=_heavy_is_marked,
    ),
    Rule(
        number=53,
        title="Finished hooks are idempotent and non-critical",
        reason="the engine may run them twice, or not at all",
        fix="write state in a step; a hook may log and measure",
        source=_finished_writes_nothing,
    ),
)
