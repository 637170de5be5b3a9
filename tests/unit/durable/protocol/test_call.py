"""The call request, byte for byte."""

import json
from typing import Any

import jcs
import msgspec
import pytest
from inngest._internal import server_lib

from rawr.durable.domain.event import Event
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import Run, RunState
from rawr.durable.domain.ulid import parse_ulid
from rawr.durable.protocol.call import (
    call_body,
    call_headers,
    events_json,
    function_uuid,
    job_id,
    memos_json,
    parse_queue_item_reference,
    queue_item_reference,
)

EVENT = Event(
    internal_id="01JQDAE4RQF8MBCR55T5AK4KXS",
    id="01JQDAE4RQF8MBCR55T5AK4KXS",
    name="app/go",
    data={"z": 1, "a": {"ü": 1.5}},
    ts=1795354334097,
    received_at=1795354334100,
    user={},
)
ITEM = QueueItem(
    id=12345,
    run_id="01RUN",
    function_id="app-fn",
    kind=ItemKind.CALL,
    due_at=0,
    max_attempts=2,
)


def state(**changes: Any) -> RunState:
    run = Run(id="01RUN", function_id="app-fn", events=(EVENT,), created_at=0, max_attempts=2)
    return RunState(run=run, **changes)


def test_the_first_call_of_a_run() -> None:
    body = call_body(state(), ITEM, request_id="01REQ")

    event = {
        "data": {"a": {"ü": 1.5}, "z": 1},
        "id": "01JQDAE4RQF8MBCR55T5AK4KXS",
        "name": "app/go",
        "ts": 1795354334097,
        "user": {},
    }
    expected = {
        "ctx": {
            "attempt": 0,
            "disable_immediate_execution": False,
            "env": "",
            "fn_id": function_uuid("app-fn"),
            "generation_id": 1,
            "job_id": job_id(ITEM),
            "max_attempts": 2,
            "qi_id": queue_item_reference(ITEM),
            "request_id": "01REQ",
            "run_id": "01RUN",
            "stack": {"current": 0, "stack": []},
            "step_id": "step",
            "use_api": False,
        },
        "defers": {},
        "event": event,
        "events": [event],
        "steps": {},
        "use_api": False,
        "version": -1,
    }
    assert body == jcs.canonicalize(expected)


def test_the_sdk_reads_the_body() -> None:
    settled = state(memos={"s1": b'{"data":{"n":1}}'}, stack=("s1",), force_step_plan=True)
    request = server_lib.ServerRequest.from_raw(call_body(settled, ITEM, request_id="01REQ"))

    assert isinstance(request, server_lib.ServerRequest)
    assert request.ctx.disable_immediate_execution is True
    assert request.ctx.stack.stack == ["s1"]
    assert request.steps == {"s1": {"data": {"n": 1}}}


def test_the_stack_counts_the_steps_except_for_a_targeted_call() -> None:
    settled = state(memos={"s1": b"null"}, stack=("s1",))
    targeted = msgspec.structs.replace(ITEM, step_id="s2")

    plain = json.loads(call_body(settled, ITEM, request_id="r"))["ctx"]
    target = json.loads(call_body(settled, targeted, request_id="r"))["ctx"]
    assert plain["stack"]["current"] == 1
    assert target["stack"]["current"] == 0
    assert target["step_id"] == "s2"


def test_large_state_is_left_for_the_sdk_to_fetch() -> None:
    memo = b'{"data":"' + b"x" * (4 * 1024 * 1024) + b'"}'
    large = state(memos={"s1": memo}, stack=("s1",), state_bytes=len(memo))
    body = json.loads(call_body(large, ITEM, request_id="r"))

    assert body["use_api"] is True
    assert body["ctx"]["use_api"] is True
    assert body["steps"] == {}
    assert len(body["events"]) == 1
    assert json.loads(memos_json(large.memos)) == {"s1": json.loads(memo)}


def test_large_events_are_left_for_the_sdk_to_fetch() -> None:
    event = msgspec.structs.replace(EVENT, data={"x": "y" * (3 * 1024 * 1024)})
    run = msgspec.structs.replace(state().run, events=(event, event))
    body = json.loads(call_body(RunState(run=run), ITEM, request_id="r"))

    assert body["use_api"] is True
    assert body["events"] == []
    assert body["event"]["name"] == "app/go"
    assert len(json.loads(events_json(run.events))) == 2


def test_the_headers_name_the_run_and_the_item() -> None:
    headers = call_headers(state(), ITEM, request_id="01REQ")

    assert headers["x-run-id"] == "01RUN"
    assert headers["x-request-id"] == "01REQ"
    assert headers["x-inngest-req-version"] == "-1"
    assert headers["x-inngest-step-id"] == "step"
    assert headers["x-inngest-generation-id"] == "1"
    assert len(headers["x-inngest-job-id"]) == 13


def test_a_queue_item_reference_leads_back_to_the_item() -> None:
    assert parse_queue_item_reference(queue_item_reference(ITEM)) == 12345
    assert parse_queue_item_reference("not base64!") is None
    assert parse_queue_item_reference("") is None


def test_a_step_without_a_memo_gets_its_input() -> None:
    memos, inputs = {"a": b'{"data":1}'}, {"a": b"[0]", "b": b"[1,2]"}
    assert memos_json(memos, inputs) == b'{"a":{"data":1},"b":{"input":[1,2]}}'


def test_a_run_is_one_trace_and_each_attempt_a_span() -> None:
    run = Run(id=EVENT.id, function_id="app-fn", events=(EVENT,), created_at=0, max_attempts=2)
    first = call_headers(RunState(run=run), ITEM, request_id="R")
    again = msgspec.structs.replace(ITEM, generation=2)
    second = call_headers(RunState(run=run), again, request_id="R")
    assert first["traceparent"] == f"00-{trace(EVENT.id)}-0000303900000001-01"
    assert second["traceparent"] == f"00-{trace(EVENT.id)}-0000303900000002-01"
    assert first["tracestate"] == f"inngest@fn={function_uuid('app-fn')}"
    # An id that is no ULID has a trace all the same.
    version, trace_id, span_id, flags = call_headers(state(), ITEM, request_id="R")[
        "traceparent"
    ].split("-")
    assert (version, len(trace_id), len(span_id), flags) == ("00", 32, 16, "01")


def trace(run_id: str) -> str:
    ulid = parse_ulid(run_id)
    return f"{ulid.millis:012x}{ulid.entropy.hex()}"


@pytest.mark.parametrize(
    "step",
    ["86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", "a-b", 'a"b', "\u00fc", "\U0001f600", "\ufb33"],
)
@pytest.mark.parametrize(
    "memo", [b'{"data":1}', b'{ "z":1.0,\n"data":"\xc3\xbc\\u00fc\\/" }', b"1e3", b"[0.10, 1E-7]"]
)
def test_every_body_is_canonical(step: str, memo: bytes) -> None:
    event = msgspec.structs.replace(EVENT, data={"\ufb33": 1e21, "\U0001f600": 2.0, "a": "\x7f\n"})
    run = msgspec.structs.replace(state().run, events=(event, EVENT))
    settled = RunState(
        run=run, memos={"1": b"null", step: memo}, stack=(step, "1"), inputs={"0": b"[1.0]"}
    )
    body = call_body(settled, ITEM, request_id="01REQ")

    assert body == jcs.canonicalize(json.loads(body))
    assert json.loads(body)["steps"] == {"0": {"input": [1]}, "1": None, step: json.loads(memo)}
