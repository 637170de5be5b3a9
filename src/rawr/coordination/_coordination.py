"""Coordination put together on one store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from rawr.coordination._dispatch import Dispatch
from rawr.coordination._ids import run_id_of
from rawr.coordination._lifecycle import Workflow
from rawr.coordination._ports import EventSender, Outbox, RunStore, RunTransaction
from rawr.coordination._reader import RunReader
from rawr.coordination._relay import Relay, RelayPolicy
from rawr.coordination._runs import Runs
from rawr.coordination._sqlite_outbox import SqliteOutbox
from rawr.coordination._sqlite_store import SqliteRunStore
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

    def runs(self, workflow: Workflow) -> Runs:
        """The runs of one workflow."""
        return Runs(workflow, store=self.store, clock=self.clock, new_id=self.new_id)
