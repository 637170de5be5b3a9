"""Spans that apps tell of the work inside their calls."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rawr.durable.domain.span import MAX_SPAN_BYTES, MAX_SPANS
from rawr.durable.protocol.traces import parse_spans

from .conftest import API, World, running
from .test_operations import add, nap

URL = "/v1/traces/userland"


def text(value: str) -> dict[str, Any]:
    return {"stringValue": value}


def span(run_id: str, span_id: str = "s1", *, step: str = "a", **more: Any) -> dict[str, Any]:
    attributes = [
        {"key": "sdk.run.id", "value": text(run_id)},
        {"key": "inngest.step.hash", "value": text(step)},
        *more.pop("attributes", []),
    ]
    return {
        "traceId": "t1",
        "spanId": span_id,
        "name": span_id,
        "kind": 3,
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": 1_700_000_000_250_000_000,
        "attributes": attributes,
        **more,
    }


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": [{"key": "service.name", "value": text("shop")}]}
    scope = {"scope": {"name": "lib", "version": "1"}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


async def tell(api: API, *spans: dict[str, Any]) -> httpx2.Response:
    return await api.call("POST", URL, json=export(*spans))


async def children(world: World) -> list[dict[str, Any]]:
    trace = (await world.api.call("GET", f"/v2/runs/{world.run_id}/trace")).json()["data"]
    found: list[dict[str, Any]] = trace["rootSpan"]["childrenSpans"]
    return found


async def test_spans_are_below_their_step_and_others_below_the_run(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        answer = await tell(
            world.api,
            span(world.run_id, "whole", step=""),
            span(world.run_id, "inner", parentSpanId="whole", status={"code": 2}),
        )
        assert (answer.status_code, answer.json()) == (200, {})
        step, end, outside = await children(world)
        (inner,) = step["childrenSpans"]
        assert (step["isUserland"], inner["isUserland"]) == (False, True)
        assert (inner["parentSpanID"], inner["status"]) == ("whole", "FAILED")
        assert (inner["duration"], inner["startedAt"]) == (250, "2023-11-14T22:13:20.000Z")
        assert inner["userlandSpan"]["spanKind"] == "CLIENT"
        assert inner["userlandSpan"]["serviceName"] == "shop"
        assert inner["userlandSpan"]["scopeName"] == "lib"
        assert (end["name"], outside["name"]) == ("function success", "whole")
        asked = await world.api.graphql(
            "query Q($id: String!) { run(runID: $id) { trace { childrenSpans { name isUserland "
            "childrenSpans { name userlandSpan { spanName spanAttrs } } } } } }",
            id=world.run_id,
        )
        (shown,) = asked["data"]["run"]["trace"]["childrenSpans"][0]["childrenSpans"]
        assert shown["userlandSpan"]["spanName"] == "inner"


async def test_a_span_is_kept_once_and_only_for_a_run_that_exists(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        assert (await tell(world.api, span(world.run_id))).json() == {}
        stranger = span("01HZZZZZZZZZZZZZZZZZZZZZZZ")
        again = await tell(world.api, span(world.run_id), stranger)
        assert again.status_code == 200
        assert again.json()["partialSuccess"]["rejectedSpans"] == "2"
        assert len(await world.engine.run_spans(world.run_id)) == 1


async def test_a_run_carries_so_many_spans(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        many = [span(world.run_id, f"s{number}") for number in range(MAX_SPANS + 5)]
        answer = await tell(world.api, *many)
        assert answer.json()["partialSuccess"]["rejectedSpans"] == "5"
        assert len(await world.engine.run_spans(world.run_id)) == MAX_SPANS


async def test_a_step_that_had_not_settled_ends_with_its_run(tmp_path: Path) -> None:
    async with running(tmp_path, nap) as world:
        await world.engine.settle()
        (step,) = await children(world)
        assert (step["status"], step["endedAt"]) == ("RUNNING", None)
        assert await world.engine.cancel_run(world.run_id)
        (step,) = await children(world)
        assert step["status"] == "CANCELLED"
        assert step["endedAt"] is not None


@pytest.mark.parametrize(
    "body",
    [b"nope", b"[]", b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":1}]}]}]}'],
)
async def test_what_is_no_export_is_refused(api: API, body: bytes) -> None:
    answer = await api.call("POST", URL, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


async def test_numbers_that_are_none_are_refused(api: API) -> None:
    for odd in ("soon", [], {}):
        attributes = [{"key": "k", "value": {"intValue": odd}}]
        answer = await tell(api, span("R", attributes=attributes))
        assert answer.status_code == 400
    assert (await tell(api, span("R", startTimeUnixNano="soon"))).status_code == 400


async def test_a_time_beyond_all_times_can_be_shown(tmp_path: Path) -> None:
    async with running(tmp_path, add) as world:
        await world.ended()
        far = span(world.run_id, startTimeUnixNano="-5", endTimeUnixNano="9" * 40)
        assert (await tell(world.api, far)).json() == {}
        assert (await children(world))[0]["childrenSpans"][0]["startedAt"].startswith("1970")


async def test_only_json_is_taken_and_only_with_a_key(api: API, cloud: API) -> None:
    headers = {"content-type": "application/x-protobuf"}
    answer = await api.call("POST", URL, content=b"\x0a", headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]
    assert (await cloud.call("POST", URL, json={})).status_code == 401


def test_values_are_read_as_what_they_stand_for() -> None:
    kinds = {
        "text": text("a"),
        "whole": {"intValue": "7"},
        "part": {"doubleValue": 0.5},
        "flag": {"boolValue": True},
        "list": {"arrayValue": {"values": [text("a"), {"intValue": 1}]}},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": text("v")}, {"key": "none"}]}},
        "nothing": {},
    }
    attributes = [{"key": key, "value": value} for key, value in kinds.items()]
    (one,) = parse_spans(json.dumps(export(span("R", attributes=attributes))).encode())
    read = json.loads(one.detail)["attributes"]
    assert {key: read[key] for key in kinds} == {
        "text": "a",
        "whole": 7,
        "part": 0.5,
        "flag": True,
        "list": ["a", 1],
        "map": {"k": "v", "none": None},
        "nothing": None,
    }
    huge = [{"key": "k", "value": text("x" * MAX_SPAN_BYTES)}]
    without_run = span("")
    rest = export(span("R", attributes=huge), without_run, span("R", kind=99))
    (left,) = parse_spans(json.dumps(rest).encode())
    assert json.loads(left.detail)["kind"] == "UNSPECIFIED"
