"""What nobody foresaw: callers learn that it failed, the log learns why, and nothing is lost."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.kit import HQ, RPC_TRIGGER, START, TRIGGER, fields, running_hq

from rawr.testing.asgi import ASGIResponse

SECRET = "/var/secrets/books.db is corrupt"

FAILING: dict[str, Callable[[HQ], Awaitable[ASGIResponse]]] = {
    TRIGGER: lambda hq: hq.trigger(invoiceId="inv-1"),
    RPC_TRIGGER: lambda hq: hq.caller().request(
        "POST", RPC_TRIGGER, body=b'{"json":{"invoiceId":"inv-1"}}'
    ),
    START: lambda hq: hq.caller().request("POST", START, body=b'{"invoiceId":"inv-1"}'),
    "status": lambda hq: hq.caller().request("GET", "/api/workflows/invoicing/runs/run-1"),
}


def break_store(hq: HQ) -> None:
    async def fail(*_: object, **__: object) -> Any:
        raise OSError(SECRET)

    store: Any = hq.host.coordination.store
    for name in ("transact", "get", "timeline"):
        setattr(store, name, fail)


@pytest.mark.parametrize("what", FAILING)
async def test_an_unexpected_failure_tells_nothing_of_its_cause(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_hq(tmp_path) as hq:
        break_store(hq)
        response = await FAILING[what](hq)
        assert response.status == 500
        body = fields(response)
        error = body.get("json", body)
        assert (error["code"], error["defined"]) == ("INTERNAL_SERVER_ERROR", False)
        assert SECRET not in response.text
    assert SECRET in caplog.text


async def test_a_failed_trigger_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    async with running_hq(tmp_path) as hq:
        store: Any = hq.host.coordination.store
        transact = store.transact

        async def fail(*_: object) -> Any:
            raise OSError(SECRET)

        store.transact = fail
        assert (await hq.trigger(requestId="req-1", invoiceId="inv-1")).status == 500
        store.transact = transact

        assert (await hq.host.coordination.all_runs.list(tenant_id="acme")).runs == ()
        run_id = await hq.accepted(requestId="req-1", invoiceId="inv-1")
        await hq.settle()
        assert (await hq.status(run_id))["status"] == "completed"


async def test_the_failure_of_start_says_what_failed(tmp_path: Path) -> None:
    async with running_hq(tmp_path) as hq:
        break_store(hq)
        assert fields(await FAILING[START](hq))["message"] == "Failed to start invoice"
