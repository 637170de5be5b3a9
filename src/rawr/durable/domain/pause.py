"""Steps that wait for something outside the run."""

from enum import StrEnum

import msgspec


class PauseKind(StrEnum):
    """What a matching event or signal does."""

    EVENT = "event"
    """Settles the open step with the event."""
    CANCEL = "cancel"
    """Cancels the run."""
    SIGNAL = "signal"
    """Settles the open step with the signal's data."""


class Pause(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A wait, found by event name and, where the expression allows it, by one equality.

    Attributes:
        name: The event name, or the signal's.
        expression: Must be true for the event; it sees the triggering event as `event` and the
            arriving one as `async`.
        match_path: Path in the arriving event that must equal `match_value`; empty when unindexed.
        created_at: Only events received after this time match, in milliseconds since the epoch.
        replaces: For a signal: take it over from a run that waits for it already.
        looks_back_to: Events received from this time on end it too; `None`: only those to come.
        expires_at: From this time on nothing matches, in milliseconds since the epoch.
    """

    run_id: str
    step_id: str
    kind: PauseKind
    name: str
    created_at: int
    expires_at: int
    expression: str | None = None
    match_path: str = ""
    match_value: str = ""
    replaces: bool = False
    looks_back_to: int | None = None
