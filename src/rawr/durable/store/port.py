"""The store as the engine sees it: what is written together, and what can be read.

A store makes each call durable before it returns and applies it as a whole or not at all. It
belongs to one engine at a time; what a previous owner held is void.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from rawr.durable.domain.effects import Transition
from rawr.durable.domain.event import Event, Json
from rawr.durable.domain.flow import NO_GATES, Gates
from rawr.durable.domain.metadata import Metadata
from rawr.durable.domain.pause import Pause
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import Run, RunState, RunStatus
from rawr.durable.domain.span import Span
from rawr.durable.domain.step import StepRecord

WaitMatcher = Callable[[str, Mapping[str, Json], Mapping[str, Json]], bool]
"""Says whether an expression is true for a waiting run's event and the arriving one."""


NO_SLOTS: Final[Mapping[str, str]] = MappingProxyType({})
"""What a claim is told when no slot is full."""


class StoredApp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A registration as it was received."""

    id: str
    checksum: str
    registration: bytes
    registered_at: int


class PlannedRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run an event is to start, unless its idempotency key has started one already."""

    run: Run
    item: QueueItem
    idempotency_key: str | None = None
    gates: Gates = NO_GATES
    pauses: tuple[Pause, ...] = ()
    timers: tuple[QueueItem, ...] = ()


class PlannedEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event, what it is to start, and items that go with it.

    Attributes:
        body: The event's JSON text as functions see it.
        is_new: True when its internal id was made for it, so that none like it can be kept.
    """

    event: Event
    body: bytes
    runs: tuple[PlannedRun, ...] = ()
    items: tuple[QueueItem, ...] = ()
    is_new: bool = False


class Accepted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of events: the runs they started and the waits they ended."""

    started: tuple[PlannedRun, ...] = ()
    resumed: tuple[QueueItem, ...] = ()


class Begun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a run whose limits counted only at its time.

    `planned` is `None` when it is skipped; its item is parked when it is to start later.
    """

    planned: PlannedRun | None
    resumed: tuple[QueueItem, ...] = ()


class RunChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One decision about a run with everything that must be stored together with it.

    Attributes:
        item: The queue item in hand, which the decision's effects drop or keep.
        requeued: The item in hand as it is to wait for its next attempt.
        enqueued: New items, of this run and of the run that invoked it.
        emitted: Events of the engine's own.
        decided_at: When it was decided, in milliseconds since the epoch.
    """

    transition: Transition
    item: QueueItem | None
    requeued: QueueItem | None = None
    enqueued: tuple[QueueItem, ...] = ()
    emitted: tuple[PlannedEvent, ...] = ()
    decided_at: int = 0


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Items whose time has come, now held by the engine, and when the next one is due.

    `waiting` are the slots for which others of them wait in the store now.
    """

    items: tuple[QueueItem, ...]
    next_due_at: int | None
    waiting: frozenset[str] = frozenset()


class Recovery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a store holds at start: the last queue item id used."""

    last_item_id: int


class RunView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run as look-ups show it; `output` is the JSON text of its result or its error."""

    id: str
    function_id: str
    status: RunStatus
    created_at: int
    started_at: int | None
    ended_at: int | None
    event_ids: tuple[str, ...]
    output: bytes | None
    correlation_id: str | None = None
    original_run_id: str | None = None


class RunGlance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run as selections look at it; `event` is its first one, if it was asked for."""

    id: str
    function_id: str
    status: RunStatus
    created_at: int
    event: Event | None = None


class Relic(msgspec.Struct, frozen=True, gc=False):
    """A row that may be old; `over_at` is `None` while it must be kept."""

    id: str
    over_at: int | None


