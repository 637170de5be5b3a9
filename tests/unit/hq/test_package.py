"""The package through its in-process client, on fakes."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.hq.fakes import NOW, Package, principal

from packages.invoicing import middleware
from packages.invoicing.client import InvoicingClient, system_principal
from packages.invoicing.domain.run import ReconciliationScope
from packages.invoicing.domain.status import STATES, RunState, can_cancel, can_queue_reconciliation
from packages.invoicing.errors import Forbidden, NotFound, RunRef
from packages.invoicing.procedures.contract import (
    READ,
    WRITE,
    InvoicingPackage,
    MarkResult,
    PreflightReconciliation,
    QueueReconciliation,
    Reconcile,
    RecordFailure,
    StartRun,
    WatchTimeline,
)
from packages.invoicing.service.ledger import Ledger
from packages.invoicing.service.runs import InvoicingRuns
from packages.invoicing.service.tenant import TenantDeps
from rawr.contract import ORPCError, walk

SCOPE = ReconciliationScope(account_id="acme", invoice_ids=["inv-1"])
RunCall = Callable[[InvoicingClient, str], Awaitable[Any]]


async def watched(client: InvoicingClient, run_id: str) -> list[str]:
    async with await client.watch_timeline(WatchTimeline(run_id=run_id)) as events:
        return [event.status async for event in events]


READS: dict[str, RunCall] = {
    "get_status": lambda client, run_id: client.get_status(RunRef(run_id=run_id)),
    "get_reconciliation_status": lambda client, run_id: client.get_reconciliation_status(
        RunRef(run_id=run_id)
    ),
    "get_timeline": lambda client, run_id: client.get_timeline(RunRef(run_id=run_id)),
    "watch_timeline": watched,
}
WRITES: dict[str, RunCall] = {
    "cancel": lambda client, run_id: client.cancel(RunRef(run_id=run_id)),
    "queue_reconciliation": lambda client, run_id: client.queue_reconciliation(
        QueueReconciliation(run_id=run_id, requested_by="ada")
    ),
    "reconcile": lambda client, run_id: client.reconcile(Reconcile(run_id=run_id, scope=SCOPE)),
    "mark_reconciliation_result": lambda client, run_id: client.mark_reconciliation_result(
        MarkResult(run_id=run_id, ok=True)
    ),
    "record_failure": lambda client, run_id: client.record_failure(
        RecordFailure(run_id=run_id, reason="why")
    ),
}
WITHOUT_RUN: dict[str, RunCall] = {
    "start": lambda client, _: client.start(StartRun(invoice_id="inv-1", requested_by="ada")),
    "preflight_reconciliation": lambda client, _: client.preflight_reconciliation(
        PreflightReconciliation(request_id="req-1", scope=SCOPE)
    ),
}


def test_every_procedure_is_covered_here() -> None:
    named = {place.attributes[0] for place in walk(InvoicingPackage)}
    assert named == {*READS, *WRITES, *WITHOUT_RUN}


@pytest.mark.parametrize("name", READS)
async def test_reads_take_the_read_role_only(name: str) -> None:
    package = Package()
    run_id = package.runs.add()
    await READS[name](package.client(principal(READ)), run_id)
    with pytest.raises(Forbidden, match=r"^finance:read role is required$"):
        await READS[name](package.client(principal(WRITE)), run_id)


@pytest.mark.parametrize("name", [*WRITES, *WITHOUT_RUN])
async def test_writes_take_the_write_role_only(name: str) -> None:
    package = Package()
    run_id = package.runs.add()
    call = {**WRITES, **WITHOUT_RUN}[name]
    with pytest.raises(Forbidden, match=r"^finance:write role is required$"):
        await call(package.client(principal(READ)), run_id)
    assert package.runs.status(run_id) == "queued"
    assert len(package.runs.stored) == 1
    assert package.ledger.calls == []
    await call(package.client(principal(WRITE)), run_id)


async def test_a_checked_role_does_not_stand_for_another_one() -> None:
    package = Package()
    run_id = package.runs.add()
    client = package.client(principal(READ))
    await READS["get_status"](client, run_id)
    with pytest.raises(Forbidden):
        await WRITES["cancel"](client, run_id)


@pytest.mark.parametrize("name", [*READS, *WRITES])
async def test_a_run_of_another_tenant_is_not_found(name: str) -> None:
    package = Package()
    run_id = package.runs.add(tenant_id="bolt")
    with pytest.raises(NotFound) as raised:
        await {**READS, **WRITES}[name](package.client(), run_id)
    assert raised.value.data == RunRef(run_id=run_id)
    assert package.runs.status(run_id, "bolt") == "queued"


async def test_start_registers_a_queued_run_in_the_callers_tenant() -> None:
    package = Package()
    started = await package.client().start(StartRun(invoice_id="inv-7", requested_by="ada"))
    run = package.runs.stored["acme", started.run_id]
    assert started.accepted
    assert (run.status, run.invoice_id, run.requested_by) == ("queued", "inv-7", "ada")


async def test_whatever_fails_in_start_is_told_without_its_cause() -> None:
    package = Package()
    package.runs.broken = OSError("disk /dev/sda1 is on fire")
    with pytest.raises(ORPCError) as raised:
        await package.client().start(StartRun(invoice_id="inv-7", requested_by="ada"))
    assert (raised.value.code, raised.value.status) == ("INTERNAL_SERVER_ERROR", 500)
    assert raised.value.message == "Failed to start invoice"


@pytest.mark.parametrize("state", STATES)
async def test_cancel_accepts_what_has_not_begun(state: RunState) -> None:
    package = Package()
    run_id = package.runs.add(state)
    outcome = await package.client().cancel(RunRef(run_id=run_id))
    assert outcome.accepted == can_cancel(state)
    assert package.runs.status(run_id) == ("canceled" if outcome.accepted else state)


@pytest.mark.parametrize("state", STATES)
async def test_queueing_tells_whether_the_state_allows_it_and_changes_nothing(
    state: RunState,
) -> None:
    package = Package()
    run_id = package.runs.add(state)
    outcome = await package.client().queue_reconciliation(
        QueueReconciliation(run_id=run_id, requested_by="ada")
    )
    assert outcome.accepted == can_queue_reconciliation(state)
    assert outcome.reason == (None if outcome.accepted else "invalid-state")
    assert package.runs.status(run_id) == state


async def test_a_registered_invoice_becomes_a_scope_of_the_tenants_own_account() -> None:
    package = Package()
    run_id = package.runs.add(invoice_id="inv-7")
    outcome = await package.client().queue_reconciliation(
        QueueReconciliation(run_id=run_id, requested_by="ada")
    )
    assert outcome.scope == ReconciliationScope(account_id="acme", invoice_ids=["inv-7"])


async def test_preflight_reserves_an_id_and_stores_nothing() -> None:
    package = Package()
    client = package.client()
    wanted = PreflightReconciliation(request_id="req-1", scope=SCOPE)
    first = await client.preflight_reconciliation(wanted)
    second = await client.preflight_reconciliation(wanted)
    assert first.run_id != second.run_id
    assert first.correlation_id == "corr-1"
    assert package.runs.stored == {}


@pytest.mark.parametrize("state", ["queued", "running"])
async def test_reconciling_moves_the_run_and_writes_the_books(state: RunState) -> None:
    package = Package()
    run_id = package.runs.add(state)
    outcome = await package.client().reconcile(Reconcile(run_id=run_id, scope=SCOPE))
    assert (outcome.ok, outcome.status) == (True, "reconciling")
    assert package.runs.status(run_id) == "reconciling"
    assert package.ledger.calls == [("acme", run_id, SCOPE)]


async def test_a_retried_step_goes_on_without_telling_twice() -> None:
    package = Package()
    run_id = package.runs.add("reconciling")
    outcome = await package.client().reconcile(Reconcile(run_id=run_id, scope=SCOPE, attempt=1))
    assert (outcome.ok, outcome.status) == (True, "reconciling")
    assert len(package.runs.events[run_id]) == 1


@pytest.mark.parametrize("state", ["completed", "failed", "canceled"])
async def test_an_ended_run_is_never_reconciled(state: RunState) -> None:
    package = Package()
    run_id = package.runs.add(state)
    outcome = await package.client().reconcile(Reconcile(run_id=run_id, scope=SCOPE))
    assert (outcome.ok, outcome.status) == (False, state)
    assert package.ledger.calls == []
    assert package.runs.status(run_id) == state


async def test_an_invoice_of_another_account_is_no_success() -> None:
    package = Package()
    package.ledger.foreign = ["inv-1"]
    run_id = package.runs.add()
    outcome = await package.client().reconcile(Reconcile(run_id=run_id, scope=SCOPE))
    assert (outcome.ok, outcome.status) == (False, "reconciling")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ok", [True, False])
async def test_a_result_ends_a_reconciliation_under_way_and_nothing_else(
    state: RunState, ok: bool
) -> None:
    package = Package()
    run_id = package.runs.add(state)
    marked = await package.client().mark_reconciliation_result(MarkResult(run_id=run_id, ok=ok))
    expected = ("completed" if ok else "failed") if state == "reconciling" else state
    assert (marked.run_id, marked.status) == (run_id, expected)
    assert package.runs.status(run_id) == expected


@pytest.mark.parametrize("state", STATES)
async def test_a_failure_ends_every_run_that_has_not_ended(state: RunState) -> None:
    package = Package()
    run_id = package.runs.add(state)
    recorded = await package.client().record_failure(RecordFailure(run_id=run_id, reason="why"))
    ended = state in ("completed", "failed", "canceled")
    assert recorded.status == (state if ended else "failed")
    assert [event.detail for event in package.runs.events[run_id]] == (
        [None] if ended else [None, "why"]
    )


async def test_the_reconciliation_status_tells_tenant_and_time() -> None:
    package = Package()
    run_id = package.runs.add("completed")
    status = await package.client().get_reconciliation_status(RunRef(run_id=run_id))
    assert (status.tenant_id, status.is_terminal, status.updated_at) == ("acme", True, NOW)


async def test_the_timeline_is_in_sequence_order() -> None:
    package = Package()
    client, run_id = package.client(), package.runs.add()
    await client.reconcile(Reconcile(run_id=run_id, scope=SCOPE))
    await client.mark_reconciliation_result(MarkResult(run_id=run_id, ok=True))
    timeline = await client.get_timeline(RunRef(run_id=run_id))
    assert [event.status for event in timeline.events] == ["queued", "reconciling", "completed"]
    assert [event.sequence for event in timeline.events] == [1, 2, 3]


async def test_watching_starts_after_what_was_seen() -> None:
    package = Package()
    client, run_id = package.client(), package.runs.add()
    await client.cancel(RunRef(run_id=run_id))
    async with await client.watch_timeline(WatchTimeline(run_id=run_id, after=1)) as events:
        assert [event.status async for event in events] == ["canceled"]


async def test_the_system_principal_is_nobody_and_has_what_the_function_needs() -> None:
    system = system_principal("acme")
    assert (system.subject, system.tenant_id) == ("system:invoicing", "acme")
    assert system.roles == {READ, WRITE}
    assert not system.can_trigger_workflows
    assert not system.can_call_internal


def test_the_client_of_one_request_shares_no_marker_with_another() -> None:
    ports = Package().ports
    request: Any = object()
    one, other = ports.client(principal(READ), request), ports.client(principal(READ), request)
    assert vars(one)["_link"] is not vars(other)["_link"]


class CountedRoles(frozenset[str]):
    """Roles that count how often they are asked."""

    asked = 0

    def __contains__(self, role: object) -> bool:
        type(self).asked += 1
        return super().__contains__(role)


async def test_each_role_is_checked_once_in_a_chain_of_calls() -> None:
    class Roles(CountedRoles):
        pass

    package = Package()
    run_id = package.runs.add()
    client = package.client(replace(principal(), roles=Roles({READ, WRITE})))
    for name in ("get_status", "get_timeline", "get_reconciliation_status"):
        await READS[name](client, run_id)
    await WRITES["cancel"](client, run_id)
    await WRITES["cancel"](client, run_id)
    assert Roles.asked == 2


async def test_a_refused_role_is_checked_again() -> None:
    package = Package()
    run_id = package.runs.add()
    client = package.client(principal())
    for _ in range(2):
        with pytest.raises(Forbidden):
            await READS["get_status"](client, run_id)


async def test_ports_are_bound_once_in_a_chain_and_anew_for_another_principal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound: list[str] = []

    def watched(tenant_id: str, runs: InvoicingRuns, ledger: Ledger) -> TenantDeps:
        bound.append(tenant_id)
        return TenantDeps(tenant_id, runs, ledger)

    monkeypatch.setattr(middleware, "TenantDeps", watched)
    package = Package()
    run_id = package.runs.add()
    client, rival = package.client(), package.client(principal(READ, tenant_id="bolt"))
    await READS["get_status"](client, run_id)
    await READS["get_timeline"](client, run_id)
    with pytest.raises(NotFound):
        await READS["get_status"](rival, run_id)
    assert bound == ["acme", "bolt"]


def test_no_port_of_a_handler_takes_a_tenant() -> None:
    methods = [getattr(TenantDeps, name) for name in vars(TenantDeps) if not name.startswith("_")]
    calls = [method for method in methods if inspect.isfunction(method)]
    assert len(calls) == 7
    assert not [call for call in calls if "tenant_id" in inspect.signature(call).parameters]
