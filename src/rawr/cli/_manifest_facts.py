"""The manifest of an HQ as the facts that the rules of `rawr check` ask for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rawr.composition import ApiSurface, Capability, CompositionError, WorkflowSurface
from rawr.contract import ContractError, walk
from rawr.host import (
    API,
    WORKFLOWS,
    ManifestBroken,
    ManifestNotFound,
    load_manifest,
    openapi_document,
)
from rawr.openapi import OpenAPIGeneratorError
from rawr.policy import (
    CapabilityFact,
    ManifestFacts,
    ManifestUnusable,
    ProcedureFact,
    SurfaceFact,
)


def load_facts(root: Path) -> ManifestFacts:
    """What the rules need to know of the manifest in a folder.

    Raises:
        ManifestUnusable: It cannot be imported, or composes nothing.
    """
    try:
        manifest = load_manifest(root)
    except ManifestBroken as error:
        raise ManifestUnusable(f"{error.reason} ({error.place})") from error
    except (CompositionError, ManifestNotFound) as error:
        raise ManifestUnusable(f"{type(error).__name__}: {error}") from error
    openapi: dict[str, Any] = {}
    problem = ""
    try:
        openapi = openapi_document(manifest)
    except (ContractError, OpenAPIGeneratorError) as error:
        problem = str(error)
    return ManifestFacts(
        capabilities=tuple(_capability(item) for item in manifest.capabilities),
        mounts={"api": API, "workflows": WORKFLOWS},
        openapi=openapi,
        openapi_problem=problem,
    )


def _capability(capability: Capability[Any]) -> CapabilityFact:
    return CapabilityFact(name=capability.name, surfaces=tuple(_surfaces(capability)))


def _surfaces(capability: Capability[Any]) -> Iterator[SurfaceFact]:
    if capability.api is not None:
        yield _surface(capability.api)
    if capability.workflows is not None:
        yield _surface(capability.workflows)


def _surface(surface: ApiSurface[Any] | WorkflowSurface[Any]) -> SurfaceFact:
    events = surface.events if isinstance(surface, WorkflowSurface) else ()
    return SurfaceFact(
        kind="workflows" if isinstance(surface, WorkflowSurface) else "api",
        module=surface.contract.__module__,
        contract=surface.contract.__qualname__,
        procedures=tuple(_procedures(surface)),
        events=tuple(event.name for event in events),
    )


def _procedures(surface: ApiSurface[Any] | WorkflowSurface[Any]) -> Iterator[ProcedureFact]:
    for place in walk(surface.contract):
        definition = place.contract.definition
        yield ProcedureFact(
            attribute=place.attributes[-1],
            method=definition.route.effective_method,
            path=definition.route.path or "/" + "/".join(place.path),
            published=definition.published,
            errors=tuple(definition.errors),
        )
