"""The plugins' operations on fakes: what they ask of the package and of the dispatch."""

from dataclasses import dataclass, field
from typing import Any, cast

import inngest
import pytest
from tests.unit.hq.fakes import ADA, NOW, REQUEST, Package, principal

from packages.invoicing.domain.run import ReconciliationScope, RunTarget
from packages.invoicing.errors import (
    Forbidden,
    ReconciliationNotPossible,
    RequestConflict,
    RunNotFound,
    RunRef,
)
from packages.invoicing.service.workflow import RECONCILIATION
from packages.invoicing.workflows.contract import InvoicingWorkflows, TriggerReconciliation
from plugins.api.invoicing.context import InvoicingApiContext
from plugins.api.invoicing.contract import StartInvoiceProcessing
from plugins.api.invoicing.operations.processing import get_processing_status, start_processing
from plugins.workflows.invoicing import contract as plugin_contract
from plugins.workflows.invoicing.context import InvoicingWorkflowContext
from plugins.workflows.invoicing.functions.event import ReconciliationRequested
from plugins.workflows.invoicing.functions.reconcile import create_functions
from plugins.workflows.invoicing.operations.trigger import trigger
from rawr.composition import NetworkPolicy, Principal
from rawr.coordination import (
    Dispatch,
    Dispatched,
    IdempotencyConflict,
    RunNotDispatchable,
    RunRecord,
    RunRequest,
    UnknownRun,
)

SCOPE = ReconciliationScope(account_id="acc", invoice_ids=["inv-1", "inv-2"], dry_run=True)


@dataclass(slots=True)
class FakeDispatch:
    """Accepts everything, or refuses it with one error."""

    refusal: Exception | None = None
    sent: list[tuple[inngest.Event, RunRequest]] = field(default_factory=list)

    async def send(self, event: inngest.Event, *, run: RunRequest) -> Dispatched:
        self.sent.append((event, run))
        if self.refusal is not None:
            raise self.refusal
        return Dispatched(run=record(run), event_ids=("event-1",))


def record(run: RunRequest) -> RunRecord:
    return RunRecord(
        run_id=run.run_id or "",
        tenant_id=run.tenant_id,
        capability="invoicing",
        workflow="reconciliation",
        status="queued",
        revision=1,
        requested_by=run.requested_by,
        request_id=run.request_id,
        correlation_id=run.correlation_id,
        created_at=NOW,
        updated_at=NOW,
    )


@dataclass(slots=True)
class Plugin:
    package: Package = field(default_factory=Package)
    dispatch: FakeDispatch = field(default_factory=FakeDispatch)

    def workflow(self, who: Principal = ADA) -> InvoicingWorkflowContext:
        return InvoicingWorkflowContext(
            principal=who,
            request=REQUEST,
            network=NetworkPolicy(),
            invoicing=self.package.client(who),
            dispatch=cast("Dispatch", self.dispatch),
        )

    def api(self, who: Principal = ADA) -> InvoicingApiContext:
        return InvoicingApiContext(principal=who, invoicing=self.package.client(who))


async def test_a_trigger_sends_one_event_with_its_run() -> None:
    plugin = Plugin()
    accepted = await trigger(plugin.workflow(), TriggerReconciliation(scope=SCOPE))
    ((event, run),) = plugin.dispatch.sent
    requested = ReconciliationRequested.parse(event)
    assert requested.run_id == run.run_id == accepted.run_id
    assert requested.scope == SCOPE
    assert (requested.tenant_id, requested.requested_by) == ("acme", "ada")
    assert (requested.request_id, requested.correlation_id) == ("req-1", "corr-1")
    assert (run.workflow, run.registered) == (RECONCILIATION, False)
    assert accepted.correlation_id == "corr-1"


async def test_the_key_is_the_inputs_request_id_before_the_boundarys() -> None:
    plugin = Plugin()
    await trigger(plugin.workflow(), TriggerReconciliation(scope=SCOPE))
    await trigger(plugin.workflow(), TriggerReconciliation(scope=SCOPE, request_id="own"))
    assert [run.idempotency_key for _, run in plugin.dispatch.sent] == ["req-1", "own"]


async def test_what_makes_requests_equal_holds_nothing_generated() -> None:
    plugin = Plugin()
    for _ in range(2):
        await trigger(plugin.workflow(), TriggerReconciliation(invoice_id="inv-1"))
    (_, first), (_, second) = plugin.dispatch.sent
    assert first.input == second.input
    assert first.run_id != second.run_id


