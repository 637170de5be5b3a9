"""What a host owns while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp

from rawr.composition import BoundManifest, InngestFunction, Manifest
from rawr.coordination import Coordination

from ._engine import EngineBundle
from ._readiness import Readiness
from ._settings import Settings
from .identity import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the mounts are built on."""

    settings: Settings
    manifest: Manifest
    bound: BoundManifest
    bundle: EngineBundle
    functions: Sequence[InngestFunction]
    ingress: ASGIApp
    """Where an Inngest server calls these functions."""
    coordination: Coordination
    access: Access
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    readiness: Readiness
    on_access_changed: Callable[[], None]
    """To be told when somebody may do less than before."""
