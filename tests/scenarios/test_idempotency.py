"""One request, one run: keys, repeats and conflicts."""

from typing import Any

import pytest
from tests.scenarios.kit import HQ, fields

SCOPE = {"accountId": "acc-7", "invoiceIds": ["inv-1", "inv-2"]}
REQUESTED = "invoicing.reconciliation.requested"


async def requested(hq: HQ) -> int:
    """How many reconciliations the engine was asked for."""
    await hq.settle()
    return len(await hq.host.engine.list_events(name=REQUESTED))


@pytest.mark.parametrize("target", [{"invoiceId": "inv-1"}, {"scope": SCOPE}])
async def test_the_same_request_leads_to_the_same_run_and_is_sent_once(
    hq: HQ, target: dict[str, Any]
) -> None:
    first = await hq.accepted(requestId="req-1", **target)
    assert await hq.accepted(requestId="req-1", **target) == first
    assert await requested(hq) == 1


@pytest.mark.parametrize("target", [{"invoiceId": "inv-1"}, {"scope": SCOPE}])
async def test_a_request_repeated_after_completion_starts_nothing(
    hq: HQ, target: dict[str, Any]
) -> None:
    first = await hq.accepted(requestId="req-1", **target)
    assert await requested(hq) == 1
    assert (await hq.status(first))["status"] == "completed"

    assert await hq.accepted(requestId="req-1", **target) == first
    assert await requested(hq) == 1
    assert await hq.statuses(first) == ["queued", "reconciling", "completed"]


async def test_a_registered_runs_request_may_be_repeated_even_after_completion(hq: HQ) -> None:
    run_id = await hq.registered()
    await hq.accepted(requestId="req-1", runId=run_id)
    assert await requested(hq) == 1

    assert await hq.accepted(requestId="req-1", runId=run_id) == run_id
    assert await requested(hq) == 1


async def test_the_key_is_the_boundary_request_id_unless_the_input_names_one(hq: HQ) -> None:
    async def send(request_id: str) -> str:
        response = await hq.trigger(headers={"x-request-id": request_id}, invoiceId="inv-1")
        return str(fields(response)["runId"])

    assert await send("header-1") == await send("header-1")
    assert await send("header-2") != await send("header-1")


async def test_requests_without_any_id_are_all_different(hq: HQ) -> None:
    assert await hq.accepted(invoiceId="inv-1") != await hq.accepted(invoiceId="inv-1")
    assert await requested(hq) == 2


async def test_the_key_is_not_the_run_id(hq: HQ) -> None:
    assert await hq.accepted(requestId="req-1", invoiceId="inv-1") != "req-1"


async def test_tenants_do_not_share_keys(hq: HQ) -> None:
    of_ada = await hq.accepted(requestId="req-1", invoiceId="inv-1")
    of_bob = await hq.accepted("bob", requestId="req-1", invoiceId="inv-2")
    assert of_ada != of_bob


@pytest.mark.parametrize(
    "other",
    [
        {"invoiceId": "inv-2"},
        {"scope": {**SCOPE, "dryRun": True}},
        {"scope": {"accountId": "acc-7", "invoiceIds": ["inv-2", "inv-1"]}},
    ],
)
async def test_a_key_used_with_another_input_is_a_conflict(hq: HQ, other: dict[str, Any]) -> None:
    await hq.accepted(requestId="req-1", scope=SCOPE)
    response = await hq.trigger(requestId="req-1", **other)
    assert response.status == 409
    refused = fields(response)
    assert (refused["defined"], refused["code"]) == (True, "CONFLICT")
    assert refused["data"] == {"requestId": "req-1"}
    assert await requested(hq) == 1


async def test_a_conflict_names_the_key_that_came_as_a_header(hq: HQ) -> None:
    headers = {"x-request-id": "header-1"}
    await hq.trigger(headers=headers, invoiceId="inv-1")
    response = await hq.trigger(headers=headers, invoiceId="inv-2")
    assert fields(response)["data"] == {"requestId": "header-1"}


async def test_a_run_is_reconciled_at_most_once(hq: HQ) -> None:
    run_id = await hq.registered()
    await hq.accepted(requestId="req-1", runId=run_id)
    response = await hq.trigger(requestId="req-2", runId=run_id)
    assert response.status == 412
    refused = fields(response)
    assert (refused["defined"], refused["code"]) == (True, "PRECONDITION_FAILED")
    assert refused["data"] == {"runId": run_id}
    assert await requested(hq) == 1


async def test_a_completed_run_is_not_reconciled_again(hq: HQ) -> None:
    run_id = await hq.accepted(requestId="req-1", invoiceId="inv-1")
    assert await requested(hq) == 1
    response = await hq.trigger(requestId="req-2", runId=run_id)
    assert (response.status, fields(response)["code"]) == (412, "PRECONDITION_FAILED")
    assert await requested(hq) == 1


async def test_a_run_over_a_scope_is_not_reconciled_again_either(hq: HQ) -> None:
    run_id = await hq.accepted(requestId="req-1", scope=SCOPE)
    response = await hq.trigger(requestId="req-2", runId=run_id)
    assert (response.status, fields(response)["code"]) == (412, "PRECONDITION_FAILED")


async def test_a_canceled_run_is_not_reconciled(hq: HQ) -> None:
    run_id = await hq.registered()
    assert await hq.cancel(run_id)
    response = await hq.trigger(runId=run_id)
    assert (response.status, fields(response)["code"]) == (412, "PRECONDITION_FAILED")
    assert await requested(hq) == 0


async def test_a_run_that_never_was_is_not_found(hq: HQ) -> None:
    response = await hq.trigger(runId="run-that-never-was")
    assert response.status == 404
    refused = fields(response)
    assert (refused["defined"], refused["code"]) == (True, "RUN_NOT_FOUND")
    assert refused["data"] == {"runId": "run-that-never-was"}


async def test_a_run_of_another_tenant_is_not_found(hq: HQ) -> None:
    run_id = await hq.registered("bob")
    response = await hq.trigger(runId=run_id)
    assert (response.status, fields(response)["code"]) == (404, "RUN_NOT_FOUND")
    assert await requested(hq) == 0
