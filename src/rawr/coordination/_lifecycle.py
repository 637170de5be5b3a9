"""Which statuses a workflow's runs have and how they follow each other, as data.

A lifecycle is a table from each status to the statuses it may become. A status that leads nowhere
is terminal. Reaching the status one is already in is always allowed and changes nothing, because a
durable step that is retried must find its own earlier effect acceptable.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final


class Verdict(Enum):
    """What the lifecycle says of a wanted status."""

    CHANGE = "change"
    NO_CHANGE = "no-change"
    ILLEGAL = "illegal"


class Outcome(Enum):
    """How the engine's run of a function ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


_OUTCOMES: Final[Mapping[Outcome, tuple[str, ...]]] = {
    Outcome.COMPLETED: ("completed",),
    Outcome.FAILED: ("failed",),
    Outcome.CANCELED: ("canceled", "cancelled", "failed"),
}
"""The usual names of terminal statuses."""


class Lifecycle:
    """A transition table.

    ```python
    Lifecycle(
        initial="queued",
        transitions={"queued": ["running", "failed"], "running": ["completed", "failed"],
                     "completed": [], "failed": []},
    )
    ```

    `event_types` names the timeline event a status is reached by (default `run.<status>`);
    `dispatchable` are the statuses in which a registered run may be dispatched (default: the
    initial one).

    `outcomes` says what an open run becomes when its function has ended (default: the terminal
    status `completed`, `failed` or `canceled`, where there is one); what is left out leaves the
    run open, for workflows that go on in another function.

    Raises:
        ValueError: the table names a status it does not declare, or has no terminal one, or an
            outcome is not terminal.
    """

    __slots__ = ("_event_types", "_next", "_outcomes", "dispatchable", "initial")

    def __init__(
        self,
        *,
        initial: str,
        transitions: Mapping[str, Iterable[str]],
        event_types: Mapping[str, str] = MappingProxyType({}),
        dispatchable: Iterable[str] | None = None,
        outcomes: Mapping[Outcome, str] | None = None,
    ) -> None:
        self.initial = initial
        self.dispatchable = frozenset([initial] if dispatchable is None else dispatchable)
        self._next = {status: frozenset(following) for status, following in transitions.items()}
        self._event_types = dict(event_types)
        named = {initial, *self.dispatchable, *event_types}.union(*self._next.values())
        undeclared = sorted(named - self._next.keys())
        if undeclared:
            raise ValueError(
                f"lifecycle names statuses it does not declare: {', '.join(undeclared)}; "
                "give each one a row in `transitions`"
            )
        if not self.terminal:
            raise ValueError("lifecycle has no terminal status; give one an empty row")
        self._outcomes = dict(self._usual_outcomes() if outcomes is None else outcomes)
        open_ended = sorted(set(self._outcomes.values()) - self.terminal)
        if open_ended:
            raise ValueError(
                f"outcomes must be terminal statuses, and {', '.join(open_ended)} is none; a run "
                "whose function has ended must not be left to change"
            )

    @property
    def statuses(self) -> frozenset[str]:
        """Every status of the table."""
        return frozenset(self._next)

    @property
    def terminal(self) -> frozenset[str]:
        """The statuses no transition leaves."""
        return frozenset(status for status, following in self._next.items() if not following)

    def is_terminal(self, status: str) -> bool:
        """True if no transition leaves `status`.

        Raises:
            KeyError: the status is not part of the lifecycle.
        """
        return not self._next[status]

    def status_after(self, outcome: Outcome) -> str | None:
        """What a run becomes whose function ended like that; None if it stays as it is."""
        return self._outcomes.get(outcome)

    def judge(self, current: str, wanted: str) -> Verdict:
        """Say what moving from `current` to `wanted` would be.

        Raises:
            ValueError: `wanted` is not part of the lifecycle.
        """
        if wanted not in self._next:
            raise ValueError(
                f"{wanted!r} is not a status of this lifecycle; it has {', '.join(self._next)}"
            )
        if wanted == current:
            return Verdict.NO_CHANGE
        # A status a former release stored may be missing from the table: nothing leads out of it.
        legal = wanted in self._next.get(current, frozenset())
        return Verdict.CHANGE if legal else Verdict.ILLEGAL

    def event_type(self, status: str) -> str:
        """The timeline event type that reports reaching `status`."""
        return self._event_types.get(status, f"run.{status}")

    def _usual_outcomes(self) -> Iterator[tuple[Outcome, str]]:
        for outcome, names in _OUTCOMES.items():
            if known := [name for name in names if name in self.terminal]:
                yield outcome, known[0]


#: queued -> running -> completed, failed or canceled.
STANDARD_LIFECYCLE = Lifecycle(
    initial="queued",
    transitions={
        "queued": ["running", "failed", "canceled"],
        "running": ["completed", "failed", "canceled"],
        "completed": [],
        "failed": [],
        "canceled": [],
    },
    event_types={"queued": "run.started", "running": "run.started"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What a capability's runs are runs of."""

    capability: str
    name: str
    lifecycle: Lifecycle = field(default=STANDARD_LIFECYCLE)
