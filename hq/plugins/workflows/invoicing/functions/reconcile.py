"""The durable reconciliation: two steps, each committed once."""

from typing import Any

import inngest

from packages.invoicing.client import InvoicingClient, InvoicingPorts
from packages.invoicing.procedures.contract import MarkResult, Reconcile, RecordFailure
from plugins.workflows.invoicing.functions.event import (
    ReconciliationRequested,
    ReconciliationRequestedData,
)
from plugins.workflows.invoicing.functions.run_trace import (
    RunTrace,
    RunTracing,
    run_trace,
)
from rawr.composition import RequestInfo

_RETRIES = 2
_RUNS_PER_TENANT = 10


def create_functions(client: inngest.Inngest, ports: InvoicingPorts) -> list[inngest.Function[Any]]:
    """Every durable function of invoicing."""
    return [create_reconcile(client, ports)]


def create_reconcile(client: inngest.Inngest, ports: InvoicingPorts) -> inngest.Function[Any]:
    """Reconciles one run; when retries are exhausted, the run is recorded as failed."""

    async def record_failure(ctx: inngest.Context) -> None:
        failed: dict[str, Any] = dict(ctx.event.data)
        requested = ReconciliationRequested.parse(inngest.Event.model_validate(failed["event"]))
        reason = str(failed.get("error", {}).get("message", "the reconciliation failed"))
        await ctx.step.run(
            "invoicing/record-failure",
            lambda: _record_failure(
                _system(ports, requested, run_trace(ctx)), requested.run_id, reason
            ),
        )

    @client.create_function(
        fn_id="invoicing.reconciliation",
        retries=_RETRIES,
        trigger=ReconciliationRequested.trigger(),
        concurrency=[inngest.Concurrency(limit=_RUNS_PER_TENANT, key="event.data.tenantId")],
        on_failure=record_failure,
        middleware=[RunTracing],
    )
    async def reconcile(ctx: inngest.Context) -> dict[str, object]:
        requested = ReconciliationRequested.parse(ctx.event)
        invoicing = _system(ports, requested, run_trace(ctx))
        reconciled = await ctx.step.run(
            "invoicing/reconcile", lambda: _reconcile(invoicing, requested, ctx.attempt)
        )
        if reconciled["status"] != "reconciling":  # ended meanwhile: canceled, say
            return {"ok": False, "runId": requested.run_id, "status": reconciled["status"]}
        ok = bool(reconciled["ok"])
        status = await ctx.step.run(
            "invoicing/mark-result", lambda: _mark_result(invoicing, requested.run_id, ok=ok)
        )
        return {"ok": ok, "runId": requested.run_id, "status": status}

    return reconcile


def _system(
    ports: InvoicingPorts, requested: ReconciliationRequestedData, trace: RunTrace
) -> InvoicingClient:
    request = RequestInfo(request_id=trace.request_id, correlation_id=trace.correlation_id)
    return ports.system_client(requested.tenant_id, request)


async def _reconcile(
    invoicing: InvoicingClient, requested: ReconciliationRequestedData, attempt: int
) -> dict[str, object]:
    outcome = await invoicing.reconcile(
        Reconcile(run_id=requested.run_id, scope=requested.scope, attempt=attempt)
    )
    return {"ok": outcome.ok, "status": outcome.status}


async def _mark_result(invoicing: InvoicingClient, run_id: str, *, ok: bool) -> str:
    marked = await invoicing.mark_reconciliation_result(MarkResult(run_id=run_id, ok=ok))
    return marked.status


async def _record_failure(invoicing: InvoicingClient, run_id: str, reason: str) -> str:
    recorded = await invoicing.record_failure(RecordFailure(run_id=run_id, reason=reason))
    return recorded.status
