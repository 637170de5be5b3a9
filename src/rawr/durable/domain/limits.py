"""Limits of the protocol, equal to those of an Inngest server so that code stays portable."""

from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
DAY_MS: Final = 24 * 60 * 60 * 1000

MAX_EVENTS_PER_REQUEST: Final = 5000
MAX_EVENT_BYTES: Final = 3 * MIB
MAX_EVENT_NAME: Final = 512
MAX_TRIGGER_NAME: Final = 255
MAX_SESSIONS: Final = 5
MAX_SESSION_KEY_BYTES: Final = 128
MAX_SESSION_ID_BYTES: Final = 512
MAX_TRIGGERS: Final = 10
MAX_CONCURRENCY_ENTRIES: Final = 2
MAX_CANCEL_ENTRIES: Final = 5
MAX_RETRIES: Final = 20
MAX_DEFERS: Final = 20
"""How many other functions one run may defer to."""
DEFAULT_RETRIES: Final = 4
MAX_OPS_PER_RESPONSE: Final = 1000
MAX_STEP_BYTES: Final = 4 * MIB
MAX_DEFER_BYTES: Final = 4 * MIB
"""Size of the inputs of all deferred runs of one run."""
MAX_METADATA_BYTES: Final = 64 * KIB
"""Size of the metadata of one kind on a run or on one of its steps."""
MAX_RUN_METADATA_BYTES: Final = MIB
MAX_RESPONSE_BYTES: Final = 8 * MIB
MAX_REQUEST_STATE_BYTES: Final = 4 * MIB - KIB
"""Above this size of run state a call request says `use_api` and leaves the state out."""
MAX_REQUEST_BYTES: Final = 4 * MIB
IDEMPOTENCY_MS: Final = DAY_MS
ENDPOINT_LEASE_MS: Final = 5 * 60 * 1000
"""How long a request may go on without a word before its run goes on without it."""
INVOKE_TIMEOUT_MS: Final = 365 * DAY_MS
MIN_EVENT_TS: Final = 315_532_800_000
"""1980-01-01T00:00:00Z; an older `ts` is a unit mistake (seconds for milliseconds)."""
MAX_EVENT_TS: Final = 4_102_444_800_000
"""2100-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What one run, and the output of one step, may grow to before the run is failed."""

    max_steps: int = 1000
    max_state_bytes: int = 32 * MIB
    max_step_bytes: int = MAX_STEP_BYTES
