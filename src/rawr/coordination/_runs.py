"""The runs of one workflow: registering them, moving them along, adding to their timelines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rawr.coordination._dispatch import Also
from rawr.coordination._errors import (
    IllegalTransition,
    RunConflict,
    RunFinished,
    StaleRun,
    UnknownRun,
)
from rawr.coordination._ids import check_id
from rawr.coordination._lifecycle import Verdict, Workflow
from rawr.coordination._ports import RunStore, RunTransaction
from rawr.coordination._reader import POLL_INTERVAL, RunReader
from rawr.coordination._run import RunError, RunRecord, TimelineEntry, TimelineEvent
from rawr.coordination._values import from_ms, to_json
from rawr.durable.domain.clock import Clock
from rawr.schema import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitioned:
    """The run after a transition; `changed` is False if it already was in that status."""

    run: RunRecord
    changed: bool


class Runs(RunReader):
    """Reads and writes the runs of one workflow.

    Every change is compare-and-set in one transaction with its timeline event: it is made to the
    status it was decided on, or not at all.
    """

    def __init__(
        self,
        workflow: Workflow,
        *,
        store: RunStore,
        clock: Clock,
        new_id: Callable[[], str],
        poll_interval: timedelta = POLL_INTERVAL,
    ) -> None:
        super().__init__(store=store, clock=clock, workflow=workflow, poll_interval=poll_interval)
        self.workflow = workflow
        self._new_id = new_id

    async def register(
        self,
        *,
        tenant_id: str,
        requested_by: str,
        request_id: str,
        correlation_id: str,
        run_id: str | None = None,
        input: object = None,
        also: Also | None = None,
    ) -> RunRecord:
        """Store a run that nothing executes yet; `Dispatch.send` may start it later.

        `input` (JSON or a model) is the run's until a dispatch brings another.

        Raises:
            InvalidId: the run id is not path-safe.
            RunConflict: the run id is taken.
        """
        lifecycle = self.workflow.lifecycle
        now = self._now()
        run = RunRecord(
            run_id=check_id("run id", run_id or self._new_id()),
            tenant_id=tenant_id,
            capability=self.workflow.capability,
            workflow=self.workflow.name,
            status=lifecycle.initial,
            revision=1,
            requested_by=requested_by,
            request_id=request_id,
            correlation_id=correlation_id,
            created_at=now,
            updated_at=now,
            input=to_json(input),
        )
        entry = TimelineEntry(
            event_id=self._new_id(),
            type=lifecycle.event_type(lifecycle.initial),
            status=lifecycle.initial,
            ts=now,
        )

        def work(transaction: RunTransaction) -> RunRecord:
            if transaction.get(run.run_id) is not None:
                raise RunConflict(run.run_id)
            transaction.insert(run)
            transaction.append(run.run_id, entry.correlated(correlation_id))
            return self._finish(transaction, run, also)

        return await self._store.transact(work)

    async def transition(
        self,
        run_id: str,
        to: str,
        *,
        tenant_id: str,
        event_type: str | None = None,
        detail: str | None = None,
        attempt: int | None = None,
        data: Mapping[str, Json] | None = None,
        output: object = None,
        error: RunError | None = None,
        expected_revision: int | None = None,
        also: Also | None = None,
    ) -> Transitioned:
        """Move the run to status `to` and report it in the timeline, in one transaction.

        A run that is already there is left alone (`also` is not called): a retried step finds its
        earlier effect. `output` and `error` are stored on the run. With `expected_revision` the
        run must still be the one the caller read.

        Raises:
            UnknownRun: this tenant has no such run.
            IllegalTransition: the lifecycle does not allow it; nothing changed. Its `run` says
                where the run is.
            StaleRun: the run changed since it was read.
        """
        return await self._store.transact(
            _Transition(
                find=self._find,
                finish=self._finish,
                workflow=self.workflow,
                run_id=run_id,
                tenant_id=tenant_id,
                entry=TimelineEntry(
                    event_id=self._new_id(),
                    type=event_type or self.workflow.lifecycle.event_type(to),
                    status=to,
                    ts=self._now(),
                    detail=detail,
                    attempt=attempt,
                    data=data or {},
                ),
                output=to_json(output),
                error=error,
                expected_revision=expected_revision,
                also=also,
            )
        )

    async def append(
        self,
        run_id: str,
        event_type: str,
        *,
        tenant_id: str,
        event_id: str | None = None,
        status: str | None = None,
        detail: str | None = None,
        attempt: int | None = None,
        data: Mapping[str, Json] | None = None,
    ) -> TimelineEvent:
        """Add to the timeline without changing the run; `status` defaults to the run's.

        A step that may be retried passes an `event_id` of its own (unique within the run): an
        event the run already has is returned as stored, not added again.

        Raises:
            UnknownRun: this tenant has no such run.
            RunFinished: the terminal event is the last one of a timeline.
        """
        now = self._now()
        entry_id = event_id or self._new_id()

        def work(transaction: RunTransaction) -> TimelineEvent:
            run = self._find(transaction, run_id, tenant_id)
            if run.is_finished:
                raise RunFinished(run)
            entry = TimelineEntry(
                event_id=entry_id,
                type=event_type,
                status=status or run.status,
                ts=now,
                detail=detail,
                attempt=attempt,
                data=data or {},
            )
            return transaction.append(run_id, entry.correlated(run.correlation_id))

        return await self._store.transact(work)

    async def engine_run_known(self, run_id: str, engine_run_id: str, *, tenant_id: str) -> None:
        """Note which run of the engine executes this one, for trace links; touches nothing else.

        Raises:
            UnknownRun: this tenant has no such run.
        """

        def work(transaction: RunTransaction) -> None:
            self._find(transaction, run_id, tenant_id)
            transaction.record_engine_run(run_id, engine_run_id)

        await self._store.transact(work)

    def _now(self) -> datetime:
        return from_ms(self._clock.now_ms())

    def _find(self, transaction: RunTransaction, run_id: str, tenant_id: str) -> RunRecord:
        run = transaction.get(run_id)
        if run is None or run.tenant_id != tenant_id or not self._covers(run):
            raise UnknownRun(run_id)
        return run

    def _finish(self, transaction: RunTransaction, run: RunRecord, also: Also | None) -> RunRecord:
        """Let the capability write its rows, and return the run as it is stored at the end."""
        stored = self._find(transaction, run.run_id, run.tenant_id)
        if also is None:
            return stored
        also(transaction, stored)
        return self._find(transaction, run.run_id, run.tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transition:
    """One wanted change, decided inside the transaction."""

    find: Callable[[RunTransaction, str, str], RunRecord]
    finish: Callable[[RunTransaction, RunRecord, Also | None], RunRecord]
    workflow: Workflow
    run_id: str
    tenant_id: str
    entry: TimelineEntry
    output: Json
    error: RunError | None
    expected_revision: int | None
    also: Also | None

    def __call__(self, transaction: RunTransaction) -> Transitioned:
        run = self.find(transaction, self.run_id, self.tenant_id)
        to = self.entry.status
        verdict = self.workflow.lifecycle.judge(run.status, to)
        if verdict is Verdict.NO_CHANGE:
            return Transitioned(run=run, changed=False)
        if self.expected_revision not in {None, run.revision}:
            raise StaleRun(run, self.expected_revision or 0)
        if verdict is Verdict.ILLEGAL:
            raise IllegalTransition(run, to)
        changed = replace(
            run,
            status=to,
            revision=run.revision + 1,
            updated_at=self.entry.ts,
            finished_at=self.entry.ts if self.workflow.lifecycle.is_terminal(to) else None,
            output=run.output if self.output is None else self.output,
            error=self.error or run.error,
        )
        if not transaction.replace(changed, status=run.status, revision=run.revision):
            raise StaleRun(run, run.revision)
        transaction.append(self.run_id, self.entry.correlated(run.correlation_id))
        return Transitioned(run=self.finish(transaction, changed, self.also), changed=True)
