"""Hosts, tenants and requests side by side: nothing leaks from one to the other."""

import json
from pathlib import Path

import anyio
from tests.scenarios.kit import HQ, fields, running_hq


async def test_two_hosts_in_one_process_know_nothing_of_each_other(tmp_path: Path) -> None:
    async with running_hq(tmp_path / "one") as one, running_hq(tmp_path / "two") as two:
        run_id = await one.accepted(requestId="req-1", invoiceId="inv-1")
        await one.settle()
        await two.settle()

        assert (await one.status(run_id))["status"] == "completed"
        missing = await two.caller().request("GET", f"/api/workflows/invoicing/runs/{run_id}")
        assert missing.status == 404
        assert await two.reconciled() == []
        assert await two.host.engine.list_events() == []

        other = await two.accepted(requestId="req-1", invoiceId="inv-2")
        assert other != run_id
        await two.settle()
        assert await two.reconciled() == [("inv-2", "acme", other)]
        assert await one.reconciled() == [("inv-1", "acme", run_id)]


async def test_a_session_of_one_host_is_none_of_the_others(tmp_path: Path) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    async with running_hq(tmp_path / "one") as one, running_hq(tmp_path / "two") as two:
        response = await one.caller(None).request(
            "POST", "/sign-in", headers=form, body=b"token=ada"
        )
        cookie = {"cookie": response.headers["set-cookie"].partition(";")[0]}
        known = await one.caller(None).request("GET", "/", headers=cookie)
        unknown = await two.caller(None).request("GET", "/", headers=cookie)
        assert "/sign-out" in known.text
        assert "/sign-in" in unknown.text


async def test_one_host_may_end_while_the_other_goes_on(tmp_path: Path) -> None:
    async with running_hq(tmp_path / "one") as one:
        async with running_hq(tmp_path / "two"):
            pass
        run_id = await one.accepted(invoiceId="inv-1")
        await one.settle()
        assert (await one.status(run_id))["status"] == "completed"


async def test_a_host_finds_everything_again_after_a_restart(tmp_path: Path) -> None:
    async with running_hq(tmp_path) as hq:
        run_id = await hq.accepted(requestId="req-1", invoiceId="inv-1")
        await hq.settle()
        timeline = await hq.timeline(run_id)
    async with running_hq(tmp_path) as hq:
        assert (await hq.status(run_id))["status"] == "completed"
        assert await hq.timeline(run_id) == timeline
        assert await hq.accepted(requestId="req-1", invoiceId="inv-1") == run_id
        await hq.settle()
        assert await hq.timeline(run_id) == timeline


async def test_leaving_a_host_finishes_what_was_accepted(tmp_path: Path) -> None:
    async with running_hq(tmp_path) as hq:
        run_id = await hq.accepted(invoiceId="inv-1")
    async with running_hq(tmp_path) as hq:
        await hq.settle()
        assert (await hq.status(run_id))["status"] == "completed"
        assert await hq.reconciled() == [("inv-1", "acme", run_id)]


async def test_the_same_request_made_many_times_at_once_is_one_run(hq: HQ) -> None:
    run_ids: list[str] = []

    async def ask() -> None:
        run_ids.append(await hq.accepted(requestId="req-1", invoiceId="inv-1"))

    async with anyio.create_task_group() as callers:
        for _ in range(20):
            callers.start_soon(ask)
    await hq.settle()
    assert len(run_ids) == 20
    assert len(set(run_ids)) == 1
    assert len(await hq.host.engine.list_events(name="invoicing.reconciliation.requested")) == 1


async def test_of_many_keys_on_one_run_one_wins(hq: HQ) -> None:
    run_id = await hq.registered()
    statuses: list[int] = []

    async def ask(request_id: str) -> None:
        response = await hq.trigger(requestId=request_id, runId=run_id)
        statuses.append(response.status)

    async with anyio.create_task_group() as callers:
        for number in range(10):
            callers.start_soon(ask, f"req-{number}")
    await hq.settle()
    assert sorted(statuses) == [200] + [412] * 9
    assert await hq.statuses(run_id) == ["queued", "queued", "reconciling", "completed"]


async def test_many_runs_at_once_all_complete_each_under_its_own_name(hq: HQ) -> None:
    run_ids: dict[str, str] = {}

    async def ask(invoice_id: str) -> None:
        headers = {"x-correlation-id": f"corr-{invoice_id}"}
        response = await hq.trigger(headers=headers, invoiceId=invoice_id)
        accepted = fields(response)
        assert accepted["correlationId"] == f"corr-{invoice_id}"
        run_ids[invoice_id] = accepted["runId"]

    async with anyio.create_task_group() as callers:
        for number in range(30):
            callers.start_soon(ask, f"inv-{number:02}")
    await hq.settle()
    expected = sorted((invoice_id, "acme", run_id) for invoice_id, run_id in run_ids.items())
    assert await hq.reconciled() == expected
    for invoice_id, run_id in run_ids.items():
        run = await hq.runs.get(run_id, tenant_id="acme")
        assert (run.status, run.correlation_id) == ("completed", f"corr-{invoice_id}")


async def test_each_engine_run_ends_with_the_outcome_of_its_own_run(hq: HQ) -> None:
    accepted = {await hq.accepted(invoiceId=f"inv-{number}") for number in range(5)}
    await hq.settle()
    outputs = [json.loads(run.output or b"") for run in await hq.host.engine.list_runs()]
    assert {output["runId"] for output in outputs} == accepted
