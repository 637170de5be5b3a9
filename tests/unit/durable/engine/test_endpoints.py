"""Requests that are runs: begun and reported by the app, taken over by the engine."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rawr.durable.domain.errors import RunExists, RunNotFound
from rawr.durable.domain.event import HTTP_REQUEST, EventDraft
from rawr.durable.domain.limits import ENDPOINT_LEASE_MS
from rawr.durable.domain.op import RUN_COMPLETE_ID, Op, Opcode, RunError
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, RunView
from rawr.durable.protocol.endpoint import endpoint_result
from rawr.testing.clock import VirtualClock

RUN_ID = "01JQDAE4RQF8MBCR55T5AK4KXS"
SDK = {"x-inngest-sdk": "js:v4.24.0", "x-inngest-req-version": "2"}
RESULT = {"status": 201, "headers": {"x-mark": "here"}, "body": "done", "version": 2}


class Endpoint:
    """An endpoint an engine calls once it has taken its run over."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.requests: list[httpx2.Request] = []
        self.answers: list[tuple[int, Any]] = []
        self.engine: Engine

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        status, body = self.answers.pop(0)
        return httpx2.Response(status, headers=SDK, content=json.dumps(body).encode())

    async def begin(self, *ops: Op, **data: Any) -> None:
        shape = {"domain": "http://app.test", "method": "post", "path": "/buy", **data}
        draft = EventDraft(name=HTTP_REQUEST, data=shape)
        await self.engine.begin_endpoint_run(RUN_ID, draft, ops, retries=1)
        await self.engine.settle()

    async def report(self, *ops: Op) -> None:
        await self.engine.report_endpoint_run(RUN_ID, ops)
        await self.engine.settle()

    async def pass_time(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)
        await self.engine.settle()

    async def run(self) -> RunView:
        run = await self.engine.get_run(RUN_ID)
        assert run is not None
        return run


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[Endpoint]:
    clock = VirtualClock(start_ms=time.time_ns() // 1_000_000)
    endpoint = Endpoint(clock)
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(endpoint))
    async with await Engine.open(tmp_path, clock=clock, http_client=client) as engine:
        endpoint.engine = engine
        yield endpoint


def step(step_id: str, data: Any = 1) -> Op:
    return Op(op=Opcode.STEP_RUN, id=step_id, name=step_id, data=json.dumps(data).encode())


def complete() -> Op:
    return Op(op=Opcode.RUN_COMPLETE, id=RUN_COMPLETE_ID, data=json.dumps(RESULT).encode())


async def test_a_request_that_reports_its_end_is_never_called(endpoint: Endpoint) -> None:
    await endpoint.begin(step("a"))
    await endpoint.report(step("b"))
    assert (await endpoint.run()).status is RunStatus.RUNNING
    await endpoint.report(complete())
    run = await endpoint.run()
    assert run.status is RunStatus.COMPLETED
    assert run.function_id == "POST /buy"
    assert endpoint_result(run.output or b"").body == "done"
    await endpoint.pass_time(2 * ENDPOINT_LEASE_MS)
    assert endpoint.requests == []
    assert await endpoint.engine.queue_depth() == 0


async def test_a_request_that_falls_silent_is_taken_over(endpoint: Endpoint) -> None:
    endpoint.answers = [(206, {"op": "RunComplete", "id": RUN_COMPLETE_ID, "data": RESULT})]
    await endpoint.begin(step("a"), query_params="n=1", body='{"k":1}', content_type="text/json")
    await endpoint.pass_time(ENDPOINT_LEASE_MS - 1)
    await endpoint.report(step("b"))
    await endpoint.pass_time(ENDPOINT_LEASE_MS - 1)
    assert endpoint.requests == []
    await endpoint.pass_time(1)
    (request,) = endpoint.requests
    assert request.method == "POST"
    assert request.url.path == "/buy"
    assert dict(request.url.params.items()) == {"n": "1", "fnId": "POST /buy", "stepId": "step"}
    assert request.content == b'{"k":1}'
    assert request.headers["content-type"] == "text/json"
    assert request.headers["x-run-id"] == RUN_ID
    assert request.headers["x-inngest-signature"] == ""
    assert (await endpoint.run()).status is RunStatus.COMPLETED


async def test_what_a_request_cannot_do_itself_is_done_by_the_engine(endpoint: Endpoint) -> None:
    endpoint.answers = [(206, {"op": "RunComplete", "id": RUN_COMPLETE_ID, "data": RESULT})]
    await endpoint.begin(step("a"), method="GET", body="ignored")
    await endpoint.report(Op(op=Opcode.SLEEP, id="s", name="1h"))
    await endpoint.pass_time(3_599_999)
    assert endpoint.requests == []
    await endpoint.pass_time(1)
    (request,) = endpoint.requests
    assert (request.method, request.content) == ("GET", b"")
    assert (await endpoint.run()).status is RunStatus.COMPLETED


async def test_a_failure_of_the_handler_is_retried_by_the_engine(endpoint: Endpoint) -> None:
    endpoint.answers = [(500, {"name": "Error", "message": "again"})]
    error = RunError(name="Error", message="first")
    await endpoint.begin(Op(op=Opcode.STEP_ERROR, id=RUN_COMPLETE_ID, error=error))
    await endpoint.pass_time(60_000)
    run = await endpoint.run()
    assert run.status is RunStatus.FAILED
    assert b"again" in (run.output or b"")
    assert len(endpoint.requests) == 1


async def test_a_discovery_request_makes_the_engine_go_on_at_once(endpoint: Endpoint) -> None:
    endpoint.answers = [(206, {"op": "RunComplete", "id": RUN_COMPLETE_ID, "data": RESULT})]
    await endpoint.begin(step("a"), Op(op=Opcode.DISCOVERY, id="d"))
    assert len(endpoint.requests) == 1
    assert (await endpoint.run()).status is RunStatus.COMPLETED


async def test_beginning_again_changes_nothing_but_another_run_is_refused(
    endpoint: Endpoint,
) -> None:
    await endpoint.begin(step("a", 1))
    await endpoint.begin(step("a", 2))
    assert [item.memo for item in await endpoint.engine.run_steps(RUN_ID)] == [b'{"data":1}']
    with pytest.raises(RunExists, match="POST /buy"):
        await endpoint.begin(path="/sell")
    await endpoint.report(complete())
    await endpoint.report(step("late"))
    assert len(await endpoint.engine.run_steps(RUN_ID)) == 1
    with pytest.raises(RunNotFound):
        await endpoint.engine.report_endpoint_run("01NOBODY", [])


async def test_a_function_of_its_own_may_name_the_run(endpoint: Endpoint) -> None:
    await endpoint.begin(complete(), fn="shop-buy")
    assert (await endpoint.run()).function_id == "shop-buy"
