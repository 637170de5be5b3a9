"""Picking files, calls and classes out of a tree: what several families of rules ask."""

import ast
from collections.abc import Callable, Collection, Iterator
from typing import Final

from rawr.policy._browser import ScriptFile
from rawr.policy._place import MANIFEST_FILE, Layer
from rawr.policy._python import Function, PythonFile
from rawr.policy._report import Finding
from rawr.policy._tree import Tree

SCHEMA_ROOTS: Final = frozenset({"rawr.schema.Schema", "pydantic.BaseModel", "msgspec.Struct"})
CONTRACT_ROOT: Final = frozenset({"rawr.contract.Contract"})
ADAPTERS: Final = (
    "inngest.connect",
    "inngest.digital_ocean",
    "inngest.django",
    "inngest.fast_api",
    "inngest.flask",
    "inngest.tornado",
)
"""What serves durable functions over HTTP."""
HOST_MODULES: Final = ("rawr.cli", "rawr.host", "rawr.server")
_MAX_ANCESTORS: Final = 64
_MAX_PARTS: Final = 32
"""How deep a sum of strings is followed."""
CALL: Final = "rawr.procedure.Call"
NEXT: Final = "rawr.procedure.Next"


def plugins(tree: Tree, *kinds: str) -> Iterator[PythonFile]:
    """The Python files of plugins of some kinds."""
    return (file for file in tree.python(Layer.PLUGIN) if file.place.kind in kinds)


def boundary(tree: Tree) -> Iterator[PythonFile]:
    """The request side of API and workflow plugins."""
    return (file for file in tree.python(Layer.PLUGIN) if file.place.is_boundary)


def durable(tree: Tree) -> Iterator[PythonFile]:
    """The durable functions and adapters of plugins."""
    return (file for file in tree.python(Layer.PLUGIN) if file.place.is_durable)


def domain(tree: Tree) -> Iterator[PythonFile]:
    """The domain modules of packages."""
    return (file for file in tree.python(Layer.PACKAGE) if file.place.role == "domain")


def procedures(tree: Tree) -> Iterator[PythonFile]:
    """The procedures of packages, their contract left out."""
    for file in tree.python(Layer.PACKAGE):
        if file.place.role == "procedures" and file.place.inner[-1] != "contract":
            yield file


def web_scripts(tree: Tree) -> Iterator[ScriptFile]:
    """The scripts of micro-frontends."""
    for script in tree.scripts:
        if script.place.layer is Layer.PLUGIN and script.place.kind == "web":
            yield script


def is_contract_module(file: PythonFile) -> bool:
    """True for a module that may declare contracts."""
    place = file.place
    if place.layer is Layer.PACKAGE:
        return place.inner in (("workflows", "contract"), ("procedures", "contract"))
    return place.layer is Layer.PLUGIN and place.inner == ("contract",)


def calls(tree: Tree, file: PythonFile, names: Collection[str]) -> Iterator[ast.Call]:
    """The calls of functions by canonical name."""
    return (call for call in file.each(ast.Call) if tree.name(file, call.func) in names)


def strings(file: PythonFile) -> Iterator[tuple[ast.Constant, str]]:
    """Every string constant that is no docstring."""
    for node in file.each(ast.Constant):
        if isinstance(node.value, str):
            yield node, node.value


def saying(
    tree: Tree, file: PythonFile, is_meant: Callable[[str], bool]
) -> Iterator[tuple[ast.expr, str]]:
    """The strings that say something, whole or assembled from parts; each place once."""
    told: set[ast.AST] = set()
    for node, text in strings(file):
        if is_meant(text):
            told.add(node)
            yield node, text
    for composite in file.each(ast.BinOp, ast.JoinedStr):
        text = text_of(tree, file, composite) or ""
        if is_meant(text) and told.isdisjoint(ast.walk(composite)) and composite not in told:
            told.update(ast.walk(composite))
            yield composite, text