async def test_a_registered_run_is_dispatched_as_what_it_is() -> None:
    plugin = Plugin()
    run_id = plugin.package.runs.add(invoice_id="inv-7")
    await trigger(plugin.workflow(), TriggerReconciliation(run_id=run_id))
    ((event, run),) = plugin.dispatch.sent
    assert (run.run_id, run.registered) == (run_id, True)
    assert run.input == RunTarget(invoice_id="inv-7")
    requested = ReconciliationRequested.parse(event)
    assert requested.scope == ReconciliationScope(account_id="acme", invoice_ids=["inv-7"])


@pytest.mark.parametrize(
    ("refusal", "expected", "data"),
    [
        (
            IdempotencyConflict("req-1", cast("RunRecord", None)),
            RequestConflict,
            {"request_id": "req-1"},
        ),
        (RunNotDispatchable, ReconciliationNotPossible, {"run_id": "run-1"}),
        (UnknownRun("run-1"), RunNotFound, {"run_id": "run-1"}),
    ],
)
async def test_refusals_of_the_dispatch_are_told_in_the_contracts_words(
    refusal: Any, expected: Any, data: dict[str, str]
) -> None:
    plugin = Plugin()
    run_id = plugin.package.runs.add()
    context = plugin.workflow()
    if refusal is RunNotDispatchable:
        await trigger(context, TriggerReconciliation(run_id=run_id))
        ((_, run),) = plugin.dispatch.sent
        refusal = RunNotDispatchable(record(run))
    plugin.dispatch.refusal = refusal
    with pytest.raises(expected) as raised:
        await trigger(context, TriggerReconciliation(run_id=run_id))
    assert raised.value.data.model_dump() == data
    assert raised.value.__cause__ is refusal


async def test_a_failure_of_the_store_is_not_disguised() -> None:
    plugin = Plugin(dispatch=FakeDispatch(refusal=OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        await trigger(plugin.workflow(), TriggerReconciliation(invoice_id="inv-1"))


async def test_who_may_not_write_has_sent_nothing() -> None:
    plugin = Plugin()
    with pytest.raises(Forbidden):
        await trigger(plugin.workflow(principal()), TriggerReconciliation(invoice_id="inv-1"))
    assert plugin.dispatch.sent == []


async def test_starting_by_the_api_registers_and_sends_nothing() -> None:
    plugin = Plugin()
    started = await start_processing(
        plugin.api(), StartInvoiceProcessing(invoice_id="inv-7", requested_by_user_id="ada")
    )
    run = plugin.package.runs.stored["acme", started.run_id]
    assert (run.requested_by, run.invoice_id) == ("ada", "inv-7")
    assert plugin.dispatch.sent == []


async def test_nobody_starts_in_anothers_name() -> None:
    plugin = Plugin()
    asked = StartInvoiceProcessing(invoice_id="inv-7", requested_by_user_id="bob")
    with pytest.raises(Forbidden):
        await start_processing(plugin.api(), asked)
    assert plugin.package.runs.stored == {}


async def test_the_packages_not_found_is_run_not_found_at_the_boundary() -> None:
    with pytest.raises(RunNotFound) as raised:
        await get_processing_status(Plugin().api(), RunRef(run_id="run-9"))
    assert raised.value.data == RunRef(run_id="run-9")


def test_the_plugin_re_exports_the_packages_contract() -> None:
    assert plugin_contract.InvoicingWorkflows is InvoicingWorkflows


def test_operation_ids_are_the_published_ones() -> None:
    procedures = InvoicingWorkflows.contract_procedures.values()
    assert [procedure.definition.route.operation_id for procedure in procedures] == [
        "invoicingTriggerReconciliation",
        "invoicingGetRunStatus",
        "invoicingGetRunTimeline",
        "invoicingWatchRun",
    ]


def test_the_function_is_configured_as_specified() -> None:
    client = inngest.Inngest(app_id="app", is_production=False)
    (function,) = create_functions(client, Package().ports)
    config = function.get_config("http://app.test").main
    (step,) = config.steps.values()
    (trigger_,) = config.triggers
    (limit,) = config.concurrency or []
    assert function.id == "app-invoicing.reconciliation"
    assert step.retries is not None
    assert step.retries.attempts == 2
    assert isinstance(trigger_, inngest.TriggerEvent)
    assert trigger_.event == "invoicing.reconciliation.requested"
    assert (limit.limit, limit.key) == (10, "event.data.tenantId")
