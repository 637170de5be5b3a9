"""Rules about the two envelopes: 31, 45, 46, 65."""

import ast
from collections.abc import Iterator
from typing import Final

from rawr.policy._place import Layer
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._contracts import IMPLEMENT
from ._select import annotation_name, annotations, argument, calls, derives_from, durable, plugins

_API: Final = "rawr.composition.ApiBoundary"
_WORKFLOW: Final = "rawr.composition.WorkflowBoundary"
_OWN_BOUNDARY: Final = {"api": _API, "workflows": _WORKFLOW}
_BOUNDARIES: Final = frozenset({_API, _WORKFLOW})
_DURABLE: Final = frozenset({"inngest.Context", "inngest.ContextSync"})
_SURFACES: Final = (
    "rawr.composition.define_api_surface",
    "rawr.composition.define_workflow_surface",
)


def _contexts_in_context(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.PACKAGE, Layer.PLUGIN):
        if file.place.role in ("context", "domain"):
            continue
        for node in file.each(ast.ClassDef):
            if node.name.endswith("Context"):
                yield file.finding(node, f"{node.name} is declared outside context.py")
        for call in calls(tree, file, {IMPLEMENT}):
            context = argument(call, 1, "context")
            found = tree.definition(tree.name(file, context))
            is_elsewhere = found is not None and found[0].place.role != "context"
            if is_elsewhere and not tree.name(file, context).endswith("Context"):
                yield file.finding(context, "the context of this router is not from context.py")


def _runtime_context(tree: Tree) -> Iterator[Finding]:
    for file in durable(tree):
        for imported in file.imports:
            target = tree.target(imported)
            is_context = target is not None and target.place.role == "context"
            is_plugin = target is not None and target.place.layer is Layer.PLUGIN
            if tree.canonical(imported.dotted) in _BOUNDARIES or (is_context and is_plugin):
                message = f"a durable function imports the request context {imported.dotted}"
                yield file.finding(imported.node, message)
    for file in plugins(tree, "workflows"):
        for node in file.each(ast.Attribute):
            if node.attr == "create_function" and _captures_request(tree, file, node):
                yield file.finding(node, "a durable function is made inside a request")


def _captures_request(tree: Tree, file: PythonFile, node: ast.AST) -> bool:
    for function in file.functions(node):
        for _, annotation in annotations(function):
            name = annotation_name(tree, file, annotation)
            found = tree.definition(name)
            if name in _BOUNDARIES or (found is not None and found[0].place.role == "context"):
                return True
    return False


def _two_envelopes(tree: Tree) -> Iterator[Finding]:
    used: dict[str, str] = {}
    for file in sorted(plugins(tree, "api", "workflows"), key=lambda file: file.path):
        for call in calls(tree, file, {IMPLEMENT}):
            context = argument(call, 1, "context")
            name = tree.name(file, context)
            if name and used.setdefault(name, file.place.kind) != file.place.kind:
                yield file.finding(context, f"{name.rpartition('.')[2]} serves both boundaries")
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN):
        for node in file.each(ast.ClassDef):
            if sum(derives_from(tree, file, node, {root}) for root in _envelopes()) > 1:
                yield file.finding(node, f"{node.name} is two envelopes at once")
        for union in file.each(ast.BinOp):
            if isinstance(union.op, ast.BitOr) and len(_sides(tree, file, union)) > 1:
                yield file.finding(union, "this type accepts either envelope")


def _envelopes() -> frozenset[str]:
    return _BOUNDARIES | _DURABLE


def _sides(tree: Tree, file: PythonFile, union: ast.BinOp) -> set[str]:
    names = {tree.name(file, side) for side in (union.left, union.right)} & _envelopes()
    # The engine's two spellings of one envelope are one side.
    return {min(_DURABLE) if name in _DURABLE else name for name in names}


def _own_factory(tree: Tree) -> Iterator[Finding]:
    for file in plugins(tree, "api", "workflows"):
        own = _OWN_BOUNDARY[file.place.kind]
        for imported in file.imports:
            if tree.canonical(imported.dotted) in _BOUNDARIES - {own}:
                message = f"the {file.place.kind} plugin takes {imported.name}"
                yield file.finding(imported.node, message)
    for file in tree.python():
        for call in calls(tree, file, _SURFACES):
            yield from _factory_of(tree, file, call)


def _factory_of(tree: Tree, file: PythonFile, call: ast.Call) -> Iterator[Finding]:
    kind = "api" if tree.name(file, call.func) == _SURFACES[0] else "workflows"
    factory = argument(call, 2, "create_context")
    found = tree.definition(tree.name(file, factory))
    if found is None:
        return
    where = found[0].place
    if where.layer is Layer.PLUGIN and (where.kind, where.role) != (kind, "context"):
        yield file.finding(factory, f"the context comes from {found[0].module}")


RULES: Final = (
    Rule(
        number=31,
        title="Context types live in context.py; routers use them",
        reason="a context declared twice is two contexts that drift apart",
        fix="move the class to context.py of the same folder, and import it",
        source=_contexts_in_context,
    ),
    Rule(
        number=45,
        title="Durable functions take their context from the engine",
        reason="the request is long gone when a step runs again",
        fix="read what you need from the event, and act as the package's system client",
        source=_runtime_context,
    ),
    Rule(
        number=46,
        title="There are two envelopes, never one universal context",
        reason="a context that fits both sides lets each do what only the other may",
        fix="declare one context per boundary, each in its own plugin's context.py",
        source=_two_envelopes,
    ),
    Rule(
        number=65,
        title="The workflow boundary has its own context, built by its own factory",
        reason="the RPC context cannot dispatch, and the API must not be able to",
        fix="take WorkflowBoundary in plugins/workflows/<capability>/context.py and ApiBoundary "
        "in plugins/api/<capability>/context.py",
        source=_own_factory,
    ),
)
