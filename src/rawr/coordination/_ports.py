"""What coordination needs from a store and from an engine.

`tests/unit/coordination` holds one suite per port; an adapter is right when it passes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import inngest

from rawr.coordination._run import RunRecord, Timeline, TimelineEntry, TimelineEvent
from rawr.coordination._signals import RunSignals

T = TypeVar("T")
Native = TypeVar("Native")


class RunTransaction(Protocol):
    """One atomic, serializable transaction, used by work that runs outside the event loop."""

    def native(self, kind: type[Native]) -> Native:
        """Return the driver's own handle, for a capability that writes its own rows along.

        Raises:
            UnsupportedTransaction: the handle is not a `kind`.
        """
        ...

    def get(self, run_id: str) -> RunRecord | None:
        """Return the run, of whatever tenant."""
        ...

    def find_by_key(
        self, *, tenant_id: str, capability: str, workflow: str, idempotency_key: str
    ) -> RunRecord | None:
        """Return the run that was dispatched under this key."""
        ...

    def insert(self, run: RunRecord) -> None:
        """Store a new run.

        Raises:
            StorageError: its id or its idempotency key is taken.
        """
        ...

    def replace(self, run: RunRecord, *, status: str, revision: int) -> bool:
        """Store a changed run if it is still at `status` and `revision`; say whether it was.

        Ids learnt from the engine and `last_sequence` are not part of the exchange: they keep the
        stored value.
        """
        ...

    def append(self, run_id: str, entry: TimelineEntry) -> TimelineEvent:
        """Add to the timeline of an existing run under the next sequence number.

        An entry whose `event_id` the run already has is not added again: the stored event is
        returned.
        """
        ...

    def record_admission(self, run_id: str, admission_id: str) -> None:
        """Note what the engine called the run's event; touches nothing else."""
        ...

    def record_engine_run(self, run_id: str, engine_run_id: str) -> bool:
        """Note the engine's run; touches nothing else. False if it was known already."""
        ...

    def enqueue(self, event: inngest.Event, *, run_id: str | None, now: datetime) -> None:
        """Have the relay send `event` once this transaction is committed.

        An event whose id is in the outbox already is not added again.
        """
        ...


#: Work inside a transaction. It may be run again by a store that retries serialization failures,
#: so it only touches the transaction.
RunWork = Callable[[RunTransaction], T]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs to list: newest first, of one tenant, after `before` if given."""

    tenant_id: str
    limit: int
    capability: str | None = None
    workflow: str | None = None
    status: str | None = None
    #: Creation time (milliseconds since the epoch) and id of the last run already listed.
    before: tuple[int, str] | None = None


class RunStore(Protocol):
    """Keeps runs and timelines. Corrupt data is an error, never an absent run."""

    @property
    def signals(self) -> RunSignals:
        """Where committed changes of this process are reported."""
        ...

    async def transact(self, work: RunWork[T]) -> T:
        """Run `work` atomically and return its value once it is durable.

        If it raises, nothing of it is stored and the exception is raised here. Of two processes
        that do the same at once, the second sees what the first committed.
        """
        ...

    async def get(self, run_id: str, *, tenant_id: str) -> RunRecord | None:
        """Return the run if this tenant has it."""
        ...

    async def list(self, query: RunQuery) -> Sequence[RunRecord]:
        """Return the matching runs, newest first."""
        ...

    async def timeline(
        self, run_id: str, *, tenant_id: str, after: int, limit: int
    ) -> Timeline | None:
        """Return events with a sequence above `after`, in order, with the run they belong to.

        None if this tenant has no such run.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """An event that was committed and is not known to be sent."""

    position: int
    event: inngest.Event
    run_id: str | None
    #: How often sending failed.
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The engine admitted the event of a row."""

    row: OutboxRow
    admission_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """Sending failed; try again at `next_attempt_at`."""

    row: OutboxRow
    next_attempt_at: datetime
    error: str


class Outbox(Protocol):
    """Events waiting for the engine, in commit order."""

    async def due(self, now: datetime, *, limit: int) -> Sequence[OutboxRow]:
        """Return unsent rows whose next attempt is not in the future, oldest first."""
        ...

    async def next_attempt_at(self) -> datetime | None:
        """Return when the next unsent row is due, which may be in the past; None if all is sent."""
        ...

    async def settle(self, outcomes: Sequence[Sent | Postponed], *, now: datetime) -> None:
        """Store what became of rows, and on their runs the admission ids."""
        ...

    async def unsent(self) -> int:
        """Count the events the engine has not admitted yet."""
        ...


class EventSender(Protocol):
    """Hands events to an engine. An `inngest.Inngest` client is one."""

    async def send(self, events: list[inngest.Event], /) -> list[str]:
        """Have all events admitted and return the engine's id for each, in order.

        An event whose `id` was admitted before must not start anything again. Raises if not all
        were admitted, in which case some may have been.

        Raises:
            EngineUnavailable: no event can be admitted now; none is to blame.
        """
        ...
