"""What a host owns and lends to capabilities."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from rawr.coordination import Runs, Workflow
from rawr.sqlite import Database

from ._errors import CompositionError
from ._place import written_in

Ports = TypeVar("Ports")

_BEING_BOUND: Final = object()


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
    _bound: dict[Callable[..., Any], object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def package(self, provide: "Callable[[HostPorts], Ports]") -> Ports:
        """What a package's `provide` makes of these ports: made once, whoever asks.

        So a package that calls another one gets the very ports that the other one's own plugins
        got, and makes a client of them for each request.

        Raises:
            CompositionError: The packages need each other to be bound.
        """
        if self._bound.get(provide) is _BEING_BOUND:
            raise CompositionError(
                f"a package needs itself to be bound: {written_in(provide)} is asked for while it "
                "runs; let one of the packages take the other one's client as an argument instead"
            )
        if provide not in self._bound:
            self._bound[provide] = _BEING_BOUND
            try:
                self._bound[provide] = provide(self)
            except BaseException:
                del self._bound[provide]
                raise
        return cast("Ports", self._bound[provide])
