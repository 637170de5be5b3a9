"""Rules about contracts and where they live: 12, 24, 25, 33."""

import ast
from collections.abc import Iterator
from typing import Final

from rawr.policy._facts import ManifestFacts
from rawr.policy._place import Layer
from rawr.policy._python import Function, PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._io import io_uses
from ._select import (
    ADAPTERS,
    CONTRACT_ROOT,
    SCHEMA_ROOTS,
    argument,
    boundary,
    calls,
    classes,
    is_contract_module,
    located,
    plugins,
    starts_with,
)

IMPLEMENT: Final = "rawr.procedure.implement"
_SURFACES: Final = {
    "rawr.composition.define_api_surface": "api",
    "rawr.composition.define_workflow_surface": "workflows",
}
_BARE_PROCEDURES: Final = frozenset({"rawr.procedure.Procedure", "rawr.procedure.Router"})
_BRANCHES: Final = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.Match)


def _contract_first(tree: Tree) -> Iterator[Finding]:
    for file in boundary(tree):
        for call in calls(tree, file, _BARE_PROCEDURES):
            yield file.finding(call, "a procedure is made by hand, past its contract")
        for call in calls(tree, file, {IMPLEMENT, *_SURFACES}):
            contract = argument(call, 0, "contract")
            found = tree.definition(tree.name(file, contract))
            if found is not None and not _declares_contracts(found[0]):
                message = f"the contract comes from {found[0].module}, which is no contract module"
                yield file.finding(contract, message)


def _declares_contracts(file: PythonFile) -> bool:
    return is_contract_module(file) or file.place.layer is Layer.OTHER


def _contract_places(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN, Layer.MANIFEST, Layer.HOST):
        is_reexport = file.place.kind == "workflows" and file.place.inner == ("contract",)
        if is_reexport:
            yield from _only_reexports(tree, file)
        for node in classes(tree, file, CONTRACT_ROOT):
            if file.place.inner == ("procedures", "contract") and _has_prefix(node):
                yield file.finding(node, f"{node.name} is a boundary contract in a package")
            elif not is_reexport and not _may_declare(file, node):
                yield file.finding(node, f"{node.name} is declared outside a contract module")


def _may_declare(file: PythonFile, node: ast.ClassDef) -> bool:
    """Contract modules declare; the manifest may nest what they declared."""
    is_nesting = not any(isinstance(item, ast.Assign) for item in node.body)
    return is_contract_module(file) or (file.place.layer is Layer.MANIFEST and is_nesting)


def _has_prefix(node: ast.ClassDef) -> bool:
    return any(keyword.arg in ("prefix", "publish") for keyword in node.keywords)


def _only_reexports(tree: Tree, file: PythonFile) -> Iterator[Finding]:
    canonical = f"packages.{file.place.capability}.workflows.contract"
    for node in file.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_inert(node):
            continue
        yield file.finding(node, f"this module re-exports {canonical} and defines nothing")
    for imported in file.imports:
        is_canonical = tree.canonical(imported.dotted).startswith(canonical + ".")
        if not is_canonical and imported.module not in ("__future__", "typing"):
            yield file.finding(imported.node, f"only {canonical} is re-exported here")


