"""The runtime ingress, mounted in a host: signed calls of an engine, and nobody else's."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.scenarios.kit import HQ, running_hq

from rawr.durable.protocol.signing import SIGNATURE_HEADER, sign
from rawr.testing.asgi import ASGIResponse

KEY, FALLBACK = "signkey-prod-00ff", "signkey-prod-11ee"
URL = "/api/inngest?fnId=rawr-hq-invoicing.reconciliation&stepId=step"


@pytest.fixture
async def hq(tmp_path: Path) -> AsyncIterator[HQ]:
    """An HQ that knows the keys of an engine elsewhere."""
    async with running_hq(tmp_path, signing_key=KEY, signing_key_fallback=FALLBACK) as running:
        yield running


def call_body(run_id: str) -> bytes:
    """What an engine sends to have the first step of a run executed."""
    data = {
        "tenantId": "acme",
        "runId": run_id,
        "requestId": "req-1",
        "correlationId": "corr-1",
        "requestedBy": "ada",
        "scope": {"accountId": "acme", "invoiceIds": ["inv-1"], "dryRun": False},
    }
    event = {"name": "invoicing.reconciliation.requested", "data": data, "id": "e1", "ts": 1}
    call = {
        "event": event,
        "events": [event],
        "steps": {},
        "use_api": False,
        "ctx": {
            "attempt": 0,
            "disable_immediate_execution": False,
            "run_id": "01JAAAAAAAAAAAAAAAAAAAAAAA",
            "stack": {"stack": []},
            "use_api": False,
        },
    }
    return json.dumps(call).encode()


async def call(hq: HQ, body: bytes, key: str, *, age_seconds: int = 0) -> ASGIResponse:
    signature = sign(body, key, now_s=int(time.time()) - age_seconds)
    headers = {SIGNATURE_HEADER: signature, "authorization": ""}
    return await hq.caller(None).request("POST", URL, headers=headers, body=body)


@pytest.mark.parametrize("key", [KEY, FALLBACK])
async def test_a_signed_call_executes_the_function(hq: HQ, key: str) -> None:
    run_id = await hq.registered()
    response = await call(hq, call_body(run_id), key)
    assert response.status == 206, response.text
    assert (await hq.status(run_id))["status"] == "reconciling"


@pytest.mark.parametrize(
    ("key", "age_seconds"), [("signkey-prod-dead", 0), (KEY, 301), (KEY, -3600)]
)
async def test_a_badly_signed_or_stale_call_is_refused_in_plain_words(
    hq: HQ, key: str, age_seconds: int
) -> None:
    run_id = await hq.registered()
    response = await call(hq, call_body(run_id), key, age_seconds=age_seconds)
    assert (response.status, response.body) == (403, b"forbidden")
    assert (await hq.status(run_id))["status"] == "queued"


async def test_a_signature_is_good_for_its_own_body_only(hq: HQ) -> None:
    run_id, other = await hq.registered(), await hq.registered()
    signature = sign(call_body(run_id), KEY, now_s=int(time.time()))
    response = await hq.caller(None).request(
        "POST", URL, headers={SIGNATURE_HEADER: signature}, body=call_body(other)
    )
    assert (response.status, response.body) == (403, b"forbidden")
    assert (await hq.status(other))["status"] == "queued"


async def test_a_signature_opens_no_caller_route(hq: HQ) -> None:
    body = b'{"json":{"invoiceId":"inv-1"}}'
    headers = {SIGNATURE_HEADER: sign(body, KEY, now_s=int(time.time()))}
    for path in ("/rpc/invoicing/workflows/triggerReconciliation", "/api/orpc/invoicing/x"):
        response = await hq.caller(None).request("POST", path, headers=headers, body=body)
        assert response.status in (401, 404)


async def test_a_run_is_executed_in_process_though_keys_are_set(hq: HQ) -> None:
    run_id = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    assert (await hq.status(run_id))["status"] == "completed"
