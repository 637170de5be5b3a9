"""What a decision about a run asks for; the store applies a list of these in one transaction."""

import msgspec

from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.op import MetadataUpdate
from rawr.durable.domain.pause import Pause
from rawr.durable.domain.queue import ItemKind
from rawr.durable.domain.run import RunState
from rawr.durable.domain.step import StepRecord


class SaveStep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Write a step; a step that already has a memo keeps it."""

    step: StepRecord


class SaveMetadata(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Attach metadata to the run, or to one of its steps."""

    update: MetadataUpdate
    step_id: str | None = None


class Enqueue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Add work for the run."""

    kind: ItemKind
    due_at: int
    step_id: str | None = None
    payload: bytes | None = None


class Requeue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Put the item in hand back, for `due_at`."""

    due_at: int
    attempt: int


class ResetAttempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The item in hand made progress: its next failure is a first one."""


class DropItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The item in hand is done."""


class ReleaseStep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Remove what else waits for a settled step: its time-out and its pause."""

    step_id: str


class AddPause(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Start waiting for an event or a signal."""

    pause: Pause


class Emit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Send an event of the engine's own."""

    event: EventDraft


class ResumeInvoker(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Settle the step of another run that invoked this one; `payload` is its memo."""

    correlation_id: str
    payload: bytes


class EndRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Close the run: record how it ended and remove its queue items and pauses."""

    output: bytes | None


Effect = (
    SaveStep
    | SaveMetadata
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


class Transition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A decision: the run's next state, and what must be stored together with it."""

    before: RunState
    after: RunState
    effects: tuple[Effect, ...]
