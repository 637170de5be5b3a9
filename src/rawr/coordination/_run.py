"""The records of coordination: a run, an entry of its timeline, a page of runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from rawr.schema import Json

_CORRELATION: Final = "correlationId"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a run failed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One execution of a workflow.

    Three ids are kept apart: `run_id` is ours, `admission_id` is what the engine called the event
    it admitted, `engine_run_id` is the engine's own run.
    """

    run_id: str
    tenant_id: str
    capability: str
    workflow: str
    status: str
    #: Counts status changes, from 1; trace and timeline additions leave it alone.
    revision: int
    requested_by: str
    request_id: str
    correlation_id: str
    created_at: datetime
    updated_at: datetime
    #: Set exactly when the status is terminal.
    finished_at: datetime | None = None
    #: Sequence of the latest timeline event.
    last_sequence: int = 0
    idempotency_key: str | None = None
    #: SHA-256 of the canonical JSON of the dispatching request's input, hexadecimal.
    input_digest: str | None = None
    input: Json = None
    #: The id the dispatched event is sent with, derived from the run; None until dispatched.
    event_id: str | None = None
    admission_id: str | None = None
    engine_run_id: str | None = None
    output: Json = None
    error: RunError | None = None

    @property
    def is_dispatched(self) -> bool:
        """True once an event was committed for sending, whether or not it was sent yet."""
        return self.event_id is not None

    @property
    def is_finished(self) -> bool:
        """True in a terminal status, which no transition leaves."""
        return self.finished_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One thing that happened to a run; `sequence` counts from 1 without gaps."""

    event_id: str
    sequence: int
    run_id: str
    type: str
    status: str
    ts: datetime
    detail: str | None = None
    attempt: int | None = None
    #: What a capability adds to the common fields, as JSON, beside the `correlationId`.
    data: Mapping[str, Json] = field(default_factory=dict)

    @property
    def correlation_id(self) -> str | None:
        """The correlation id of the request that caused it, also across the engine."""
        found = self.data.get(_CORRELATION)
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """A timeline event before the store has given it a sequence number."""

    event_id: str
    type: str
    status: str
    ts: datetime
    detail: str | None = None
    attempt: int | None = None
    data: Mapping[str, Json] = field(default_factory=dict)

    def correlated(self, correlation_id: str) -> "TimelineEntry":
        """The entry with the correlation id of a request, unless it brings one."""
        return replace(self, data={_CORRELATION: correlation_id, **self.data})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A run and the part of its timeline that was asked for, from one snapshot."""

    run: RunRecord
    events: tuple[TimelineEvent, ...]

    @property
    def is_complete(self) -> bool:
        """True if no event can follow the ones here."""
        if not self.run.is_finished:
            return False
        return not self.events or self.events[-1].sequence == self.run.last_sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Runs, newest first, and the cursor of the page after; None on the last page."""

    runs: tuple[RunRecord, ...]
    next_cursor: str | None
