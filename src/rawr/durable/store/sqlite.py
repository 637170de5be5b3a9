"""The engine's store on SQLite: one writer with group commit, and readers."""

import importlib.resources
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar

from rawr.durable.domain.errors import (
    EngineError,
    StoreCorrupt,
    StoreFull,
    StoreLocked,
    StoreUnavailable,
)
from rawr.durable.domain.event import Event, Json
from rawr.durable.domain.metadata import Metadata
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState, RunStatus
from rawr.durable.domain.span import Span
from rawr.durable.domain.step import StepRecord
from rawr.durable.store import _queries as q, _read, _spans, _sweep, _write
from rawr.durable.store._commits import Commits
from rawr.durable.store._pauses import PauseIndex
from rawr.durable.store.port import (
    NO_SLOTS,
    Accepted,
    Begun,
    Claim,
    PlannedEvent,
    PlannedRun,
    Recovery,
    Relic,
    RunChange,
    RunGlance,
    RunView,
    StoredApp,
    WaitMatcher,
)
from rawr.sqlite import (
    Database,
    DatabaseCorrupt,
    DatabaseLocked,
    DataDirectory,
    DirectoryLocked,
    DiskFull,
    MigrationError,
    MigrationSet,
    StorageError,
    Work,
)

T = TypeVar("T")

FILE_NAME: Final = "engine.db"

_ERRORS: Final[Mapping[type[StorageError], type[EngineError]]] = {
    DiskFull: StoreFull,
    DatabaseLocked: StoreLocked,
    DirectoryLocked: StoreLocked,
    DatabaseCorrupt: StoreCorrupt,
    MigrationError: StoreCorrupt,
}


