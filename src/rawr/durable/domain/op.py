"""What an SDK reports from a call: operations, results and errors."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from rawr.durable.domain.event import Json


class Opcode(StrEnum):
    """The operations of the protocol."""

    NONE = "None"
    STEP = "Step"
    STEP_RUN = "StepRun"
    STEP_ERROR = "StepError"
    STEP_FAILED = "StepFailed"
    STEP_PLANNED = "StepPlanned"
    SLEEP = "Sleep"
    WAIT_FOR_EVENT = "WaitForEvent"
    WAIT_FOR_SIGNAL = "WaitForSignal"
    INVOKE = "InvokeFunction"
    GATEWAY = "Gateway"
    AI_GATEWAY = "AIGateway"
    RUN_COMPLETE = "RunComplete"
    SYNC_RUN_COMPLETE = "SyncRunComplete"
    DISCOVERY = "DiscoveryRequest"
    DEFER_ADD = "DeferAdd"
    DEFER_ABORT = "DeferAbort"


#: Reported beside other operations, they are dealt with first and never call the function again.
LAZY: Final = frozenset({Opcode.DEFER_ADD, Opcode.DEFER_ABORT})

RUN_COMPLETE_ID: Final = "0737c22d3bfae812339732d14d8c7dbd6dc4e09c"
"""The step id of operations that tell how the function itself ended, not one of its steps."""


class RunError(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An error as the protocol carries it.

    Attributes:
        error: The short reason an executor adds: `invalid status code: 500`, or the error's name.
        raw: The SDK's own error body, as JSON text, when there is one.
    """

    name: str
    message: str
    stack: str | None = None
    error: str | None = None
    cause: Json = None
    raw: bytes | None = None

    def as_memo(self) -> dict[str, Json]:
        """Return the error as later calls of the same run see it."""
        shape: dict[str, Json] = {"message": self.message, "name": self.name}
        if self.stack is not None:
            shape["stack"] = self.stack
        if self.cause is not None:
            shape["cause"] = self.cause
        return shape

    def as_json(self) -> dict[str, Json]:
        """Return the error as run look-ups and lifecycle events carry it."""
        return {"error": self.error or self.name, **self.as_memo()}


class MetadataUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Values of one kind attached to a run or to one of its steps, in place of earlier ones.

    Attributes:
        values: A JSON object as text.
    """

    kind: str
    scope: str
    values: bytes


class Op(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One operation of a response.

    Attributes:
        id: The hashed step id.
        data: The step's output as JSON text, when it has one.
        started_at: When it began to execute, in milliseconds since the epoch, where known.
    """

    op: Opcode
    id: str
    name: str = ""
    display_name: str = ""
    opts: Mapping[str, Json] = {}
    data: bytes | None = None
    error: RunError | None = None
    no_retry: bool = False
    started_at: int | None = None
    metadata: tuple[MetadataUpdate, ...] = ()

    @property
    def label(self) -> str:
        """The name to show for the step."""
        return self.display_name or self.name or self.id


class Returned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The function has finished; `output` is JSON text."""

    output: bytes


class Reported(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The call ended with operations for the engine."""

    ops: tuple[Op, ...]
    request_version: int | None = None
    retry_after_ms: int | None = None


class Errored(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The call failed.

    Attributes:
        no_retry: The SDK said that another attempt cannot help.
        retry_after_ms: The delay the SDK asked for, in milliseconds, already clamped.
        counts: False when the failure must not consume an attempt (no capacity, shutdown).
    """

    error: RunError
    no_retry: bool = False
    retry_after_ms: int | None = None
    counts: bool = True


Response = Returned | Reported | Errored
