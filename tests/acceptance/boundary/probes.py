"""What the suites have in common: how a refusal looks, and what it must leave behind."""

import itertools
import secrets
from collections.abc import Awaitable, Mapping
from typing import Final

import anyio
import httpx2

from packages.invoicing.errors import RunRef
from packages.invoicing.workflows.contract import InvoicingWorkflows, TriggerReconciliation
from plugins.api.invoicing.contract import StartInvoiceProcessing
from rawr.client import LinkError
from rawr.contract import ORPCError
from tests.acceptance.boundary.callers import (
    FUNCTION,
    INGRESS,
    PLAIN_TEXT,
    Caller,
    engine_call,
    signature,
)

UNAUTHORIZED: Final = (401, "UNAUTHORIZED")
FORBIDDEN: Final = (403, "FORBIDDEN")
CROSS_SITE: Final = (403, "CSRF_TOKEN_MISMATCH")
NOT_FOUND: Final = (404, "NOT_FOUND")

RPC_START: Final = "/rpc/invoicing/api/startInvoiceProcessing"
RPC_TRIGGER: Final = "/rpc/invoicing/workflows/triggerReconciliation"
START: Final = "/api/orpc/invoicing/processing/start"
TRIGGER: Final = "/api/workflows/invoicing/reconciliation/trigger"

RPC_WORKFLOW_PATHS: Final = (
    "/rpc/workflows",
    "/rpc/workflows/",
    "/rpc/workflows/triggerReconciliation",
    "/rpc/workflows/invoicing/triggerReconciliation",
    "/rpc/workflows/invoicing/workflows/triggerReconciliation",
    "/rpc/workflows/invoicing/reconciliation/trigger",
)

_CALLER_PATHS: Final = ("/rpc{}", "/api/orpc{}", "/api/workflows{}", "/api/orpc/invoicing{}")
_SAID_BY_A_REFUSAL: Final = {"content-type", "content-length", "date"}
_COMPLETED_SECONDS: Final = 20
_numbers = itertools.count(1)


def fresh(what: str) -> str:
    """A name nothing has had yet, in this process or another."""
    return f"{what}-{secrets.token_hex(4)}-{next(_numbers)}"


def rpc_body(**fields: object) -> bytes:
    """An RPC request that would register or trigger a run of a new invoice."""
    return httpx2.Request("POST", "http://x", json={"json": fields or {"invoiceId": "i"}}).content


def failure(response: httpx2.Response) -> tuple[int, str]:
    """Status and code of a typed error, whichever protocol it came over."""
    body = response.json()
    error = body.get("json", body)
    assert error.get("status") == response.status_code, response.text
    return response.status_code, error["code"]


async def refusal(call: Awaitable[object]) -> tuple[int, str]:
    """Status and code a typed client was refused with."""
    try:
        answer = await call
    except ORPCError as error:
        return error.status, error.code
    raise AssertionError(f"it was answered: {answer!r}")


async def assert_not_understood(call: Awaitable[object]) -> None:
    """A typed client gets no answer it could use."""
    try:
        answer = await call
    except (ORPCError, LinkError):
        return
    raise AssertionError(f"it was answered: {answer!r}")


async def registered(caller: Caller) -> str:
    """The id of a new run that nothing executes."""
    start = StartInvoiceProcessing(invoice_id=fresh("invoice"))
    return (await caller.api().start_invoice_processing(start)).run_id


async def completed(workflows: InvoicingWorkflows, run_id: str) -> None:
    """Poll the run's status, as a caller does, until it has completed."""
    with anyio.fail_after(_COMPLETED_SECONDS):
        while True:
            run = await workflows.get_run_status(RunRef(run_id=run_id))
            if run.is_terminal:
                break
            await anyio.sleep(0.01)
    assert run.status == "completed"


async def assert_untouched(service: Caller, run_id: str) -> None:
    """Nothing has happened to a registered run since."""
    timeline = await service.workflows().get_run_timeline(RunRef(run_id=run_id))
    assert [event.status for event in timeline.events] == ["queued"]


async def assert_key_unused(service: Caller, request_id: str) -> None:
    """No refused trigger has taken an idempotency key: a trigger of something else may."""
    trigger = TriggerReconciliation(request_id=request_id, invoice_id=fresh("other-invoice"))
    assert (await service.workflows().trigger_reconciliation(trigger)).accepted


def assert_plain_refusal(response: httpx2.Response) -> None:
    """Refused at the ingress: two words over HTTP, and none of an API's."""
    assert (response.status_code, response.content) == (403, b"forbidden"), response.text
    assert response.headers["content-type"] == PLAIN_TEXT
    assert {*response.headers} <= _SAID_BY_A_REFUSAL, response.headers


async def assert_ingress_refuses(
    caller: Caller, service: Caller, headers: Mapping[str, str] | None = None
) -> None:
    """A call of a durable function, well-formed but for its proof, changes nothing."""
    run_id = await registered(service)
    body = engine_call(run_id)
    for method in ("POST", "PUT", "GET"):
        assert_plain_refusal(await caller.fetch(method, FUNCTION, content=body, headers=headers))
    await assert_untouched(service, run_id)


async def assert_ingress_is_on_no_caller_path(caller: Caller, service: Caller) -> None:
    """Even signed, a call of a durable function gets nowhere through a caller's family."""
    run_id = await registered(service)
    body = engine_call(run_id)
    for path, suffix in itertools.product(_CALLER_PATHS, (INGRESS, "/inngest")):
        url = f"{path.format(suffix)}{FUNCTION.removeprefix(INGRESS)}"
        response = await caller.fetch("POST", url, content=body, headers=signature(body))
        assert response.status_code in (401, 403, 404), url
    await assert_untouched(service, run_id)


def claims_to_be_the_engine(body: bytes) -> list[dict[str, str]]:
    """Headers that pass for the engine's with whoever believes headers."""
    forged = signature(body)["x-inngest-signature"]
    return [
        {"x-caller-surface": "runtime-ingress"},
        {"x-rawr-caller-surface": "runtime-ingress"},
        {"x-inngest-server-kind": "dev", "user-agent": "inngest-go"},
        {"x-inngest-signature": forged.partition("&")[0] + "&s=" + "0" * 64},
        signature(b'{"another": "body"}'),
        signature(body, "signkey-prod-dead"),
        {"x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "forwarded": "for=127.0.0.1"},
    ]


async def assert_claims_are_not_believed(caller: Caller, service: Caller) -> None:
    """Nobody is the engine for saying so."""
    run_id = await registered(service)
    body = engine_call(run_id)
    for headers in claims_to_be_the_engine(body):
        assert_plain_refusal(await caller.fetch("POST", FUNCTION, content=body, headers=headers))
    await assert_untouched(service, run_id)


async def assert_no_rpc_workflows(caller: Caller, service: Caller) -> None:
    """Nothing answers under `/rpc/workflows`, and nothing is started there."""
    request_id = fresh("request")
    body = rpc_body(requestId=request_id, invoiceId=fresh("invoice"))
    for path in RPC_WORKFLOW_PATHS:
        response = await caller.fetch("POST", path, content=body)
        assert failure(response) == NOT_FOUND, path
    await assert_key_unused(service, request_id)


async def assert_ingress_is_no_api(caller: Caller, anybody: Caller) -> None:
    """Whoever asks, and however: the same plain words, as to somebody unknown."""
    body = rpc_body()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in (INGRESS, f"{INGRESS}/openapi.json", f"{INGRESS}?batch"):
            told = await caller.fetch(method, path, content=body)
            assert_plain_refusal(told)
            assert told.content == (await anybody.fetch(method, path)).content
