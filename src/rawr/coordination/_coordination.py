"""Coordination put together on one store."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from rawr.coordination._dispatch import Dispatch
from rawr.coordination._errors import UnknownWorkflow
from rawr.coordination._ids import run_id_of
from rawr.coordination._lifecycle import Lifecycle, Outcome, Workflow
from rawr.coordination._ports import EventSender, Outbox, RunStore, RunTransaction
from rawr.coordination._reader import RunReader
from rawr.coordination._relay import Relay, RelayPolicy
from rawr.coordination._run import RunError, RunRecord, TimelineEntry
from rawr.coordination._runs import Runs
from rawr.coordination._sqlite_outbox import SqliteOutbox
from rawr.coordination._sqlite_store import SqliteRunStore
from rawr.coordination._values import from_ms
from rawr.durable.domain.clock import Clock
from rawr.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordination:
    """Dispatch, its relay, and the runs of every workflow, over one store.

    ```python
    coordination = Coordination.on_sqlite(database, sender=client, clock=clock, new_id=new_ulid)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(coordination.relay.run, name="relay")
    ```
    """

    store: RunStore
    dispatch: Dispatch
    relay: Relay
    #: Reads the runs of all workflows.
    all_runs: RunReader
    clock: Clock
    new_id: Callable[[], str]
    _known: dict[tuple[str, str], Workflow] = field(default_factory=dict, repr=False)
    """The workflows whose runs were asked for, by capability and name."""

    @classmethod
    def of(
        cls,
        *,
        store: RunStore,
        outbox: Outbox,
        sender: EventSender,
        clock: Clock,
        new_id: Callable[[], str],
        relay_policy: RelayPolicy | None = None,
    ) -> Self:
        """Assemble on the given ports."""
        return cls(
            store=store,
            dispatch=Dispatch(store=store, clock=clock, new_id=new_id),
            relay=Relay(
                outbox=outbox,
                sender=sender,
                signals=store.signals,
                clock=clock,
                policy=relay_policy,
            ),
            all_runs=RunReader(store=store, clock=clock),
            clock=clock,
            new_id=new_id,
        )

    @classmethod
    def on_sqlite(
        cls,
        database: Database,
        *,
        sender: EventSender,
        clock: Clock,
        new_id: Callable[[], str],
        relay_policy: RelayPolicy | None = None,
    ) -> Self:
        """Assemble on a database that was opened with the coordination migrations."""
        return cls.of(
            store=SqliteRunStore(database),
            outbox=SqliteOutbox(database),
            sender=sender,
            clock=clock,
            new_id=new_id,
            relay_policy=relay_policy,
        )

    async def link_engine_run(self, event_id: str, engine_run_id: str) -> bool:
        """Note which run of the engine executes the run an event was dispatched for.

        False if no run was, or it is known already. Nothing else of the run is touched.
        """

        def work(transaction: RunTransaction) -> bool:
            run = transaction.get(run_id_of(event_id))
            if run is None or run.event_id != event_id:
                return False
            return transaction.record_engine_run(run.run_id, engine_run_id)

        return await self.store.transact(work)

    async def conclude(
        self, event_id: str, outcome: Outcome, *, detail: str | None = None
    ) -> RunRecord | None:
        """End the run an event was dispatched for, because its function has ended.

        A run that has ended itself stays as it is, and so does one whose lifecycle does not say
        what that outcome makes of it. What the table says of moves does not count: nothing moves
        the run any more. Returns the run if it was ended by this.

        Raises:
            UnknownWorkflow: nobody has asked for the runs of its workflow in this process.
        """

        def work(transaction: RunTransaction) -> RunRecord | None:
            run = transaction.get(run_id_of(event_id))
            if run is None or run.event_id != event_id or run.is_finished:
                return None
            lifecycle = self._lifecycle_of(run)
            status = lifecycle.status_after(outcome)
            if status is None:
                return None
            now = from_ms(self.clock.now_ms())
            entry = TimelineEntry(
                event_id=self.new_id(),
                type=lifecycle.event_type(status),
                status=status,
                ts=now,
                detail=detail,
            )
            ended = replace(
                run,
                status=status,
                revision=run.revision + 1,
                updated_at=now,
                finished_at=now,
                error=run.error or _error_of(outcome, detail),
            )
            transaction.replace(ended, status=run.status, revision=run.revision)
            transaction.append(run.run_id, entry.correlated(run.correlation_id))
            return transaction.get(run.run_id)

        return await self.store.transact(work)

    def runs(self, workflow: Workflow) -> Runs:
        """The runs of one workflow."""
        self._known[workflow.capability, workflow.name] = workflow
        return Runs(workflow, store=self.store, clock=self.clock, new_id=self.new_id)

    def _lifecycle_of(self, run: RunRecord) -> Lifecycle:
        workflow = self._known.get((run.capability, run.workflow))
        if workflow is None:
            raise UnknownWorkflow(run.capability, run.workflow)
        return workflow.lifecycle


def _error_of(outcome: Outcome, detail: str | None) -> RunError | None:
    if outcome is not Outcome.FAILED:
        return None
    return RunError(code="FUNCTION_FAILED", message=detail or "the function failed")
