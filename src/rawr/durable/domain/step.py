"""The durable record of one step: its memo, and what history shows of it."""

from enum import StrEnum

import msgspec

from rawr.durable.domain.op import Opcode


class StepStatus(StrEnum):
    """How far a step is."""

    OPEN = "open"
    ERRORED = "errored"
    COMPLETED = "completed"
    FAILED = "failed"


class StepRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One step of one run.

    Attributes:
        memo: JSON text that later calls of the run see as `steps[id]`; `None` until settled.
        position: Place in the run's stack, from 0; `None` until settled.
        attempts: How many tries the step has had.
        input: JSON array of arguments that replace the step's own when it executes.
        race: True when the step belongs to a parallel group in race mode.
    """

    id: str
    op: Opcode
    name: str
    status: StepStatus
    started_at: int
    memo: bytes | None = None
    position: int | None = None
    attempts: int = 0
    ended_at: int | None = None
    race: bool = False
    error: bytes | None = None
    input: bytes | None = None
