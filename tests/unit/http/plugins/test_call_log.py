import itertools
import logging

import pytest
from tests.unit.http.kit import rpc_client

from rawr.http import Request, Respond, Response
from rawr.http.plugins import CallLog, RequestIdFilter, request_id
from rawr.testing.asgi import ASGIResponse


def plugin() -> CallLog:
    ticks = itertools.count(step=0.25)
    return CallLog(make_id=lambda: "made", clock=lambda: next(ticks))


async def call(procedure: str = "nothing", **headers: str) -> ASGIResponse:
    client = rpc_client(plugins=[plugin()])
    return await client.request("POST", f"/rpc/{procedure}", headers=headers, body=b"{}")


@pytest.fixture
def calls(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "rawr.http.calls")
    return caplog


async def test_a_call_is_logged_with_what_became_of_it(calls: pytest.LogCaptureFixture) -> None:
    await call()
    (record,) = calls.records
    assert record.getMessage() == "nothing answered 200 in 250.0 ms"
    assert record.levelno == logging.INFO
    extra = {"action", "procedure", "status", "duration_ms", "request_id"}
    assert {name: vars(record)[name] for name in extra} == {
        "action": "serve_call",
        "procedure": "nothing",
        "status": 200,
        "duration_ms": 250.0,
        "request_id": "made",
    }


async def test_our_failures_are_warnings(calls: pytest.LogCaptureFixture) -> None:
    response = await call("plainError")
    assert response.headers["x-request-id"] == "made"
    (record,) = (record for record in calls.records if record.name == "rawr.http.calls")
    assert (record.levelno, record.status) == (logging.WARNING, 500)  # type: ignore[attr-defined]  # an extra


async def test_the_callers_id_is_kept() -> None:
    assert (await call(**{"x-request-id": "abc-1"})).headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize("given", ["", "a b", 'a"b', "x" * 129, "é"])
async def test_an_id_that_is_no_token_is_replaced(given: str) -> None:
    assert (await call(**{"x-request-id": given})).headers["x-request-id"] == "made"


async def test_ids_are_random_by_default() -> None:
    client = rpc_client(plugins=[CallLog()])
    ids = {(await client.request("POST", "/rpc/nothing")).headers["x-request-id"] for _ in "ab"}
    assert len(ids) == 2


async def test_whatever_is_logged_on_the_way_can_name_the_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    seen: list[str | None] = []

    async def logging_too(request: Request, next: Respond) -> Response:
        seen.append(request_id())
        logging.getLogger("mine").warning("hello")
        return await next(request)

    client = rpc_client(plugins=[plugin()], interceptors=[logging_too])
    await client.request("POST", "/rpc/nothing")
    assert seen == ["made"]
    assert caplog.records[0].request_id == "made"  # type: ignore[attr-defined]  # what the filter adds


async def test_outside_of_a_request_there_is_no_id() -> None:
    assert request_id() is None
