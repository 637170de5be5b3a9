"""What an engine can be asked about: events, runs, their steps and what is still to be done."""

from rawr.durable.domain.errors import RunNotFound
from rawr.durable.domain.event import Event
from rawr.durable.domain.metadata import Metadata
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState, RunStatus
from rawr.durable.domain.span import Span
from rawr.durable.domain.step import StepRecord
from rawr.durable.engine._parts import Parts
from rawr.durable.store.port import RunView


class History:
    """The look-ups of an engine."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store

    async def get_event(self, event_id: str) -> Event | None:
        """Return an event by its internal id."""
        return await self._store.get_event(event_id)

    async def list_events(
        self,
        *,
        limit: int = 20,
        before: str | None = None,
        name: str | None = None,
        received_after: int | None = None,
        received_before: int | None = None,
    ) -> list[Event]:
        """Return events, the newest first, starting below the internal id `before`.

        Times are in milliseconds since the epoch.
        """
        return await self._store.list_events(
            limit=limit,
            before=before,
            name=name,
            received_after=received_after,
            received_before=received_before,
        )

    async def get_run(self, run_id: str) -> RunView | None:
        """Return a run."""
        return await self._store.get_run(run_id)

    async def list_runs(
        self,
        *,
        limit: int = 20,
        before: str | None = None,
        function_id: str | None = None,
        status: RunStatus | None = None,
    ) -> list[RunView]:
        """Return runs, the newest first, starting below the id `before`."""
        return await self._store.list_runs(
            limit=limit, before=before, function_id=function_id, status=status
        )

    async def runs_of_event(self, event_id: str) -> list[RunView]:
        """Return the runs an event started, by the event's internal id."""
        return await self._store.runs_of_event(event_id)

    async def run_state(self, run_id: str) -> RunState:
        """Return a run with its events and memos, as its next call would see them.

        Raises:
            RunNotFound: no run has this id.
        """
        state = self._parts.runs.peek(run_id) or await self._store.load_state(run_id)
        if state is None:
            raise RunNotFound(f"No run has the id {run_id}")
        return state

    async def run_steps(self, run_id: str) -> list[StepRecord]:
        """Return a run's steps: the settled ones in stack order, then the others."""
        return await self._store.run_steps(run_id)

    async def run_metadata(self, run_id: str) -> list[Metadata]:
        """Return what functions attached to a run and its steps."""
        return await self._store.run_metadata(run_id)

    async def run_spans(self, run_id: str) -> list[Span]:
        """Return the spans an app told of a run, the earliest first."""
        return await self._store.run_spans(run_id)

    async def run_items(self, run_id: str) -> list[QueueItem]:
        """Return what is still to be done for a run, the earliest first."""
        return await self._store.items_of_run(run_id)

    async def queue_depth(self) -> int:
        """Return how many queue items there are, due or not."""
        return await self._store.count_items()

    async def queue_due(self) -> int:
        """Return how many queue items are at work or should be: the backlog."""
        return await self._store.count_due(now=self._parts.clock.now_ms())
