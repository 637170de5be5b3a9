"""The runs of this capability: the port, and its adapter to the host's run store."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from packages.invoicing.domain.run import Run, RunTarget
from packages.invoicing.domain.status import RunState, to_run_state
from packages.invoicing.workflows.contract import TimelineEvent
from rawr import coordination
from rawr.composition import RequestInfo
from rawr.coordination import IllegalTransition, RunRecord, Runs, UnknownRun


class InvoicingRuns(Protocol):
    """Runs and their timelines; every call names the tenant, state changes compare and set."""

    def new_run_id(self) -> str:
        """A fresh, path-safe id."""
        ...

    async def register(
        self, *, tenant_id: str, invoice_id: str, requested_by: str, request: RequestInfo
    ) -> Run:
        """Store a `queued` run that nothing executes yet, with the first timeline entry."""
        ...

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        """The run, or None if the tenant has no such run."""
        ...

    async def advance(
        self,
        tenant_id: str,
        run_id: str,
        status: RunState,
        *,
        detail: str | None = None,
        attempt: int | None = None,
    ) -> Run | None:
        """Move the run to a status and return it as it is afterwards.

        A move that the transition table does not allow (from a terminal state, say) changes
        nothing; neither does a move to the status the run has already. None if the tenant has
        no such run.
        """
        ...

    async def timeline(self, tenant_id: str, run_id: str) -> list[TimelineEvent] | None:
        """The run's life in sequence order, or None if the tenant has no such run."""
        ...

    def watch(self, tenant_id: str, run_id: str, after: int) -> AsyncIterator[TimelineEvent]:
        """What follows a sequence number, as it happens, until the run has ended."""
        ...


@dataclass(frozen=True, slots=True)
class CoordinatedRuns:
    """The port on the host's run store."""

    runs: Runs
    new_id: Callable[[], str]

    def new_run_id(self) -> str:
        """See `InvoicingRuns.new_run_id`."""
        return self.new_id()

    async def register(
        self, *, tenant_id: str, invoice_id: str, requested_by: str, request: RequestInfo
    ) -> Run:
        """See `InvoicingRuns.register`."""
        stored = await self.runs.register(
            tenant_id=tenant_id,
            requested_by=requested_by,
            request_id=request.request_id,
            correlation_id=request.correlation_id,
            input=RunTarget(invoice_id=invoice_id),
        )
        return _run(stored)

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        """See `InvoicingRuns.get`."""
        try:
            return _run(await self.runs.get(run_id, tenant_id=tenant_id))
        except UnknownRun:
            return None

    async def advance(
        self,
        tenant_id: str,
        run_id: str,
        status: RunState,
        *,
        detail: str | None = None,
        attempt: int | None = None,
    ) -> Run | None:
        """See `InvoicingRuns.advance`."""
        try:
            moved = await self.runs.transition(
                run_id, status, tenant_id=tenant_id, detail=detail, attempt=attempt
            )
        except IllegalTransition as error:
            return _run(error.run)
        except UnknownRun:
            return None
        return _run(moved.run)

    async def timeline(self, tenant_id: str, run_id: str) -> list[TimelineEvent] | None:
        """See `InvoicingRuns.timeline`."""
        try:
            timeline = await self.runs.timeline(run_id, tenant_id=tenant_id)
        except UnknownRun:
            return None
        return [_event(event) for event in timeline.events]

    async def watch(self, tenant_id: str, run_id: str, after: int) -> AsyncIterator[TimelineEvent]:
        """See `InvoicingRuns.watch`."""
        async for event in self.runs.watch(run_id, tenant_id=tenant_id, after=after):
            yield _event(event)


def _run(record: RunRecord) -> Run:
    target = RunTarget.model_validate(record.input or {})
    return Run(
        run_id=record.run_id,
        tenant_id=record.tenant_id,
        invoice_id=target.invoice_id,
        scope=target.scope,
        requested_by=record.requested_by,
        status=to_run_state(record.status),
        updated_at=record.updated_at,
    )


def _event(event: coordination.TimelineEvent) -> TimelineEvent:
    return TimelineEvent(
        event_id=event.event_id,
        sequence=event.sequence,
        run_id=event.run_id,
        correlation_id=event.correlation_id,
        type=event.type,
        ts=event.ts,
        status=to_run_state(event.status),
        detail=event.detail,
        attempt=event.attempt,
    )
