"""Who may call what: credentials, caller classes, roles, permissions, networks, tenants."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.scenarios.kit import HQ, RPC_TRIGGER, START, TRIGGER, fields, running_hq

from rawr.testing.asgi import ASGIResponse

RUN = "/api/workflows/invoicing/runs/run-1"
RPC_STATUS = "/rpc/invoicing/workflows/getRunStatus"
RPC_START = "/rpc/invoicing/api/startInvoiceProcessing"

TRIGGER_BODY = b'{"invoiceId":"inv-1"}'
RPC_BODY = b'{"json":{"invoiceId":"inv-1"}}'
FAMILIES = [
    ("POST", TRIGGER, TRIGGER_BODY),
    ("GET", RUN, b""),
    ("POST", RPC_TRIGGER, RPC_BODY),
    ("POST", RPC_START, RPC_BODY),
    ("POST", START, TRIGGER_BODY),
    ("GET", "/api/orpc/invoicing/processing/run-1", b""),
]


def failure(response: ASGIResponse) -> dict[str, Any]:
    """The error of a response, whichever protocol it came over."""
    body = fields(response)
    error: dict[str, Any] = body.get("json", body)
    assert error["status"] == response.status
    return error


def assert_forbidden(response: ASGIResponse, message: str) -> None:
    assert response.status == 403, response.text
    error = failure(response)
    assert (error["code"], error["defined"]) == ("FORBIDDEN", True)
    assert message in error["message"]


@pytest.mark.parametrize(("method", "path", "body"), FAMILIES)
@pytest.mark.parametrize(
    "authorization", [None, "Bearer wrong", "Bearer", "Basic YWRhOmFkYQ==", "ada", "Bearer ada x"]
)
async def test_without_a_valid_token_nobody_gets_in(
    hq: HQ, method: str, path: str, body: bytes, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = await hq.caller(None).request(method, path, headers=headers, body=body)
    assert response.status == 401
    error = failure(response)
    assert (error["code"], error["defined"]) == ("UNAUTHORIZED", True)
    assert "Bearer" in error["message"]


async def test_plain_headers_prove_nobody(hq: HQ) -> None:
    claims = {"x-rawr-subject": "ada", "x-user-id": "ada", "x-tenant-id": "acme", "x-roles": "*"}
    response = await hq.caller(None).request("POST", TRIGGER, headers=claims, body=TRIGGER_BODY)
    assert response.status == 401


async def test_plain_headers_change_no_principal(hq: HQ) -> None:
    claims = {"x-tenant-id": "bolt", "x-user-id": "bob"}
    response = await hq.trigger(headers=claims, invoiceId="inv-1")
    run = await hq.runs.get(fields(response)["runId"], tenant_id="acme")
    assert run.requested_by == "ada"


@pytest.mark.parametrize("path", [RPC_TRIGGER, RPC_START, RPC_STATUS])
async def test_rpc_is_closed_to_third_parties(hq: HQ, path: str) -> None:
    response = await hq.caller("partner").request("POST", path, body=RPC_BODY)
    assert_forbidden(response, "/api/orpc")


@pytest.mark.parametrize("path", [TRIGGER, START])
async def test_third_parties_have_the_published_families(hq: HQ, path: str) -> None:
    response = await hq.caller("partner").request("POST", path, body=TRIGGER_BODY)
    assert response.status == 200


async def test_services_may_use_rpc(hq: HQ) -> None:
    response = await hq.caller("service").request("POST", RPC_TRIGGER, body=RPC_BODY)
    assert response.status == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", TRIGGER), ("GET", RUN), ("GET", f"{RUN}/timeline")]
)
async def test_workflow_procedures_are_internal(hq: HQ, method: str, path: str) -> None:
    body = TRIGGER_BODY if method == "POST" else b""
    assert_forbidden(await hq.caller("outsider").request(method, path, body=body), "internal")


async def test_a_stream_is_refused_to_outsiders_as_a_response(hq: HQ) -> None:
    assert_forbidden(await hq.caller("outsider").request("GET", f"{RUN}/events"), "internal")


@pytest.mark.parametrize(("path", "body"), [(TRIGGER, TRIGGER_BODY), (RPC_TRIGGER, RPC_BODY)])
async def test_triggering_takes_a_permission_of_its_own(hq: HQ, path: str, body: bytes) -> None:
    response = await hq.caller("watcher").request("POST", path, body=body)
    assert_forbidden(response, "trigger")
    await hq.settle()
    assert await hq.host.engine.list_events() == []


async def test_who_may_not_trigger_may_still_watch(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    assert (await hq.status(run_id, "watcher"))["runId"] == run_id


@pytest.mark.parametrize("target", ["invoiceId", "runId", "scope"])
@pytest.mark.parametrize("who", ["reader", "nobody"])
async def test_triggering_takes_the_write_role(hq: HQ, who: str, target: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "invoiceId": {"invoiceId": "inv-1"},
        "runId": {"runId": await hq.registered()},
        "scope": {"scope": {"accountId": "acc", "invoiceIds": ["inv-1"]}},
    }
    assert_forbidden(await hq.trigger(who, **bodies[target]), "finance:write role is required")
    await hq.settle()
    assert await hq.host.engine.list_events() == []


async def test_registering_takes_the_write_role(hq: HQ) -> None:
    response = await hq.caller("reader").request("POST", START, body=TRIGGER_BODY)
    assert_forbidden(response, "finance:write role is required")


@pytest.mark.parametrize(
    "path",
    [
        "/api/workflows/invoicing/runs/{}",
        "/api/workflows/invoicing/runs/{}/timeline",
        "/api/orpc/invoicing/processing/{}",
        "/api/orpc/invoicing/reconciliation/{}",
    ],
)
async def test_reading_takes_the_read_role_and_no_more(hq: HQ, path: str) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    allowed = await hq.caller("reader").request("GET", path.format(run_id))
    assert allowed.status == 200
    refused = await hq.caller("writer").request("GET", path.format(run_id))
    assert_forbidden(refused, "finance:read role is required")


@pytest.mark.parametrize(
    "path",
    [
        "/api/workflows/invoicing/runs/{}",
        "/api/workflows/invoicing/runs/{}/timeline",
        "/api/orpc/invoicing/processing/{}",
        "/api/orpc/invoicing/reconciliation/{}",
    ],
)
async def test_a_run_of_another_tenant_looks_like_a_missing_one(hq: HQ, path: str) -> None:
    run_id = await hq.accepted("bob", invoiceId="inv-1")
    foreign = await hq.caller().request("GET", path.format(run_id))
    missing = await hq.caller().request("GET", path.format("run-1"))
    for response, asked in ((foreign, run_id), (missing, "run-1")):
        assert failure(response) == {
            "defined": True,
            "code": "RUN_NOT_FOUND",
            "status": 404,
            "message": "Run not found.",
            "data": {"runId": asked},
        }


@pytest.mark.parametrize("path", [TRIGGER, START])
async def test_nobody_asks_in_anothers_name(hq: HQ, path: str) -> None:
    body = msgspec.json.encode({"invoiceId": "inv-1", "requestedByUserId": "bob"})
    response = await hq.caller().request("POST", path, body=body)
    assert_forbidden(response, "requestedByUserId")
    assert (await hq.host.coordination.all_runs.list(tenant_id="acme")).runs == ()


NETWORK: dict[str, Any] = {"internal_only": True, "trusted_cidrs": (ip_network("10.1.0.0/16"),)}
PROXIED: dict[str, Any] = {**NETWORK, "trusted_proxies": (ip_network("192.0.2.0/24"),)}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("10.10.2.3", 403),
        ("10.2.0.1", 403),
        ("127.0.0.1", 403),
        ("fd00::1", 403),
        ("testclient", 403),
    ],
)
async def test_internal_only_admits_trusted_networks(
    tmp_path: Path, address: str, status: int
) -> None:
    async with running_hq(tmp_path, **NETWORK) as hq:
        caller = hq.caller(address=address)
        response = await caller.request("POST", TRIGGER, body=TRIGGER_BODY)
        assert response.status == status


async def test_an_untrusted_network_is_told_why_and_starts_nothing(tmp_path: Path) -> None:
    async with running_hq(tmp_path, **NETWORK) as hq:
        caller = hq.caller(address="203.0.113.9", **{"x-forwarded-for": "10.1.2.3"})
        assert_forbidden(await caller.request("POST", TRIGGER, body=TRIGGER_BODY), "network")
        assert_forbidden(await caller.request("POST", RPC_TRIGGER, body=RPC_BODY), "network")
        await hq.settle()
        assert await hq.host.engine.list_events() == []


async def test_reads_are_not_bound_to_the_network(tmp_path: Path) -> None:
    async with running_hq(tmp_path, **NETWORK) as hq:
        response = await hq.caller(address="203.0.113.9").request("GET", RUN)
        assert (response.status, failure(response)["code"]) == (404, "RUN_NOT_FOUND")


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("10.1.2.3", 200),
        ("203.0.113.9, 10.1.2.3", 200),
        ("10.1.2.3, 203.0.113.9", 403),
        ("nonsense", 403),
        (" ", 403),
    ],
)
async def test_a_trusted_proxys_word_counts(tmp_path: Path, forwarded: str, status: int) -> None:
    async with running_hq(tmp_path, **PROXIED) as hq:
        caller = hq.caller(address="192.0.2.1", **{"x-forwarded-for": forwarded})
        response = await caller.request("POST", TRIGGER, body=TRIGGER_BODY)
        assert response.status == status


async def test_a_forwarded_address_split_over_two_headers_counts_as_one_list(
    tmp_path: Path,
) -> None:
    async with running_hq(tmp_path, **PROXIED) as hq:
        response = await hq.caller(address="192.0.2.1").request(
            "POST",
            TRIGGER,
            headers=[("x-forwarded-for", "10.1.2.3"), ("x-forwarded-for", "203.0.113.9")],
            body=TRIGGER_BODY,
        )
        assert response.status == 403
