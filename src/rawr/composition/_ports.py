"""What a host owns and lends to capabilities."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rawr.coordination import Runs, Workflow
from rawr.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPorts:
    """Host-owned resources a package may be bound to. Nothing here can dispatch."""

    runs: Callable[[Workflow], Runs]
    """The runs of a workflow: registered, moved along, read."""
    database: Database
    """The HQ's own database; a capability keeps its tables there (see its migrations)."""
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    """Fresh, sortable, path-safe ids (ULIDs)."""
