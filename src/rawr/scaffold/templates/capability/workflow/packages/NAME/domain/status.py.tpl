"""The states of an import, and the moves between them."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

RunState: TypeAlias = Literal["queued", "running", "completed", "failed"]

STATES: Final[tuple[RunState, ...]] = get_args(RunState)
MOVES: Final[Mapping[str, tuple[RunState, ...]]] = {
    "queued": ("running", "failed"),
    "running": ("completed", "failed"),
    "completed": (),
    "failed": (),
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
    return not MOVES[status]