def text_of(
    tree: Tree, file: PythonFile, node: ast.AST | None, *, depth: int = _MAX_PARTS
) -> str | None:
    """The string an expression stands for: a literal, a name that is assigned one, or a sum."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if depth == 0:
        return None
    if isinstance(node, ast.JoinedStr):
        parts = [
            part.value if isinstance(part, ast.FormattedValue) else part for part in node.values
        ]
        return "".join(text_of(tree, file, part, depth=depth - 1) or "{}" for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [text_of(tree, file, side, depth=depth - 1) for side in (node.left, node.right)]
        return None if sides == [None, None] else "".join(side or "{}" for side in sides)
    found = tree.definition(tree.name(file, node))
    if found is not None and isinstance(found[1], ast.Constant):
        return text_of(tree, *found)
    return None


def argument(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    """An argument by position or by keyword."""
    named = next((item.value for item in call.keywords if item.arg == keyword), None)
    if named is not None:
        return named
    return call.args[position] if len(call.args) > position else None


def annotations(function: Function) -> Iterator[tuple[ast.arg, ast.expr]]:
    """The annotated parameters of a function."""
    spec = function.args
    for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
        if parameter.annotation is not None:
            yield parameter, parameter.annotation


def annotation_name(tree: Tree, file: PythonFile, annotation: ast.expr) -> str:
    """The canonical name of an annotation, without its type arguments."""
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    return tree.name(file, annotation)


def derives_from(tree: Tree, file: PythonFile, node: ast.ClassDef, roots: Collection[str]) -> bool:
    """True if a class has one of the roots among its bases, at whatever distance."""
    seen: set[ast.ClassDef] = set()
    pending = [(file, node)]
    while pending and len(seen) < _MAX_ANCESTORS:
        where, current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        for base in current.bases:
            name = annotation_name(tree, where, base)
            if name in roots:
                return True
            found = tree.definition(name)
            if found is not None and isinstance(found[1], ast.ClassDef):
                pending.append((found[0], found[1]))
    return False


def classes(tree: Tree, file: PythonFile, roots: Collection[str]) -> Iterator[ast.ClassDef]:
    """The classes of a file that derive from one of the roots."""
    return (node for node in file.each(ast.ClassDef) if derives_from(tree, file, node, roots))


def fields(node: ast.ClassDef) -> frozenset[str]:
    """The annotated attributes of a class."""
    return frozenset(
        item.target.id
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    )


def middlewares(tree: Tree, file: PythonFile) -> Iterator[Function]:
    """The boundary middleware of a file: functions that take a call and what comes next."""
    for function in file.each(ast.FunctionDef, ast.AsyncFunctionDef):
        taken = {annotation_name(tree, file, found) for _, found in annotations(function)}
        if {CALL, NEXT} <= taken:
            yield function


def within(function: ast.AST, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function's body, functions nested in it left out."""
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        if isinstance(node, kinds):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def starts_with(dotted: str, prefixes: Collection[str]) -> bool:
    """True if a dotted name is one of the prefixes, or inside one."""
    return any(dotted == prefix or dotted.startswith(prefix + ".") for prefix in prefixes)


def located(
    tree: Tree, message: str, *, module: str = "", contract: str = "", attribute: str = ""
) -> Finding:
    """A finding at a procedure or a contract, or in the manifest if neither is found."""
    file = tree.modules.get(module)
    if file is None:
        file = tree.modules.get("rawr_hq")
        return file.finding(None, message) if file else Finding(MANIFEST_FILE, 1, 1, message)
    node = file.definitions.get(contract)
    if isinstance(node, ast.ClassDef):
        for item in node.body:
            if isinstance(item, ast.Assign) and attribute in _targets(item):
                return file.finding(item, message)
    return file.finding(node, message)


def _targets(node: ast.Assign) -> set[str]:
    return {target.id for target in node.targets if isinstance(target, ast.Name)}
