"""Runs: the durable record, and the state that decides what happens next."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from rawr.durable.domain.event import Event
from rawr.durable.domain.op import Opcode


class RunStatus(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def is_terminal(self) -> bool:
        """True when the run has ended."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED}
)


class Run(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What never changes about a run.

    Attributes:
        correlation_id: `<run id>.<step id>` of the step that invoked this run.
        original_run_id: The run this one repeats.
    """

    id: str
    function_id: str
    events: tuple[Event, ...]
    created_at: int
    max_attempts: int
    correlation_id: str | None = None
    original_run_id: str | None = None

    @property
    def event(self) -> Event:
        """The first triggering event, the one expressions see."""
        return self.events[0]


class OpenStep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A step that has been reported and is not settled yet."""

    op: Opcode
    name: str
    race: bool = False


class DeferStatus(StrEnum):
    """What becomes of a deferred run."""

    AFTER_RUN = "after_run"
    """It starts when the run that deferred it has ended."""
    ABORTED = "aborted"
    REJECTED = "rejected"


class Deferral(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run of another function, put off until this one has ended.

    Attributes:
        body: What the SDK asked for, as JSON text; empty when nothing will start.
    """

    status: DeferStatus
    name: str = ""
    body: bytes = b""


class RunState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What changes about a run.

    Attributes:
        memos: JSON text of every settled step, by hashed step id.
        stack: Settled steps in the order in which they were settled.
        inputs: JSON arrays of arguments for steps a repeated run is to execute, by hashed step id.
        deferrals: Runs of other functions that start when this one has ended, by hashed id.
        open: Steps that wait for a call, a time, an event or another run.
        group: Steps of the parallel group that is under way; the next discovery waits for it.
        force_step_plan: True while calls must plan steps instead of executing them.
        request_version: What the SDK answered last; -1 before it has.
        state_bytes: Size of all memos, in bytes.
        is_plain: True while nothing of the run was ever parked: no wait, no timer, no cancel-on.
    """

    run: Run
    status: RunStatus = RunStatus.QUEUED
    started_at: int | None = None
    ended_at: int | None = None
    memos: Mapping[str, bytes] = {}
    stack: tuple[str, ...] = ()
    inputs: Mapping[str, bytes] = {}
    deferrals: Mapping[str, Deferral] = {}
    open: Mapping[str, OpenStep] = {}
    group: frozenset[str] = frozenset()
    force_step_plan: bool = False
    request_version: int = -1
    state_bytes: int = 0
    is_plain: bool = False