class SQLiteStore:
    """Keeps the engine's state in one SQLite file of a data directory it alone owns."""

    def __init__(
        self,
        directory: DataDirectory,
        database: Database,
        *,
        pauses: PauseIndex,
        allocate: Callable[[], int],
        now_ms: Callable[[], int],
    ) -> None:
        self._directory = directory
        self._database = database
        self._writer = _write.Writer(pauses, allocate=allocate)
        self._commits = Commits(self._write)
        self._now_ms = now_ms

    @classmethod
    async def open(
        cls,
        data_dir: Path,
        *,
        now_ms: Callable[[], int],
        allocate: Callable[[], int],
        matches: WaitMatcher,
        match_value: Callable[[Mapping[str, Json], str], str | None],
    ) -> Self:
        """Open the store in `data_dir`, creating it when it is new.

        `allocate` returns the next queue item id and is called from the writer thread.

        Raises:
            StoreLocked: another process owns the directory.
            StoreUnavailable: the file cannot be opened.
            StoreCorrupt: the file is damaged or was written by a newer release.
        """
        files = importlib.resources.files("rawr.durable.store") / "migrations"
        try:
            directory = DataDirectory.lock(data_dir)
        except StorageError as error:
            raise _engine_error(error) from error
        try:
            database = await Database.open(
                data_dir / FILE_NAME,
                migrations=[MigrationSet(component="engine", directory=files)],
            )
        except BaseException as error:
            directory.release()
            if isinstance(error, StorageError):
                raise _engine_error(error) from error
            raise
        pauses = PauseIndex(matches=matches, match_value=match_value, allocate=allocate)
        return cls(directory, database, pauses=pauses, allocate=allocate, now_ms=now_ms)

    async def recover(self) -> Recovery:
        """Make everything a previous owner held available again."""
        now = self._now_ms()
        last = await self._write(partial(self._writer.recover, now=now))
        return Recovery(last_item_id=last)

    async def save_app(self, app: StoredApp) -> None:
        """Keep a registration, replacing the one of the same app."""
        row = (app.id, app.checksum, app.registration, app.registered_at)
        await self._write(lambda c: c.execute(q.SAVE_APP, row).rowcount)

    async def load_apps(self) -> list[StoredApp]:
        """Return every registration."""
        return await self._read(_read.load_apps)

    async def accept(self, events: Sequence[PlannedEvent], *, now: int) -> Accepted:
        """Keep events, start their runs and end the waits they match."""
        return await self._commits.submit(partial(self._writer.accept, events=events, now=now))

    async def begin(self, planned: PlannedRun, *, now: int) -> Begun:
        """Let a kept run pass the limits on its start, once; no event joins it any more."""
        return await self._write(partial(self._writer.begin, planned=planned, now=now))

    async def rerun(self, planned: PlannedRun, steps: Sequence[StepRecord]) -> None:
        """Create a run of events that are kept already, with steps another run has settled."""
        await self._write(partial(self._writer.rerun, planned=planned, steps=steps))

    def commit(self, change: RunChange, *, now: int) -> Awaitable[Accepted]:
        """Store a decision. A step that has a memo keeps it."""
        return self._commits.submit(partial(self._writer.commit, change=change, now=now))

    async def signal(self, name: str, payload: bytes, *, now: int) -> QueueItem | None:
        """End the wait for a signal, if a run waits for it; `payload` is the step's memo."""
        return await self._write(partial(self._writer.signal, name=name, payload=payload, now=now))

    async def claim(self, *, now: int, limit: int, full: Mapping[str, str] = NO_SLOTS) -> Claim:
        """Hold up to `limit` items that are due, the earliest first, or let them wait."""
        return await self._write(partial(_write.claim, now=now, limit=limit, full=full))

    async def wait_for_slots(self, waits: Sequence[tuple[str, QueueItem]]) -> None:
        """Let held items wait in the store until `claim_waiting` is asked for their slots."""
        await self._write(partial(_write.wait_for_slots, waits=waits))

    async def claim_waiting(self, slot: str, *, limit: int) -> list[QueueItem]:
        """Hold up to `limit` items that wait for a slot, the earliest first."""
        return await self._write(partial(_write.claim_waiting, slot=slot, limit=limit))

    async def waiting_slots(self) -> list[str]:
        """Return every slot that items wait for."""
        return await self._read(_read.waiting_slots)

    async def hold_run_slots(self, run_id: str, slots: Sequence[tuple[str, int]]) -> None:
        """Note which limits on live runs, as keys and numbers, a run counts against to its end."""
        await self._write(partial(self._writer.hold_run_slots, run_id=run_id, slots=slots))

    async def held_run_slots(self) -> list[tuple[str, tuple[str, int]]]:
        """Return each run that counts against such a limit, with the limit."""
        return await self._read(_read.held_run_slots)

    async def drop_item(self, item_id: int) -> None:
        """Remove a queue item that belongs to no run."""
        await self._write(lambda c: c.execute(q.DROP_ITEM, (item_id,)).rowcount)

    async def load_state(self, run_id: str) -> RunState | None:
        """Return a run as decisions need it."""
        return await self._read(partial(_read.load_state, run_id=run_id))

    async def load_states(self, run_ids: Sequence[str]) -> dict[str, RunState]:
        """Return those of some runs that exist, as decisions need them."""
        return await self._read(partial(_read.load_states, run_ids=run_ids))

    async def get_run(self, run_id: str) -> RunView | None:
        """Return a run."""
        return await self._read(partial(_read.get_run, run_id=run_id))

    async def list_runs(
        self, *, limit: int, before: str | None, function_id: str | None, status: RunStatus | None
    ) -> list[RunView]:
        """Return runs, the newest first, starting below the id `before`."""
        work = partial(
            _read.list_runs, limit=limit, before=before, function_id=function_id, status=status
        )
        return await self._read(work)

    async def scan_runs(
        self, *, after: str, until: str, function_id: str | None, limit: int, with_event: bool
    ) -> list[RunGlance]:
        """Return runs whose ids lie between two others, the oldest first."""
        work = partial(
            _read.scan_runs,
            after=after,
            until=until,
            function_id=function_id,
            limit=limit,
            with_event=with_event,
        )
        return await self._read(work)

    async def pause_function(self, function_id: str, paused_at: int) -> None:
        """Note that a function is paused."""
        row = (function_id, paused_at)
        await self._write(lambda c: c.execute(q.PAUSE_FUNCTION, row).rowcount)

    async def resume_function(self, function_id: str) -> None:
        """Note that a function is not paused any more."""
        await self._write(lambda c: c.execute(q.RESUME_FUNCTION, (function_id,)).rowcount)

    async def load_paused(self) -> dict[str, int]:
        """Return when each paused function was paused."""
        return await self._read(_read.load_paused)

    async def ended_runs(self, *, after: str, until: str, limit: int) -> list[Relic]:
        """Return runs whose ids lie between two others, the oldest first."""
        work = partial(_sweep.ended_runs, after=after, until=until, limit=limit)
        return await self._read(work)

    async def free_events(self, *, after: str, until: str, limit: int) -> list[Relic]:
        """Return events whose ids lie between two others, the oldest first."""
        work = partial(_sweep.free_events, after=after, until=until, limit=limit)
        return await self._read(work)

    async def newest_run(self, count: int) -> str | None:
        """Return the first id of the `count` newest runs; `None` when there are fewer."""
        return await self._read(partial(_sweep.newest, statement=q.NEWEST_RUN, count=count))

    async def newest_event(self, count: int) -> str | None:
        """Return the first id of the `count` newest events; `None` when there are fewer."""
        return await self._read(partial(_sweep.newest, statement=q.NEWEST_EVENT, count=count))

    async def delete_runs(self, run_ids: Sequence[str]) -> int:
        """Delete ended runs from the front of a list; return how many are dealt with."""
        return await self._write(partial(_sweep.delete_runs, run_ids=run_ids))

    async def delete_events(self, event_ids: Sequence[str]) -> int:
        """Delete the events no run refers to; return how many were."""
        return await self._write(partial(_sweep.delete_events, event_ids=event_ids))

    async def forget_keys(self, *, now: int) -> bool:
        """Delete some expired idempotency keys and quotas; True when there may be more."""
        return await self._write(partial(_sweep.forget_keys, now=now))

    async def vacuum(self) -> bool:
        """Give some unused space back to the file system; True when there is more."""
        return await self._write(_sweep.vacuum)

    async def backup(self, target: Path) -> None:
        """Copy everything to the new file `target` while work goes on."""
        try:
            await self._database.backup(target)
        except StorageError as error:
            raise _engine_error(error) from error

    async def runs_of_event(self, event_id: str) -> list[RunView]:
        """Return the runs an event started."""
        return await self._read(partial(_read.runs_of_event, event_id=event_id))

    async def run_steps(self, run_id: str) -> list[StepRecord]:
        """Return a run's steps: the settled ones in stack order, then the others."""
        return await self._read(partial(_read.run_steps, run_id=run_id))

    async def run_metadata(self, run_id: str) -> list[Metadata]:
        """Return what is attached to a run and its steps."""
        return await self._read(partial(_read.run_metadata, run_id=run_id))

    async def attach_spans(self, spans: Sequence[Span]) -> int:
        """Keep spans of runs that exist, up to what a run may carry; return how many are kept."""
        return await self._write(partial(_spans.attach, spans=spans))

    async def run_spans(self, run_id: str) -> list[Span]:
        """Return the spans an app told of a run, the earliest first."""
        return await self._read(partial(_spans.of_run, run_id=run_id))

    async def items_of_run(self, run_id: str) -> list[QueueItem]:
        """Return what is still to be done for a run, the earliest first."""
        return await self._read(partial(_read.items_of_run, run_id=run_id))

    async def count_items(self) -> int:
        """Return how many queue items there are, held or parked."""
        return await self._read(_read.count_items)

    async def count_due(self, *, now: int) -> int:
        """Return how many queue items should be done by now, those at work among them."""
        return await self._read(partial(_read.count_due, now=now))

    async def get_event(self, event_id: str) -> Event | None:
        """Return an event by its internal id."""
        return await self._read(partial(_read.get_event, event_id=event_id))

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
        work = partial(
            _read.list_events,
            limit=limit,
            before=before,
            name=name,
            received_after=received_after,
            received_before=received_before,
        )
        return await self._read(work)

    async def close(self) -> None:
        """Finish what was asked for and give the data directory back."""
        await self._commits.finish()
        await self._database.close()
        self._directory.release()

    async def _write(self, work: Work[T]) -> T:
        try:
            return await self._database.write(work)
        except StorageError as error:
            raise _engine_error(error) from error

    async def _read(self, work: Work[T]) -> T:
        try:
            return await self._database.read(work)
        except StorageError as error:
            raise _engine_error(error) from error


def _engine_error(error: StorageError) -> EngineError:
    for storage, engine in _ERRORS.items():
        if isinstance(error, storage):
            return engine(str(error))
    return StoreUnavailable(str(error))
