"""What the engine will do next, and when."""

from enum import StrEnum
from typing import Final

import msgspec


class ItemKind(StrEnum):
    """What a queue item does when its time has come."""

    CALL = "call"
    """Call the function: its next unknown step, or the step named by `step_id`."""
    RESUME = "resume"
    """Settle the open step `step_id` with `payload`, unless something settled it before."""
    CRON = "cron"
    """Fire the cron trigger the payload names; held in memory only, and so of no run."""
    GATEWAY = "gateway"
    """Perform the HTTP request of the open step `step_id`."""
    CANCEL = "cancel"
    """Cancel the run. The payload says why; a time-out is checked against the run first."""


#: Payloads of the time-outs among CANCEL items, as JSON text.
START_TIMEOUT: Final = b'"start"'
FINISH_TIMEOUT: Final = b'"finish"'

#: Payloads of a run's first CALL, as JSON text, when limits on its start count only at its time:
#: because events may still join it, or because its event's `ts` delays it.
GATHERED: Final = b'"gathered"'
DELAYED: Final = b'"delayed"'


class QueueItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One unit of work that survives a restart.

    Attributes:
        due_at: When it may run, in milliseconds since the epoch; also its place in the order.
        attempt: 0 for the first try.
        generation: Raised by one on every requeue, from 1.
        payload: JSON text whose meaning depends on the kind.
        parked: True while the item waits in the store; False while the engine holds it in memory.
    """

    id: int
    run_id: str
    function_id: str
    kind: ItemKind
    due_at: int
    max_attempts: int
    step_id: str | None = None
    attempt: int = 0
    generation: int = 1
    payload: bytes | None = None
    parked: bool = False
