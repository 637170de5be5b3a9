"""The ports bound to one tenant, so that no handler can name another."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from packages.invoicing.domain.run import ReconciliationScope, Run
from packages.invoicing.domain.status import RunState
from packages.invoicing.service.ledger import Ledger
from packages.invoicing.service.runs import InvoicingRuns
from packages.invoicing.workflows.contract import TimelineEvent
from rawr.composition import RequestInfo


@dataclass(frozen=True, slots=True)
class TenantDeps:
    """What handlers work with; the calls are those of the ports, without the tenant."""

    tenant_id: str
    runs: InvoicingRuns
    ledger: Ledger

    def new_run_id(self) -> str:
        """See `InvoicingRuns.new_run_id`."""
        return self.runs.new_run_id()

    async def register(self, *, invoice_id: str, requested_by: str, request: RequestInfo) -> Run:
        """See `InvoicingRuns.register`."""
        return await self.runs.register(
            tenant_id=self.tenant_id,
            invoice_id=invoice_id,
            requested_by=requested_by,
            request=request,
        )

    async def get(self, run_id: str) -> Run | None:
        """See `InvoicingRuns.get`."""
        return await self.runs.get(self.tenant_id, run_id)

    async def advance(
        self,
        run_id: str,
        status: RunState,
        *,
        detail: str | None = None,
        attempt: int | None = None,
    ) -> Run | None:
        """See `InvoicingRuns.advance`."""
        return await self.runs.advance(
            self.tenant_id, run_id, status, detail=detail, attempt=attempt
        )

    async def timeline(self, run_id: str) -> list[TimelineEvent] | None:
        """See `InvoicingRuns.timeline`."""
        return await self.runs.timeline(self.tenant_id, run_id)

    def watch(self, run_id: str, after: int) -> AsyncIterator[TimelineEvent]:
        """See `InvoicingRuns.watch`."""
        return self.runs.watch(self.tenant_id, run_id, after)

    async def reconcile(self, run_id: str, scope: ReconciliationScope) -> list[str]:
        """See `Ledger.reconcile`."""
        return await self.ledger.reconcile(self.tenant_id, run_id, scope)
