"""schemathesis on the published document: whatever is sent, answers are as described."""

import json
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.scenarios.kit import HQ

from rawr.host import openapi_document
from rawr.testing.asgi import ASGIClient
from rawr.wire.sse import EventDecoder
from rawr_hq import manifest

ORIGIN = "http://hq"
DOCUMENT: Any = openapi_document(manifest)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# Who may call is the business of test_access; here everybody may.
SCHEMA = schemathesis.openapi.from_dict({**DOCUMENT, "security": []})
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}
EXAMPLES = 40


def test_every_published_operation_is_tried() -> None:
    published = {
        f"{method.upper()} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    }
    assert OPERATIONS.keys() == published


@pytest.fixture
async def run_id(hq: HQ) -> str:
    """A run that has ended, so that reading about it and watching it end too."""
    accepted = await hq.accepted(invoiceId="inv-1")
    await hq.settle()
    return accepted


def examples(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> list[Case]:
    """The same requests on every run."""
    cases: list[Case] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    return cases


@pytest.mark.parametrize("label", OPERATIONS)
async def test_valid_requests_are_answered_as_described(hq: HQ, run_id: str, label: str) -> None:
    statuses = set()
    for number, case in enumerate(examples(OPERATIONS[label], GenerationMode.POSITIVE)):
        if number % 2 and "runId" in case.path_parameters:
            case.path_parameters["runId"] = run_id
        response = await exchange(hq, case)
        check(case, response)
        statuses.add(response.status_code)
    assert 200 in statuses


@pytest.mark.parametrize("label", OPERATIONS)
async def test_invalid_requests_are_refused_as_described(hq: HQ, label: str) -> None:
    for case in examples(OPERATIONS[label], GenerationMode.NEGATIVE):
        check(case, await exchange(hq, case))


def check(case: Case, response: Response) -> None:
    is_stream = response.headers["content-type"] == ["text/event-stream"]
    if is_stream:
        check_events(case, response)
    excluded = [response_schema_conformance] if is_stream else []
    try:
        case.validate_response(response, checks=CHECKS, excluded_checks=excluded)
    except FailureGroup as failures:
        raise AssertionError(str(failures)) from None


def check_events(case: Case, response: Response) -> None:
    """The document describes the data of an event decoded, as oRPC's do."""
    operation = DOCUMENT["paths"][case.operation.path][case.method.lower()]
    described = operation["responses"]["200"]["content"]["text/event-stream"]["schema"]
    messages = EventDecoder().feed(response.content)
    assert messages
    for message in messages:
        if message.event is not None:
            event = {"event": message.event, "data": json.loads(message.data or "null")}
            given = {"id": message.id, "retry": message.retry}
            event.update((name, value) for name, value in given.items() if value is not None)
            validator(described).validate(event)


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator of a schema that refers to the document's components."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


async def exchange(hq: HQ, case: Case) -> Response:
    """Send a case to the HQ, in process, as somebody who may do everything."""
    sent = requests.Request(**case.as_transport_kwargs(base_url=ORIGIN)).prepare()
    headers = {name.lower(): value for name, value in sent.headers.items()}
    body = sent.body or b""
    answer = await ASGIClient(hq.host.app).request(
        str(sent.method),
        str(sent.url).removeprefix(ORIGIN),
        headers={**headers, "authorization": "Bearer ada"},
        body=body.encode() if isinstance(body, str) else body,
    )
    return Response(
        status_code=answer.status,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.body,
        request=sent,
        elapsed=0.0,
        verify=False,
    )
