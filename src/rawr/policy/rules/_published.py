"""Rules about what is published: 6, 11, 13, 43."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rawr.policy._facts import CapabilityFact, ManifestFacts, ProcedureFact, SurfaceFact
from rawr.policy._report import Finding
from rawr.policy._rule import Rule
from rawr.policy._tree import Tree

from ._callers import INGRESS
from ._select import located

_METHODS: Final = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "trace"})
_MAX_SCHEMA_DEPTH: Final = 64
_SLASHES: Final = re.compile("/{2,}")


def _surfaces(
    facts: ManifestFacts,
) -> Iterator[tuple[CapabilityFact, SurfaceFact, ProcedureFact]]:
    for capability in facts.capabilities:
        for surface in capability.surfaces:
            for procedure in surface.procedures:
                yield capability, surface, procedure


def _operations(facts: ManifestFacts) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in facts.openapi.get("paths", {}).items():
        for method, operation in item.items():
            if method in _METHODS:
                yield method.upper(), path, operation


def _at(tree: Tree, surface: SurfaceFact, procedure: ProcedureFact, message: str) -> Finding:
    return located(
        tree,
        message,
        module=surface.module,
        contract=surface.contract,
        attribute=procedure.attribute,
    )


def _no_ingress(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    for _, path, _ in _operations(facts):
        if path == INGRESS or path.startswith(INGRESS + "/"):
            yield located(tree, f"the published document contains {path}")


def _allow_list(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    shown = {(method, path) for method, path, _ in _operations(facts)}
    known: set[tuple[str, str]] = set()
    for _, surface, procedure in _surfaces(facts):
        address = (procedure.method, _effective(facts, surface, procedure))
        known.add(address)
        if address in shown and not procedure.published:
            message = f"{procedure.attribute} is internal, and in the published document"
            yield _at(tree, surface, procedure, message)
    own = (INGRESS, "/rpc")
    for method, path in sorted(shown - known):
        if not path.startswith(own):
            yield located(tree, f"{method} {path} is published by no contract of a surface")


def _effective(facts: ManifestFacts, surface: SurfaceFact, procedure: ProcedureFact) -> str:
    path = _SLASHES.sub("/", procedure.path).rstrip("/")  # as the document writes it
    return facts.mounts[surface.kind] + path.replace("{+", "{")


def _capability_first(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    for capability, surface, procedure in _surfaces(facts):
        first = procedure.path.split("/")[1] if "/" in procedure.path else ""
        if surface.kind == "workflows" and first.replace("-", "_") != capability.name:
            message = f"{procedure.attribute} is at {procedure.path}, not below /{capability.name}"
            yield _at(tree, surface, procedure, message)


def _not_degraded(tree: Tree, facts: ManifestFacts) -> Iterator[Finding]:
    if facts.openapi_problem:
        yield located(tree, f"the document cannot be generated: {facts.openapi_problem}")
        return
    shown = {(method, path): operation for method, path, operation in _operations(facts)}
    for _, surface, procedure in _surfaces(facts):
        if not procedure.published:
            continue
        operation = shown.get((procedure.method, _effective(facts, surface, procedure)))
        if operation is None:
            yield _at(tree, surface, procedure, f"{procedure.attribute} is not in the document")
        elif _is_degraded(facts.openapi, operation):
            message = f"{procedure.attribute} is published with an empty schema"
            yield _at(tree, surface, procedure, message)


def _is_degraded(document: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    bodies = [operation.get("requestBody", {})]
    bodies += [
        response
        for status, response in operation.get("responses", {}).items()
        if str(status).startswith("2")
    ]
    schemas = [
        media.get("schema", {}) for body in bodies for media in body.get("content", {}).values()
    ]
    schemas += [item.get("schema", {}) for item in operation.get("parameters", ())]
    return any(_is_empty(document, schema, 0) for schema in schemas)


def _is_empty(document: Mapping[str, Any], schema: object, depth: int) -> bool:
    """True if a schema, or one it refers to, accepts anything."""
    if not isinstance(schema, Mapping) or depth > _MAX_SCHEMA_DEPTH:
        return schema is True
    reference = schema.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        found = document.get("components", {}).get("schemas", {}).get(name)
        return found is None or (depth == 0 and _is_empty(document, found, depth + 1))
    if not schema.keys() - {"description", "title", "default", "deprecated", "examples"}:
        return True
    nested = (*schema.get("properties", {}).values(), *_list(schema.get("items")))
    return any(_is_empty(document, item, depth + 1) for item in nested)


def _list(item: object) -> tuple[object, ...]:
    return () if item is None or isinstance(item, bool) else (item,)


RULES: Final = (
    Rule(
        number=6,
        title="/api/inngest is absent from what is published",
        reason="publishing the engine's entrance invites callers to it",
        fix="leave the ingress out of the document; only contracts are published",
        manifest=_no_ingress,
    ),
    Rule(
        number=11,
        title="The published document is built from published procedures of the surfaces alone",
        reason="what is published once is relied upon for good",
        fix="publish the procedure in its contract, or keep it out of the document",
        manifest=_allow_list,
    ),
    Rule(
        number=13,
        title="Workflow routes are capability-first",
        reason="the path says whose workflow it is before any payload is read",
        fix='give the contract the prefix of its capability: class X(Contract, prefix="/name")',
        manifest=_capability_first,
    ),
    Rule(
        number=43,
        title="The OpenAPI document comes from the composed contracts, schemas intact",
        reason="an empty schema tells callers that anything goes",
        fix="declare a Schema for input and output instead of Any, object or a bare dict",
        manifest=_not_degraded,
    ),
)
