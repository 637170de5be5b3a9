"""The ports of invoicing in memory."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from packages.invoicing.client import InvoicingClient, InvoicingPorts
from packages.invoicing.context import InvoicingDeps
from packages.invoicing.domain.run import ReconciliationScope, Run
from packages.invoicing.domain.status import RunState
from packages.invoicing.procedures.contract import READ, WRITE
from packages.invoicing.service.workflow import RECONCILIATION
from packages.invoicing.workflows.contract import TimelineEvent
from rawr.composition import CallerClass, Principal, RequestInfo
from rawr.coordination._lifecycle import Verdict

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REQUEST = RequestInfo(request_id="req-1", correlation_id="corr-1")


def principal(
    *roles: str, tenant_id: str = "acme", subject: str = "ada", internal: bool = True
) -> Principal:
    return Principal(
        subject=subject,
        tenant_id=tenant_id,
        caller=CallerClass.FIRST_PARTY,
        roles=frozenset(roles),
        can_call_internal=internal,
        can_trigger_workflows=internal,
    )


ADA = principal(READ, WRITE)


@dataclass(slots=True)
class FakeRuns:
    """Runs by tenant and id; moves obey the real lifecycle."""

    stored: dict[tuple[str, str], Run] = field(default_factory=dict)
    events: dict[str, list[TimelineEvent]] = field(default_factory=dict)
    broken: Exception | None = None
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_run_id(self) -> str:
        return f"run-{next(self._ids)}"

    def add(
        self,
        status: RunState = "queued",
        *,
        tenant_id: str = "acme",
        invoice_id: str | None = "inv-1",
        scope: ReconciliationScope | None = None,
    ) -> str:
        run = Run(
            run_id=self.new_run_id(),
            tenant_id=tenant_id,
            invoice_id=invoice_id,
            scope=scope,
            requested_by="ada",
            status=status,
            updated_at=NOW,
        )
        self.stored[tenant_id, run.run_id] = run
        self._tell(run, None, None)
        return run.run_id

    def status(self, run_id: str, tenant_id: str = "acme") -> RunState:
        return self.stored[tenant_id, run_id].status

    async def register(
        self, *, tenant_id: str, invoice_id: str, requested_by: str, request: RequestInfo
    ) -> Run:
        if self.broken is not None:
            raise self.broken
        run_id = self.add(tenant_id=tenant_id, invoice_id=invoice_id)
        run = self.stored[tenant_id, run_id].model_copy(update={"requested_by": requested_by})
        self.stored[tenant_id, run_id] = run
        return run

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        return self.stored.get((tenant_id, run_id))

    async def advance(
        self,
        tenant_id: str,
        run_id: str,
        status: RunState,
        *,
        detail: str | None = None,
        attempt: int | None = None,
    ) -> Run | None:
        run = self.stored.get((tenant_id, run_id))
        if run is None or RECONCILIATION.lifecycle.judge(run.status, status) is not Verdict.CHANGE:
            return run
        moved = run.model_copy(update={"status": status})
        self.stored[tenant_id, run_id] = moved
        self._tell(moved, detail, attempt)
        return moved

    async def timeline(self, tenant_id: str, run_id: str) -> list[TimelineEvent] | None:
        return self.events[run_id] if (tenant_id, run_id) in self.stored else None

    async def watch(self, tenant_id: str, run_id: str, after: int) -> AsyncIterator[TimelineEvent]:
        for event in self.events[run_id][after:]:
            yield event

    def _tell(self, run: Run, detail: str | None, attempt: int | None) -> None:
        told = self.events.setdefault(run.run_id, [])
        told.append(
            TimelineEvent(
                event_id=f"{run.run_id}-{len(told) + 1}",
                sequence=len(told) + 1,
                run_id=run.run_id,
                type=f"run.{run.status}",
                ts=NOW,
                status=run.status,
                detail=detail,
                attempt=attempt,
            )
        )


@dataclass(slots=True)
class FakeLedger:
    """Remembers what it was asked to reconcile."""

    foreign: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, ReconciliationScope]] = field(default_factory=list)

    async def reconcile(self, tenant_id: str, run_id: str, scope: ReconciliationScope) -> list[str]:
        self.calls.append((tenant_id, run_id, scope))
        return self.foreign


@dataclass(slots=True)
class Package:
    """The package on fakes."""

    runs: FakeRuns = field(default_factory=FakeRuns)
    ledger: FakeLedger = field(default_factory=FakeLedger)

    @property
    def ports(self) -> InvoicingPorts:
        return InvoicingPorts(InvoicingDeps(runs=self.runs, ledger=self.ledger))

    def client(self, who: Principal = ADA) -> InvoicingClient:
        return self.ports.client(who, REQUEST)
