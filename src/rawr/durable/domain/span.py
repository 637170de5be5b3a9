"""What an app tells of the work inside its calls: OpenTelemetry spans that name their run."""

from typing import Final

import msgspec

#: What a run may carry; more is dropped, so that a busy app cannot fill the disk.
MAX_SPANS: Final = 1_000
MAX_SPAN_BYTES: Final = 64 * 1024


class Span(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One span of a run.

    Attributes:
        parent_id: The span it is part of; empty for the outermost.
        step_id: The hashed id of the step it is part of; empty outside of steps.
        started_at: Milliseconds since the epoch, as `ended_at`.
        detail: JSON text of its kind, status, scope, attributes and resource.
    """

    run_id: str
    id: str
    parent_id: str
    step_id: str
    name: str
    started_at: int
    ended_at: int
    detail: bytes
