"""Rules about the host and the manifest: 56, 61, 67, 72."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from rawr.policy._facts import ManifestFacts
from rawr.policy._place import Layer
from rawr.policy._python import PythonFile
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Metadata, Tree

from ._select import argument, boundary, calls, located, plugins, procedures, strings, text_of

_COMPOSE: Final = frozenset({"rawr.composition.compose_capabilities"})
_DEFINES: Final = {
    "rawr.composition.define_api_surface": "api",
    "rawr.composition.define_workflow_surface": "workflows",
}
_LEGACY: Final = frozenset(
    {"channel", "publishTier", "publish_tier", "published", "templateRole", "template_role"}
)
_DECLARATIONS: Final = frozenset({*_DEFINES, "rawr.composition.define_capability"})
_METADATA_NAME: Final = re.compile(r"(?i)_*(rawr|plugin|metadata|meta|manifest)(_\w+)?")
_FRAMEWORK_CODES: Final = frozenset({"BAD_REQUEST", "INTERNAL_SERVER_ERROR"})
_UNTYPED: Final = frozenset(
    {
        "ArithmeticError",
        "AssertionError",
        "BaseException",
        "Exception",
        "KeyError",
        "LookupError",
        "OSError",
        "PermissionError",
        "RuntimeError",
        "TypeError",
        "ValueError",
        "fastapi.HTTPException",
        "starlette.exceptions.HTTPException",
    }
)


def _host_owns_client(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.SHARED, Layer.PACKAGE, Layer.PLUGIN, Layer.MANIFEST):
        for call in calls(tree, file, {"inngest.Inngest"}):
            yield file.finding(call, f"a {file.place.layer.value} constructs the engine's client")


def _sole_authority(tree: Tree) -> Iterator[Finding]:
    capabilities = _capability_folders(tree)
    for file in tree.python():
        if file.place.layer is not Layer.MANIFEST:
            for call in calls(tree, file, _COMPOSE):
                yield file.finding(call, "capabilities are composed outside rawr_hq.py")
        elif "manifest" not in file.definitions and "manifest" not in file.bindings:
            yield file.finding(None, "rawr_hq.py defines no manifest")
    for file in tree.python(Layer.HOST):
        for node, text in strings(file):
            words = set(re.findall(r"\w+", text)) & capabilities
            if words and re.fullmatch(r"[\w./:-]+", text):
                yield file.finding(node, f"the host names the capability {min(words)}")


def _capability_folders(tree: Tree) -> set[str]:
    return {
        file.place.capability
        for file in tree.python(Layer.PACKAGE, Layer.PLUGIN)
        if file.place.capability and file.place.inner
    }


def _all_composed(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    composed = {
        (surface.kind, capability.name)
        for capability in facts.capabilities
        for surface in capability.surfaces
    }
    first: dict[tuple[str, str], PythonFile] = {}
    for file in sorted(plugins(tree, "api", "workflows"), key=lambda file: file.path):
        if file.place.inner:
            first.setdefault((file.place.kind, file.place.capability), file)
    for (kind, name), file in first.items():
        if (kind, name) not in composed:
            message = f"plugins/{kind}/{name} is in no capability of the manifest"
            yield file.finding(None, message)


def _typed_errors(tree: Tree) -> Iterator[Finding]:
    for file in (*boundary(tree), *procedures(tree)):
        if file.place.role == "contract":
            continue
        for node in file.each(ast.Raise):
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = tree.name(file, error)
            if name in _UNTYPED:
                yield file.finding(node, f"{name} reaches the caller as a bare 500")
            elif name == "rawr.contract.ORPCError" and isinstance(node.exc, ast.Call):
                code = text_of(tree, file, argument(node.exc, 0, "code"))
                if code not in _FRAMEWORK_CODES:
                    yield file.finding(node, f"the code {code} is raised without a declaration")


def _declared_errors(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    for capability in facts.capabilities:
        for surface in capability.surfaces:
            for procedure in surface.procedures:
                if not procedure.errors:
                    yield located(
                        tree,
                        f"{procedure.attribute} declares no errors, not even who may call it",
                        module=surface.module,
                        contract=surface.contract,
                        attribute=procedure.attribute,
                    )


def _metadata(tree: Tree) -> Iterator[Finding]:
    for file in tree.python(Layer.PACKAGE, Layer.PLUGIN, Layer.MANIFEST):
        yield from _legacy_keywords(tree, file)
        yield from _wrong_builder(tree, file)
        yield from _legacy_keys(file)
    for kind in ("api", "workflows"):
        for file in plugins(tree, kind):
            if file.place.inner == ("__init__",) and not _declares_surface(tree, file, kind):
                yield file.finding(None, f"this {kind} plugin declares no surface")
    for metadata in tree.metadata:
        if metadata.place.layer is Layer.PLUGIN:
            yield from _metadata_file(metadata)


def _legacy_keys(file: PythonFile) -> Iterator[Finding]:
    for name, node in file.definitions.items():
        if isinstance(node, ast.Dict) and _METADATA_NAME.fullmatch(name):
            for key in node.keys:
                if isinstance(key, ast.Constant) and key.value in _LEGACY:
                    yield file.finding(key, f"{key.value} is a legacy key")


def _declares_surface(tree: Tree, init: PythonFile, kind: str) -> bool:
    names = {name for name, builds in _DEFINES.items() if builds == kind}
    return any(
        any(calls(tree, file, names))
        for file in plugins(tree, kind)
        if file.place.capability == init.place.capability
    )


def _legacy_keywords(tree: Tree, file: PythonFile) -> Iterator[Finding]:
    for call in file.each(ast.Call):
        is_meta = isinstance(call.func, ast.Attribute) and call.func.attr == "meta"
        if is_meta or tree.name(file, call.func) in _DECLARATIONS:
            for keyword in call.keywords:
                if keyword.arg in _LEGACY:
                    yield file.finding(keyword.value, f"{keyword.arg} is a legacy key")


def _wrong_builder(tree: Tree, file: PythonFile) -> Iterator[Finding]:
    if file.place.layer is not Layer.PLUGIN or file.place.kind not in _DEFINES.values():
        return
    for call in calls(tree, file, _DEFINES):
        kind = _DEFINES[tree.name(file, call.func)]
        if kind != file.place.kind:
            yield file.finding(call, f"plugins/{file.place.kind} declares a {kind} surface")


def _metadata_file(metadata: Metadata) -> Iterator[Finding]:
    content: Any = metadata.content
    if metadata.path.endswith(".toml"):
        content = content.get("tool", {})
    found = content.get("rawr", {}) if isinstance(content, Mapping) else {}
    declared: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    _, kind, capability, *_ = (*PurePosixPath(metadata.path).parts[:-1], "", "", "")
    for key in sorted(_LEGACY & (declared.keys() | metadata.content.keys())):
        yield metadata.finding(key, f"{key} is a legacy key")
    for key, expected in (("kind", kind), ("capability", capability)):
        if declared.get(key) != expected:
            yield metadata.finding(key, f"rawr.{key} is {declared.get(key)!r}, not {expected!r}")


def _names_match(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    folders = _capability_folders(tree)
    for capability in facts.capabilities:
        if folders and capability.name not in folders:
            yield located(tree, f"the capability {capability.name} has no folder of that name")


RULES: Final = (
    Rule(
        number=56,
        title="The host owns the engine's client and passes it on",
        reason="functions of a second client are registered nowhere",
        fix="take the client as an argument: create_functions(client, ports)",
        source=_host_owns_client,
    ),
    Rule(
        number=61,
        title="rawr_hq.py is the sole composition authority; a new capability edits no host",
        reason="a capability composed elsewhere, or nowhere, is invisible to every check",
        fix="name the capability in compose_capabilities([...]) in rawr_hq.py, and nowhere else",
        source=_sole_authority,
        manifest=_all_composed,
    ),
    Rule(
        number=67,
        title="API errors are typed: code and status",
        reason="a caller can only handle what the contract names",
        fix="declare a TypedError in the contract with .errors(...), and raise that",
        source=_typed_errors,
        manifest=_declared_errors,
    ),
    Rule(
        number=72,
        title="Plugins are known by kind and capability, and by no legacy key",
        reason="a flag that repeats what the folder says will one day say something else",
        fix="declare the surface of the folder's kind in __init__.py; in metadata files keep "
        "rawr.kind and rawr.capability only",
        source=_metadata,
        manifest=_names_match,
    ),
)
