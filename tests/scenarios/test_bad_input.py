"""Bad input gets a clear typed error on every surface, and starts nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.scenarios.kit import HQ, RPC_TRIGGER, START, TRIGGER, fields, running_hq

from rawr.testing.asgi import ASGIResponse

RPC_START = "/rpc/invoicing/api/startInvoiceProcessing"
SURFACES = [TRIGGER, START, RPC_TRIGGER, RPC_START]
SCOPE = {"accountId": "acc", "invoiceIds": ["inv-1"]}


def failure(response: ASGIResponse) -> dict[str, Any]:
    body = fields(response)
    error: dict[str, Any] = body.get("json", body)
    assert response.headers["content-type"] == "application/json"
    assert error["status"] == response.status
    return error


def wrapped(path: str, body: object) -> bytes:
    return msgspec.json.encode({"json": body} if path.startswith("/rpc") else body)


async def post(hq: HQ, path: str, body: object) -> ASGIResponse:
    return await hq.caller().request("POST", path, body=wrapped(path, body))


def issue_paths(response: ASGIResponse) -> list[list[object]]:
    assert response.status == 400, response.text
    error = failure(response)
    assert (error["code"], error["message"]) == ("BAD_REQUEST", "Input validation failed")
    assert all(issue["message"] for issue in error["data"]["issues"])
    return [issue.get("path", []) for issue in error["data"]["issues"]]


@pytest.fixture(autouse=True)
async def nothing_started(hq: HQ) -> AsyncIterator[None]:
    """Whatever a test here sends, no run and no event comes of it."""
    yield
    await hq.settle()
    assert (await hq.host.coordination.all_runs.list(tenant_id="acme")).runs == ()
    assert await hq.host.engine.list_events() == []


@pytest.mark.parametrize("path", SURFACES)
@pytest.mark.parametrize("body", [b"{", b'{"json":', b"\xff\xfe", b"nul", b'{"a":1}}', b"[" * 5000])
async def test_malformed_json_is_a_bad_request(hq: HQ, path: str, body: bytes) -> None:
    response = await hq.caller().request("POST", path, body=body)
    assert response.status == 400
    error = failure(response)
    assert error["code"] == "BAD_REQUEST"
    assert "Malformed request" in error["message"]


@pytest.mark.parametrize("path", SURFACES)
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"7"])
async def test_json_of_another_shape_is_a_bad_request(hq: HQ, path: str, body: bytes) -> None:
    response = await hq.caller().request("POST", path, body=body)
    assert (response.status, failure(response)["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/rpc/invoicing/workflows/nope"),
        ("POST", "/rpc/invoicing/nope/triggerReconciliation"),
        ("POST", "/rpc/nope"),
        ("POST", "/rpc"),
        ("POST", "/rpc/workflows"),
        ("POST", "/rpc/workflows/invoicing/triggerReconciliation"),
        ("POST", "/rpc/workflows/triggerReconciliation"),
        ("POST", "/rpc/invoicing/workflows/trigger_reconciliation"),
        ("POST", "/api/workflows/invoicing/nope"),
        ("POST", "/api/workflows/run"),
        ("GET", "/api/workflows/state/runtime"),
        ("GET", "/api/workflows"),
        ("GET", "/api/orpc/nope"),
        ("GET", "/api/orpc/invoicing/runs/run-1"),
        ("GET", "/api/workflows/invoicing/processing/run-1"),
        ("GET", "/api"),
        ("GET", "/api/unknown"),
        ("GET", "/rpcx"),
        ("GET", "/favicon.ico"),
    ],
)
async def test_what_no_procedure_answers_is_a_typed_404(hq: HQ, method: str, path: str) -> None:
    response = await hq.caller().request(method, path)
    assert response.status == 404
    assert failure(response)["code"] == "NOT_FOUND"


async def test_reading_by_get_what_is_posted_is_refused(hq: HQ) -> None:
    response = await hq.caller().request("GET", f'{RPC_TRIGGER}?data={{"json":{{}}}}')
    assert response.status == 405
    assert failure(response)["code"] == "METHOD_NOT_SUPPORTED"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, [[]]),
        ({"requestId": "req-1"}, [[]]),
        ({"invoiceId": "a", "runId": "b"}, [[]]),
        ({"invoiceId": "a", "scope": SCOPE}, [[]]),
        ({"invoiceId": "a", "runId": "b", "scope": SCOPE}, [[]]),
        ({"invoiceId": ""}, [["invoiceId"]]),
        ({"invoiceId": 7}, [["invoiceId"]]),
        ({"invoiceId": "x" * 129}, [["invoiceId"]]),
        ({"invoiceId": "a", "surprise": 1}, [["surprise"]]),
        ({"invoiceId": "a", "requestId": ""}, [["requestId"]]),
        ({"scope": {"accountId": "acc", "invoiceIds": []}}, [["scope", "invoiceIds"]]),
        ({"scope": {"accountId": "acc", "invoiceIds": [1]}}, [["scope", "invoiceIds", 0]]),
        ({"scope": {"invoiceIds": ["a"]}}, [["scope", "accountId"]]),
        ({"scope": {**SCOPE, "dryRun": "perhaps"}}, [["scope", "dryRun"]]),
    ],
)
@pytest.mark.parametrize("path", [TRIGGER, RPC_TRIGGER])
async def test_issues_name_fields_as_the_wire_does(
    hq: HQ, path: str, body: object, paths: list[list[object]]
) -> None:
    assert issue_paths(await post(hq, path, body)) == paths


@pytest.mark.parametrize("path", [TRIGGER, RPC_TRIGGER])
async def test_a_trigger_without_one_target_is_told_which_there_are(hq: HQ, path: str) -> None:
    (issue,) = failure(await post(hq, path, {}))["data"]["issues"]
    assert "exactly one of runId, invoiceId and scope" in issue["message"]


@pytest.mark.parametrize("path", [START, RPC_START])
async def test_the_api_names_fields_as_the_wire_does(hq: HQ, path: str) -> None:
    body = {"requestedByUserId": 3, "requestSource": None}
    assert issue_paths(await post(hq, path, body)) == [["invoiceId"], ["requestedByUserId"]]


@pytest.mark.parametrize("path", SURFACES)
async def test_text_that_is_no_unicode_is_a_bad_request(hq: HQ, path: str) -> None:
    prefix, suffix = (b'{"json":', b"}") if path.startswith("/rpc") else (b"", b"")
    body = prefix + b'{"invoiceId":"\\ud800"}' + suffix
    response = await hq.caller().request("POST", path, body=body)
    assert (response.status, failure(response)["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "path", ["/api/workflows/invoicing/runs/", "/api/orpc/invoicing/processing/"]
)
async def test_an_overlong_run_id_is_a_bad_request(hq: HQ, path: str) -> None:
    response = await hq.caller().request("GET", path + "x" * 129)
    assert issue_paths(response) == [["runId"]]


@pytest.mark.parametrize("run_id", ["%00", "%2e%2e%2fetc", "a%20b", "%F0%9F%92%A9", "'%20OR%201=1"])
async def test_strange_run_ids_are_simply_not_found(hq: HQ, run_id: str) -> None:
    response = await hq.caller().request("GET", f"/api/workflows/invoicing/runs/{run_id}")
    assert (response.status, failure(response)["code"]) == (404, "RUN_NOT_FOUND")


@pytest.mark.parametrize("path", SURFACES)
async def test_an_oversized_body_is_refused_by_its_declared_length(
    tmp_path: Path, path: str
) -> None:
    async with running_hq(tmp_path, max_body_bytes=1024) as hq:
        caller = hq.caller(**{"content-length": "1025"})
        async with caller.exchange("POST", path, complete=False) as exchange:
            await exchange.start()  # answered before anything of the body has come
            assert exchange.status == 413


@pytest.mark.parametrize("path", SURFACES)
async def test_an_oversized_body_is_refused_while_it_streams(tmp_path: Path, path: str) -> None:
    async with running_hq(tmp_path, max_body_bytes=1024) as hq:
        caller = hq.caller()
        async with caller.exchange("POST", path, body=[b" " * 600] * 2, complete=False) as exchange:
            await exchange.start()
            assert exchange.status == 413


@pytest.mark.parametrize("path", SURFACES)
async def test_an_oversized_body_is_told_the_limit(tmp_path: Path, path: str) -> None:
    async with running_hq(tmp_path, max_body_bytes=1024) as hq:
        response = await hq.caller().request("POST", path, body=b" " * 1025)
        assert response.status == 413
        error = failure(response)
        assert error["code"] == "PAYLOAD_TOO_LARGE"
        assert "1024" in error["message"]


@pytest.mark.parametrize("path", SURFACES)
async def test_who_is_not_known_cannot_make_the_host_read_a_body(hq: HQ, path: str) -> None:
    async with hq.caller(None).exchange("POST", path, body=b"{", complete=False) as exchange:
        await exchange.start()
        assert exchange.status == 401


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_the_ingress_refuses_what_is_not_signed_in_plain_words(hq: HQ, method: str) -> None:
    path = "/api/inngest?fnId=rawr-hq-invoicing.reconciliation&stepId=step"
    response = await hq.caller().request(method, path, body=b"{}")
    assert (response.status, response.body) == (403, b"forbidden")
    assert response.headers["content-type"].startswith("text/plain")


async def test_a_caller_cannot_talk_its_way_into_the_ingress(hq: HQ) -> None:
    claims = {
        "x-inngest-signature": "t=1&s=00",
        "x-inngest-server-kind": "dev",
        "x-rawr-caller-surface": "runtime-ingress",
    }
    response = await hq.caller().request("POST", "/api/inngest", headers=claims, body=b"{}")
    assert (response.status, response.body) == (403, b"forbidden")