class Store(Protocol):
    """Durable state of the engine.

    Every method may raise a `StoreUnavailable` or `StoreCorrupt` error; a write that raised has
    stored nothing.
    """

    async def recover(self) -> Recovery:
        """Make everything a previous owner held available again."""
        ...

    async def save_app(self, app: StoredApp) -> None:
        """Keep a registration, replacing the one of the same app."""
        ...

    async def load_apps(self) -> list[StoredApp]:
        """Return every registration."""
        ...

    async def accept(self, events: Sequence[PlannedEvent], *, now: int) -> Accepted:
        """Keep events, start their runs and end the waits they match.

        An event whose internal id is known already is a repeated request: it is listed again, and
        starts and ends nothing.
        """
        ...

    async def begin(self, planned: PlannedRun, *, now: int) -> Begun:
        """Let a kept run pass the limits on its start, once; no event joins it any more."""
        ...

    async def rerun(self, planned: PlannedRun, steps: Sequence[StepRecord]) -> None:
        """Create a run of events that are kept already, with steps another run has settled."""
        ...

    def commit(self, change: RunChange, *, now: int) -> Awaitable[Accepted]:
        """Store a decision. A step that has a memo keeps it.

        Raises:
            SignalConflict: the decision waits for a signal that another run waits for.
        """
        ...

    async def signal(self, name: str, payload: bytes, *, now: int) -> QueueItem | None:
        """End the wait for a signal, if a run waits for it; `payload` is the step's memo."""
        ...

    async def claim(self, *, now: int, limit: int, full: Mapping[str, str] = NO_SLOTS) -> Claim:
        """Hold up to `limit` items that are due, the earliest first.

        `full` are slots by the function whose calls have to wait for them: those are let wait
        instead, as by `wait_for_slots`.
        """
        ...

    async def wait_for_slots(self, waits: Sequence[tuple[str, QueueItem]]) -> None:
        """Let held items wait in the store until `claim_waiting` is asked for their slots."""
        ...

    async def claim_waiting(self, slot: str, *, limit: int) -> list[QueueItem]:
        """Hold up to `limit` items that wait for a slot, the earliest first.

        Fewer than `limit` mean that no other one waits.
        """
        ...

    async def waiting_slots(self) -> list[str]:
        """Return every slot that items wait for."""
        ...

    async def hold_run_slots(self, run_id: str, slots: Sequence[tuple[str, int]]) -> None:
        """Note which limits on live runs, as keys and numbers, a run counts against to its end."""
        ...

    async def held_run_slots(self) -> list[tuple[str, tuple[str, int]]]:
        """Return each run that counts against such a limit, with the limit."""
        ...

    async def drop_item(self, item_id: int) -> None:
        """Remove a queue item that belongs to no run."""
        ...

    async def load_state(self, run_id: str) -> RunState | None:
        """Return a run as decisions need it."""
        ...

    async def load_states(self, run_ids: Sequence[str]) -> dict[str, RunState]:
        """Return those of some runs that exist, as decisions need them."""
        ...

    async def get_run(self, run_id: str) -> RunView | None:
        """Return a run."""
        ...

    async def list_runs(
        self, *, limit: int, before: str | None, function_id: str | None, status: RunStatus | None
    ) -> list[RunView]:
        """Return runs, the newest first, starting below the id `before`."""
        ...

    async def scan_runs(
        self, *, after: str, until: str, function_id: str | None, limit: int, with_event: bool
    ) -> list[RunGlance]:
        """Return runs whose ids lie between two others, the oldest first."""
        ...

    async def pause_function(self, function_id: str, paused_at: int) -> None:
        """Note that a function is paused."""
        ...

    async def resume_function(self, function_id: str) -> None:
        """Note that a function is not paused any more."""
        ...

    async def load_paused(self) -> dict[str, int]:
        """Return when each paused function was paused."""
        ...

    async def ended_runs(self, *, after: str, until: str, limit: int) -> list[Relic]:
        """Return runs whose ids lie between two others, the oldest first."""
        ...

    async def free_events(self, *, after: str, until: str, limit: int) -> list[Relic]:
        """Return events whose ids lie between two others, the oldest first."""
        ...

    async def newest_run(self, count: int) -> str | None:
        """Return the first id of the `count` newest runs; `None` when there are fewer."""
        ...

    async def newest_event(self, count: int) -> str | None:
        """Return the first id of the `count` newest events; `None` when there are fewer."""
        ...

    async def delete_runs(self, run_ids: Sequence[str]) -> int:
        """Delete ended runs from the front of a list; return how many are dealt with."""
        ...

    async def delete_events(self, event_ids: Sequence[str]) -> int:
        """Delete the events no run refers to; return how many were."""
        ...

    async def forget_keys(self, *, now: int) -> bool:
        """Delete some expired idempotency keys and quotas; True when there may be more."""
        ...

    async def vacuum(self) -> bool:
        """Give some unused space back to the file system; True when there is more."""
        ...

    async def backup(self, target: Path) -> None:
        """Copy everything to a new file while work goes on."""
        ...

    async def runs_of_event(self, event_id: str) -> list[RunView]:
        """Return the runs an event started."""
        ...

    async def run_steps(self, run_id: str) -> list[StepRecord]:
        """Return a run's steps: the settled ones in stack order, then the others."""
        ...

    async def run_metadata(self, run_id: str) -> list[Metadata]:
        """Return what is attached to a run and its steps."""
        ...

    async def attach_spans(self, spans: Sequence[Span]) -> int:
        """Keep spans of runs that exist, up to what a run may carry; return how many are kept."""
        ...

    async def run_spans(self, run_id: str) -> list[Span]:
        """Return the spans an app told of a run, the earliest first."""
        ...

    async def items_of_run(self, run_id: str) -> list[QueueItem]:
        """Return what is still to be done for a run, the earliest first."""
        ...

    async def count_items(self) -> int:
        """Return how many queue items there are, held or parked."""
        ...

    async def count_due(self, *, now: int) -> int:
        """Return how many queue items should be done by now, those at work among them."""
        ...

    async def get_event(self, event_id: str) -> Event | None:
        """Return an event by its internal id."""
        ...

    async def list_events(
        self,
        *,
        limit: int,
        before: str | None,
        name: str | None,
        received_after: int | None,
        received_before: int | None,
    ) -> list[Event]:
        """Return events, the newest first, starting below the internal id `before`."""
        ...

    async def close(self) -> None:
        """Finish what was asked for and release the storage."""
        ...
