"""How long history is kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What may be forgotten. Runs that have not ended, and their events, are always kept.

    Attributes:
        runs: How long a run is kept after it ended; `None`: for ever.
        events: How long an event is kept after it was received, and at least as long as a run it
            started; `None`: for ever.
        max_runs: How many of the newest runs are kept at most; `None`: all of them.
        max_events: How many of the newest events are kept at most; `None`: all of them.
        interval: How often the store is swept.
    """

    runs: timedelta | None = timedelta(days=30)
    events: timedelta | None = timedelta(days=30)
    max_runs: int | None = None
    max_events: int | None = None
    interval: timedelta = timedelta(minutes=10)
