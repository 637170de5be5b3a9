"""What a check needs to know of a loaded manifest. Whoever loads one hands it in as this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

SurfaceKind: TypeAlias = Literal["api", "workflows"]


class ManifestUnusable(Exception):
    """The manifest cannot be loaded; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureFact:
    """A procedure of a surface, at its place in the contract."""

    attribute: str
    """Its name in the contract class."""
    method: str
    path: str
    """Without the prefix of the mount."""
    published: bool
    errors: tuple[str, ...]
    """The codes it declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceFact:
    """A surface of a capability."""

    kind: SurfaceKind
    module: str
    """The module that defines its contract."""
    contract: str
    """The name of the contract class in it."""
    procedures: tuple[ProcedureFact, ...]
    events: tuple[str, ...] = ()
    """What its triggers emit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityFact:
    """A capability of the manifest."""

    name: str
    surfaces: tuple[SurfaceFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFacts:
    """A manifest, and the OpenAPI document that is published from it."""

    capabilities: tuple[CapabilityFact, ...]
    mounts: Mapping[SurfaceKind, str]
    """Where each kind of surface is mounted."""
    openapi: Mapping[str, Any]
    openapi_problem: str = ""
    """Why the document could not be generated; it is empty then."""


ManifestLoader: TypeAlias = Callable[[Path], ManifestFacts]
"""Loads the manifest of the HQ in a folder. Raises `ManifestUnusable`."""
