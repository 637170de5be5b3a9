"""What a decision about a run asks for; the store applies a list of these in one transaction."""

from dataclasses import dataclass

from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.pause import Pause
from rawr.durable.domain.queue import ItemKind
from rawr.durable.domain.run import RunState
from rawr.durable.domain.step import StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveStep:
    """Write a step; a step that already has a memo keeps it."""

    step: StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Add work for the run."""

    kind: ItemKind
    due_at: int
    step_id: str | None = None
    payload: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeue:
    """Put the item in hand back, for `due_at`."""

    due_at: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetAttempt:
    """The item in hand made progress: its next failure is a first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropItem:
    """The item in hand is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStep:
    """Remove what else waits for a settled step: its time-out and its pause."""

    step_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPause:
    """Start waiting for an event or a signal."""

    pause: Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Send an event of the engine's own."""

    event: EventDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeInvoker:
    """Settle the step of another run that invoked this one; `payload` is its memo."""

    correlation_id: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRun:
    """Close the run: record how it ended and remove its queue items and pauses."""

    output: bytes | None


Effect = (
    SaveStep
    | Enqueue
    | Requeue
    | ResetAttempt
    | DropItem
    | ReleaseStep
    | AddPause
    | Emit
    | ResumeInvoker
    | EndRun
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A decision: the run's next state, and what must be stored together with it."""

    before: RunState
    after: RunState
    effects: tuple[Effect, ...]
