"""What an answer to a call means."""

import json
from typing import Any

import pytest

from rawr.durable.domain.op import Errored, Opcode, Reported, Returned
from rawr.durable.protocol.response import Answer, parse_answer

SDK = {"x-inngest-sdk": "py:v0.5.19"}


def parse(status: int, body: Any, headers: dict[str, str] | None = None) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status=status, headers={**SDK, **(headers or {})}, body=raw)
    return parse_answer(answer, now_ms=1_000_000)


def test_200_is_the_result() -> None:
    assert parse(200, {"n": 1}) == Returned(output=b'{"n": 1}')
    assert parse(200, b"") == Returned(output=b"null")


def test_200_that_is_not_json_is_an_error() -> None:
    assert isinstance(parse(200, b"<html>"), Errored)


def test_206_is_a_list_of_operations_or_one() -> None:
    op = {
        "op": "StepRun",
        "id": "abc",
        "name": "a",
        "displayName": "A",
        "opts": None,
        "data": {"x": 1},
        "userland": {"id": "a", "index": None},
        "rawArgs": ["ignored"],
    }
    many = parse(206, [op], {"x-inngest-req-version": "2"})
    one = parse(206, op)

    assert isinstance(many, Reported)
    assert many.request_version == 2
    (parsed,) = many.ops
    assert (parsed.op, parsed.id, parsed.label, parsed.data) == (
        Opcode.STEP_RUN,
        "abc",
        "A",
        b'{"x": 1}',
    )
    assert one.ops == many.ops
    assert parse(206, []) == Reported(ops=())


def test_an_operation_without_data_or_with_null_is_told_apart_from_a_value() -> None:
    absent = parse(206, [{"op": "Sleep", "id": "a", "name": "1s"}]).ops[0]
    null = parse(206, [{"op": "StepRun", "id": "a", "data": None}]).ops[0]
    assert absent.data is None
    assert null.data == b"null"


@pytest.mark.parametrize("body", [b"not json", [{"op": "StepRun"}]])
def test_operations_outside_the_protocol_are_a_retried_error(body: Any) -> None:
    response = parse(206, body)
    assert isinstance(response, Errored)
    assert response.no_retry is False


@pytest.mark.parametrize("opcode", ["Unheard", "StepNotFound", "step.run", ""])
def test_an_unknown_operation_is_an_error_that_names_it_and_is_not_retried(opcode: str) -> None:
    response = parse(206, [{"op": opcode, "id": "a"}])
    assert isinstance(response, Errored)
    assert response.no_retry is True
    assert response.error.name == "UnknownOpcode"
    assert repr(opcode) in response.error.message


def test_an_error_answer_carries_the_sdks_error() -> None:
    body = {"code": "unknown", "message": "bad", "name": "ValueError", "stack": "Traceback"}
    response = parse(500, body)

    assert isinstance(response, Errored)
    assert response.error.name == "ValueError"
    assert response.error.message == "bad"
    assert response.error.stack == "Traceback"
    assert response.error.error == "invalid status code: 500"
    assert json.loads(response.error.raw or b"") == body
    assert response.no_retry is False


def test_the_no_retry_header_is_obeyed_whatever_the_status() -> None:
    assert parse(500, {}, {"x-inngest-no-retry": "true"}).no_retry is True
    assert parse(400, {}).no_retry is False
    assert parse(400, {}, {"x-inngest-no-retry": "false"}).no_retry is False


def test_retry_after_is_read_as_milliseconds() -> None:
    assert parse(500, {}, {"retry-after": "7"}).retry_after_ms == 7000
    assert parse(500, {}, {"retry-after": "1970-01-01T00:16:42Z"}).retry_after_ms == 2000
    assert parse(500, {}, {"retry-after": "soon"}).retry_after_ms is None


def test_a_success_without_the_sdk_header_did_not_come_from_an_sdk() -> None:
    response = parse_answer(Answer(status=200, headers={}, body=b"{}"), now_ms=0)
    assert isinstance(response, Errored)
    assert "not_sdk" in response.error.message


def test_an_error_page_of_a_proxy_is_an_error() -> None:
    response = parse_answer(Answer(status=502, headers={}, body=b"<html>"), now_ms=0)
    assert isinstance(response, Errored)
    assert response.error.message == "<html>"


@pytest.mark.parametrize("encoded", [False, True])
def test_201_wraps_the_answer_behind_white_space(encoded: bool) -> None:
    body = [{"op": "StepRun", "id": "a", "data": 1}]
    inner = {
        "status": 206,
        "headers": {"X-Inngest-Req-Version": "2"},
        "body": json.dumps(body) if encoded else body,
    }
    response = parse(201, b"   " + json.dumps(inner).encode())

    assert isinstance(response, Reported)
    assert response.request_version == 2
    assert response.ops[0].data == b"1"


def test_201_may_wrap_an_error() -> None:
    inner = {"status": 500, "body": '{"name":"E","message":"m"}', "headers": {}}
    response = parse(201, inner)
    assert isinstance(response, Errored)
    assert response.error.message == "m"


def test_an_answer_above_8_mib_is_an_error() -> None:
    response = parse(200, b" " * (8 * 1024 * 1024 + 1))
    assert isinstance(response, Errored)
    assert "output_too_large" in response.error.message
