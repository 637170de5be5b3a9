"""What a host owns while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import inngest

from rawr.composition import BoundManifest, InngestFunction, Manifest
from rawr.coordination import Coordination
from rawr.durable.engine import Engine

from ._readiness import Readiness
from ._settings import Settings
from .identity import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineBundle:
    """The one engine of the process with its one client."""

    engine: Engine
    client: inngest.Inngest


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the mounts are built on."""

    settings: Settings
    manifest: Manifest
    bound: BoundManifest
    bundle: EngineBundle
    functions: Sequence[InngestFunction]
    coordination: Coordination
    access: Access
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    readiness: Readiness
    on_access_changed: Callable[[], None]
    """To be told when somebody may do less than before."""
