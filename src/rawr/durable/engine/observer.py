"""What an engine tells of its work while it works: the port that metrics plug into."""

from typing import Literal, Protocol

from rawr.durable.domain.run import Run, RunStatus
from rawr.durable.domain.step import StepRecord, StepStatus

CallOutcome = Literal["returned", "reported", "errored", "abandoned"]
"""How a call ended: with a result, with operations, with an error, or unheard."""


class Observer(Protocol):
    """Hears of everything the engine has made durable; must return at once and never raise."""

    def accepted(self, events: int) -> None:
        """Events were accepted."""
        ...

    def started(self, function_id: str) -> None:
        """A run was created."""
        ...

    def stepped(self, function_id: str, status: StepStatus) -> None:
        """A step was settled, or an attempt at it failed."""
        ...

    def called(self, function_id: str, outcome: CallOutcome, duration_ms: int) -> None:
        """A call of a function ended."""
        ...

    def ended(self, function_id: str, status: RunStatus) -> None:
        """A run ended."""
        ...


class RunListener(Protocol):
    """Hears what single runs did once it is durable; must return at once and never raise."""

    def stepped(self, run: Run, step: StepRecord) -> None:
        """A step was settled, or an attempt at it failed."""
        ...

    def ended(self, run: Run, status: RunStatus, output: bytes | None) -> None:
        """A run ended; `output` is the JSON text of its result or its error."""
        ...


class Unobserved:
    """Hears nothing."""

    def accepted(self, events: int) -> None:
        """Ignore it."""

    def started(self, function_id: str) -> None:
        """Ignore it."""

    def stepped(self, function_id: str, status: StepStatus) -> None:
        """Ignore it."""

    def called(self, function_id: str, outcome: CallOutcome, duration_ms: int) -> None:
        """Ignore it."""

    def ended(self, function_id: str, status: RunStatus) -> None:
        """Ignore it."""
