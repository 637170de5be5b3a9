"""What a triggered reconciliation does, from acceptance to its end."""

import json
from typing import Any

import pytest
from tests.scenarios.kit import HQ, RPC_TRIGGER, fields

from rawr.durable.domain.run import RunStatus

SCOPE = {"accountId": "acc-7", "invoiceIds": ["inv-1", "inv-2"]}


async def engine_output(hq: HQ) -> Any:
    """The output of the only run the engine knows, which must have completed."""
    (run,) = await hq.host.engine.list_runs()
    assert run.status is RunStatus.COMPLETED
    assert run.output is not None
    return json.loads(run.output)


async def test_a_triggered_run_completes(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    assert await hq.status(run_id) == {"runId": run_id, "status": "completed", "isTerminal": True}
    assert await engine_output(hq) == {"ok": True, "runId": run_id, "status": "completed"}


async def test_the_status_can_be_read_right_after_the_trigger(hq: HQ) -> None:
    async with hq.nothing_sent():
        run_id = await hq.accepted(invoiceId="inv-1")
        queued = {"runId": run_id, "status": "queued", "isTerminal": False}
        assert await hq.status(run_id) == queued


async def test_every_change_of_a_run_is_on_its_timeline_once(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    events = await hq.timeline(run_id)
    assert [event["status"] for event in events] == ["queued", "reconciling", "completed"]
    assert [event["sequence"] for event in events] == [1, 2, 3]
    assert len({event["eventId"] for event in events}) == 3
    assert {event["runId"] for event in events} == {run_id}


async def test_an_invoice_is_reconciled_under_the_tenants_own_account(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    assert await hq.reconciled() == [("inv-1", "acme", run_id)]


async def test_a_scope_is_reconciled_as_a_whole(hq: HQ) -> None:
    run_id = await hq.accepted(scope=SCOPE)
    await hq.settle()
    assert await hq.reconciled() == [("inv-1", "acc-7", run_id), ("inv-2", "acc-7", run_id)]


async def test_a_registered_run_waits_until_it_is_triggered(hq: HQ) -> None:
    run_id = await hq.registered(invoice_id="inv-9")
    await hq.settle()
    assert (await hq.status(run_id))["status"] == "queued"
    assert await hq.host.engine.list_events() == []

    assert await hq.accepted(runId=run_id) == run_id
    await hq.settle()
    assert (await hq.status(run_id))["status"] == "completed"
    assert await hq.reconciled() == [("inv-9", "acme", run_id)]


async def test_a_dry_run_completes_and_changes_no_invoice(hq: HQ) -> None:
    run_id = await hq.accepted(scope={**SCOPE, "dryRun": True})
    await hq.settle()
    assert (await hq.status(run_id))["status"] == "completed"
    assert await hq.reconciled() == []


async def test_an_invoice_of_another_account_fails_the_run_and_changes_nothing(hq: HQ) -> None:
    first = await hq.accepted(scope={"accountId": "acc-1", "invoiceIds": ["inv-2"]})
    await hq.settle()
    second = await hq.accepted(scope=SCOPE)
    await hq.settle()

    assert (await hq.status(second))["status"] == "failed"
    assert await hq.statuses(second) == ["queued", "reconciling", "failed"]
    assert await hq.reconciled() == [("inv-2", "acc-1", first)]
    newest, _ = await hq.host.engine.list_runs()
    assert json.loads(newest.output or b"") == {"ok": False, "runId": second, "status": "failed"}


async def test_two_tenants_may_hold_the_same_invoice(hq: HQ) -> None:
    of_ada, of_bob = (
        await hq.accepted(invoiceId="inv-1"),
        await hq.accepted("bob", invoiceId="inv-1"),
    )
    await hq.settle()
    assert (await hq.status(of_ada))["status"] == "completed"
    assert (await hq.status(of_bob, "bob"))["status"] == "completed"
    assert {run_id for _, _, run_id in await hq.reconciled()} == {of_ada, of_bob}


async def test_a_run_canceled_before_its_function_starts_has_no_side_effect(hq: HQ) -> None:
    async with hq.nothing_sent():
        run_id = await hq.accepted(invoiceId="inv-1")
        assert await hq.cancel(run_id)
    await hq.settle()

    assert await engine_output(hq) == {"ok": False, "runId": run_id, "status": "canceled"}
    assert await hq.statuses(run_id) == ["queued", "canceled"]
    assert await hq.reconciled() == []


async def test_a_completed_run_cannot_be_canceled(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    assert not await hq.cancel(run_id)
    assert (await hq.status(run_id))["status"] == "completed"


async def test_the_correlation_id_of_the_request_travels_to_event_and_run(hq: HQ) -> None:
    response = await hq.trigger(headers={"x-correlation-id": "corr-42"}, invoiceId="inv-1")
    accepted = fields(response)
    assert accepted["correlationId"] == "corr-42"
    await hq.settle()

    (event,) = await hq.host.engine.list_events(name="invoicing.reconciliation.requested")
    assert event.data["correlationId"] == "corr-42"
    run = await hq.runs.get(accepted["runId"], tenant_id="acme")
    assert run.correlation_id == "corr-42"
    assert run.status == "completed"


async def test_the_event_says_what_the_function_needs_and_who_asked(hq: HQ) -> None:
    run_id = await hq.accepted(requestId="req-1", invoiceId="inv-1")
    await hq.settle()
    (event,) = await hq.host.engine.list_events(name="invoicing.reconciliation.requested")
    assert event.data == {
        "tenantId": "acme",
        "runId": run_id,
        "requestId": "req-1",
        "correlationId": event.data["correlationId"],
        "requestedBy": "ada",
        "scope": {"accountId": "acme", "invoiceIds": ["inv-1"], "dryRun": False},
    }


async def test_rpc_and_openapi_start_the_same_kind_of_run(hq: HQ) -> None:
    response = await hq.caller().request("POST", RPC_TRIGGER, body=b'{"json":{"invoiceId":"i"}}')
    assert response.status == 200, response.text
    await hq.settle()
    run_id = fields(response)["json"]["runId"]
    assert (await hq.status(run_id))["status"] == "completed"


async def test_the_api_shows_the_status_as_a_phase(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    response = await hq.caller().request("GET", f"/api/orpc/invoicing/processing/{run_id}")
    assert response.json() == {"runId": run_id, "phase": "completed", "isTerminal": True}


async def test_the_api_tells_where_the_reconciliation_stands(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    response = await hq.caller().request("GET", f"/api/orpc/invoicing/reconciliation/{run_id}")
    status = fields(response)
    assert (status["runId"], status["tenantId"]) == (run_id, "acme")
    assert (status["status"], status["isTerminal"]) == ("completed", True)
    assert status["updatedAt"].endswith("Z")


@pytest.mark.parametrize("body", [{"invoiceId": "inv-1"}, {"scope": SCOPE}])
async def test_requested_by_is_the_principal(hq: HQ, body: dict[str, Any]) -> None:
    run_id = await hq.accepted(requestedByUserId="ada", **body)
    assert (await hq.runs.get(run_id, tenant_id="acme")).requested_by == "ada"
