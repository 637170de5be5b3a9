"""Where events are sent from, and from which procedures that place is reached."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rawr.policy._python import Function, PythonFile
from rawr.policy._tree import Tree

from ._select import annotation_name, annotations, text_of

DISPATCH: Final = "rawr.coordination.Dispatch"
CLIENT: Final = "inngest.Inngest"
_SENDERS: Final = frozenset({DISPATCH, CLIENT, "rawr.coordination.EventSender"})
_SENDER_NAMES: Final = frozenset({"dispatch", "inngest", "inngest_client", "event_sender"})
_SEND: Final = frozenset({"send", "send_sync"})
_SIGNAL: Final = "signal"
_EVENT_TYPE: Final = "rawr.coordination.EventType"


def sends(tree: Tree, file: PythonFile) -> Iterator[ast.Attribute]:
    """Every use of the `send` of a dispatch or of an engine client, or of a dispatch's `signal`."""
    found = [node for node in file.each(ast.Attribute) if node.attr in {*_SEND, _SIGNAL}]
    assigned = _assigned_senders(tree, file) if found else {}
    for node in found:
        if _is_sender(tree, file, node, assigned):
            yield node


def _is_sender(
    tree: Tree,
    file: PythonFile,
    node: ast.Attribute,
    assigned: Mapping[Function | None, set[str]],
) -> bool:
    receiver = node.value
    if isinstance(receiver, ast.Attribute):
        return receiver.attr.lstrip("_") in _SENDER_NAMES
    if isinstance(receiver, ast.Call):
        return tree.name(file, receiver.func) in _SENDERS
    if not isinstance(receiver, ast.Name):
        return False
    if receiver.id.lstrip("_") in _SENDER_NAMES:
        return True
    scopes = (None, *file.functions(node))
    return any(receiver.id in assigned.get(scope, ()) for scope in scopes)


def _assigned_senders(tree: Tree, file: PythonFile) -> dict[Function | None, set[str]]:
    """By function, or None for the module: the names that can send."""
    found: dict[Function | None, set[str]] = {}
    for function in file.each(ast.FunctionDef, ast.AsyncFunctionDef):
        for parameter, annotation in annotations(function):
            if annotation_name(tree, file, annotation) in _SENDERS:
                found.setdefault(function, set()).add(parameter.arg)
    for node in file.each(ast.Assign):
        value = node.value
        is_sender = isinstance(value, ast.Attribute) and value.attr.lstrip("_") in _SENDER_NAMES
        is_made = isinstance(value, ast.Call) and tree.name(file, value.func) in _SENDERS
        if is_sender or is_made:
            names = {item.id for item in node.targets if isinstance(item, ast.Name)}
            found.setdefault(file.function(node), set()).update(names)
    return found


@dataclass(frozen=True, slots=True)
class Trigger:
    """A procedure from whose handler an event is sent."""

    file: PythonFile
    node: ast.AST
    procedure: str
    event: str


@dataclass(slots=True)
class _Calls:
    """Which functions a function calls, and which events it sends itself."""

    callees: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)


def triggers(tree: Tree, files: list[PythonFile]) -> Iterator[Trigger]:
    """Every procedure bound in these files that reaches a send, once per event."""
    graph: dict[str, _Calls] = {}
    for file in files:
        _add_calls(tree, file, graph)
    for file in files:
        for node, procedure, handler in _bindings(tree, file):
            for event in sorted(_reached(graph, handler)):
                yield Trigger(file, node, procedure, event)


def _add_calls(tree: Tree, file: PythonFile, graph: dict[str, _Calls]) -> None:
    for call in file.each(ast.Call):
        function = file.function(call)
        if function is not None:
            callee = tree.name(file, call.func)
            graph.setdefault(_qualified(file, function), _Calls()).callees.add(callee)
    events = _events(tree, file)
    for node in sends(tree, file):
        function = file.function(node)
        if function is not None and node.attr != _SIGNAL:  # starts nothing
            name = _qualified(file, function)
            sent = events.get(function, {name})
            graph.setdefault(name, _Calls()).events.update(sent)


def _events(tree: Tree, file: PythonFile) -> dict[Function | None, set[str]]:
    """By function: the names of the event types that it makes events of."""
    found: dict[Function | None, set[str]] = {}
    for node in file.each(ast.Attribute):
        name = _event_name(tree, file, node.value) if node.attr == "event" else ""
        if name:
            found.setdefault(file.function(node), set()).add(name)
    return found


def _event_name(tree: Tree, file: PythonFile, event_type: ast.expr) -> str:
    canonical = tree.name(file, event_type)
    defined = tree.definition(canonical)
    if defined is None or not isinstance(defined[1], ast.Call):
        return ""
    where, call = defined[0], defined[1]
    if tree.name(where, call.func) != _EVENT_TYPE or not call.args:
        return ""
    return text_of(tree, where, call.args[0]) or canonical


def _bindings(tree: Tree, file: PythonFile) -> Iterator[tuple[ast.AST, str, str]]:
    """What `os.handler(procedure)(handler)` and `@os.handler(procedure)` bind."""
    for call in file.each(ast.Call):
        binder = call.func
        if isinstance(binder, ast.Call) and call.args and _binds(binder):
            procedure = tree.name(file, binder.args[0])
            yield call, procedure, tree.name(file, call.args[0])
    for function in file.each(ast.FunctionDef, ast.AsyncFunctionDef):
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and _binds(decorator):
                procedure = tree.name(file, decorator.args[0])
                yield decorator, procedure, _qualified(file, function)


def _binds(call: ast.Call) -> bool:
    is_binding = isinstance(call.func, ast.Attribute) and call.func.attr in ("handler", "stream")
    return is_binding and len(call.args) == 1


def _qualified(file: PythonFile, function: Function) -> str:
    return f"{file.module}.{function.name}"


def _reached(graph: Mapping[str, _Calls], start: str) -> set[str]:
    seen, pending, events = {start}, [start], set[str]()
    while pending:
        found = graph.get(pending.pop())
        if found is None:
            continue
        events |= found.events
        pending.extend(found.callees - seen)
        seen |= found.callees
    return events
