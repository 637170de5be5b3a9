"""The states of a reconciliation run, and what may be done in each."""

from typing import Final, Literal, TypeAlias, get_args

RunState: TypeAlias = Literal["queued", "running", "reconciling", "completed", "failed", "canceled"]
RunBadge: TypeAlias = Literal["success", "danger", "warning", "neutral"]

STATES: Final[tuple[RunState, ...]] = get_args(RunState)
TERMINAL_STATES: Final[frozenset[RunState]] = frozenset({"completed", "failed", "canceled"})
OPEN_FOR_CHANGE: Final[frozenset[RunState]] = frozenset({"queued", "running"})

_BADGES: Final[dict[RunState, RunBadge]] = {
    "completed": "success",
    "failed": "danger",
    "running": "warning",
    "reconciling": "warning",
}


def to_run_state(text: str) -> RunState:
    """A stored status as a state.

    Raises:
        ValueError: The text names no state, so the stored run is corrupt.
    """
    for state in STATES:
        if text == state:
            return state
    raise ValueError(f"{text!r} is not a state of a run; it is one of {', '.join(STATES)}")


def is_terminal_status(status: RunState) -> bool:
    """True if the run has ended."""
    return status in TERMINAL_STATES


def can_cancel(status: RunState) -> bool:
    """True while nothing has been reconciled yet."""
    return status in OPEN_FOR_CHANGE


def can_queue_reconciliation(status: RunState) -> bool:
    """True if a reconciliation may be requested for the run."""
    return status in OPEN_FOR_CHANGE


def to_run_badge(status: RunState) -> RunBadge:
    """How a console shows the status."""
    return _BADGES.get(status, "neutral")