def _is_inert(node: ast.stmt) -> bool:
    """True for a docstring and for `__all__`."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return all(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _canonical_contracts(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    for capability in facts.capabilities:
        owners = {
            "workflows": f"packages.{capability.name}.workflows.contract",
            "api": f"plugins.api.{capability.name}.contract",
        }
        for surface in capability.surfaces:
            if surface.module != owners[surface.kind]:
                message = (
                    f"the {surface.kind} contract of {capability.name} is defined in "
                    f"{surface.module}, not in {owners[surface.kind]}"
                )
                yield located(tree, message, module=surface.module, contract=surface.contract)


def _package_owns_schemas(tree: Tree) -> Iterator[Finding]:
    for file in plugins(tree, "workflows"):
        if file.place.is_boundary and file.place.role != "contract":
            for node in classes(tree, file, SCHEMA_ROOTS):
                yield file.finding(node, f"{node.name} is declared in the workflow plugin")
    for file in tree.python(Layer.PACKAGE):
        yield from _no_execution(file)
        if file.place.inner == ("workflows", "contract"):
            for use in io_uses(tree, file):
                if use.declared_in is not None and use.declared_in.place.role == "domain":
                    message = f"{use.name} belongs to the workflow contract, not to the domain"
                    yield file.finding(use.node, message)


def _no_execution(file: PythonFile) -> Iterator[Finding]:
    inner = file.place.inner
    if inner[:1] == ("workflows",) and inner[1:] not in (("contract",), ("__init__",)):
        yield file.finding(None, "packages/<capability>/workflows holds contract.py alone")
    for imported in file.imports:
        is_sdk = imported.dotted.partition(".")[0] == "inngest"
        if is_sdk and not starts_with(imported.dotted, ADAPTERS):
            yield file.finding(imported.node, "a package imports the engine's SDK")


def _router_binds(tree: Tree) -> Iterator[Finding]:
    for file in plugins(tree, "api", "workflows"):
        if file.place.inner == ("router",):
            for function in file.each(ast.FunctionDef, ast.AsyncFunctionDef):
                yield from _router_function(file, function)
            for node in file.each(ast.Lambda):
                if not _passes_through(node.body):
                    yield file.finding(node, "a lambda in the router maps values")


def _router_function(file: PythonFile, function: Function) -> Iterator[Finding]:
    branch = next((node for node in ast.walk(function) if isinstance(node, _BRANCHES)), None)
    if branch is not None:
        yield file.finding(branch, f"{function.name} decides something in the router")
    elif isinstance(function, ast.AsyncFunctionDef) and not _is_pass_through(function):
        yield file.finding(function, f"{function.name} does more than pass its call on")


def _is_pass_through(function: Function) -> bool:
    body = [node for node in function.body if not _is_inert(node) or isinstance(node, ast.Assign)]
    return (
        len(body) == 1
        and isinstance(body[0], ast.Return | ast.Expr)
        and body[0].value is not None
        and _passes_through(body[0].value)
    )


def _passes_through(value: ast.expr) -> bool:
    """True for `await operation(context, input)`: a call of plain names."""
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return False
    given = (*value.args, *(item.value for item in value.keywords))
    return all(isinstance(item, ast.Name | ast.Attribute) for item in given)


RULES: Final = (
    Rule(
        number=12,
        title="Boundary procedures are contract-first",
        reason="what has no contract has no client, no document and no typed errors",
        fix="declare the procedure in the contract module and bind it with implement(...)",
        source=_contract_first,
    ),
    Rule(
        number=24,
        title="The workflow contract lives in packages/<capability>/workflows/contract.py and is "
        "re-exported by its plugin; the API contract lives in plugins/api/<capability>/contract.py",
        reason="a contract with two homes is two contracts",
        fix="move the contract to its module; plugins/workflows/<capability>/contract.py imports "
        "it from the package and lists it in __all__",
        source=_contract_places,
        manifest=_canonical_contracts,
    ),
    Rule(
        number=25,
        title="Trigger and status schemas belong to the package's workflow contract; the package "
        "mounts, dispatches and executes nothing",
        reason="the contract is what callers share, the plugin is what runs",
        fix="move schemas to packages/<capability>/workflows/contract.py, and routers, dispatch "
        "and durable functions to plugins/workflows/<capability>",
        source=_package_owns_schemas,
    ),
    Rule(
        number=33,
        title="Boundary behaviour is in operations/; the router only binds",
        reason="mapping hidden in a router is found by nobody who looks for it",
        fix="move the body to a function in operations/ and bind that",
        source=_router_binds,
    ),
)
