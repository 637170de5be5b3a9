"""The published document: valid, complete, and silent about what is not published."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.scenarios.kit import HQ, fields
from tests.unit.composition.kit import capability

from rawr.composition import compose_capabilities
from rawr.host import openapi_document
from rawr_hq import manifest

PUBLISHED = {
    ("/api/orpc/invoicing/processing/start", "post"),
    ("/api/orpc/invoicing/processing/{runId}", "get"),
    ("/api/orpc/invoicing/reconciliation/{runId}", "get"),
    ("/api/workflows/invoicing/reconciliation/trigger", "post"),
    ("/api/workflows/invoicing/runs/{runId}", "get"),
    ("/api/workflows/invoicing/runs/{runId}/timeline", "get"),
    ("/api/workflows/invoicing/runs/{runId}/events", "get"),
}


@pytest.fixture
async def document(hq: HQ) -> dict[str, Any]:
    response = await hq.caller(None).request("GET", "/api/orpc/openapi.json")
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    return fields(response)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def schemas_of(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    bodies = [operation.get("requestBody"), *operation["responses"].values()]
    for body in bodies:
        for content in (body or {}).get("content", {}).values():
            yield content["schema"]
    for parameter in operation.get("parameters", []):
        yield parameter["schema"]


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


async def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_it_names_every_published_procedure_and_no_other(document: dict[str, Any]) -> None:
    assert {(path, method) for path, method, _ in operations(document)} == PUBLISHED


async def test_every_path_of_it_is_served(hq: HQ, document: dict[str, Any]) -> None:
    for path, method, _ in operations(document):
        response = await hq.caller(None).request(method.upper(), path.replace("{runId}", "run-1"))
        assert response.status == 401, path  # known to the host, and closed to nobody in particular


async def test_it_says_nothing_of_rpc_or_the_ingress(hq: HQ, document: dict[str, Any]) -> None:
    text = (await hq.caller(None).request("GET", "/api/orpc/openapi.json")).text
    assert "/api/inngest" not in text
    assert "/rpc" not in text
    assert not [path for path in document["paths"] if not path.startswith("/api/")]


async def test_operation_ids_are_unique_and_the_specified_ones(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert {
        "invoicingTriggerReconciliation",
        "invoicingGetRunStatus",
        "invoicingGetRunTimeline",
        "invoicingWatchRun",
    } <= set(ids)


async def test_no_schema_is_degraded(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        schemas = list(schemas_of(operation))
        assert schemas, (path, method)
        assert all(schemas), (path, method)


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        (
            "/api/workflows/invoicing/reconciliation/trigger",
            "post",
            {"200", "401", "403", "404", "409", "412"},
        ),
        ("/api/workflows/invoicing/runs/{runId}", "get", {"200", "401", "403", "404"}),
        ("/api/workflows/invoicing/runs/{runId}/events", "get", {"200", "401", "403", "404"}),
        ("/api/orpc/invoicing/processing/start", "post", {"200", "401", "403"}),
    ],
)
async def test_declared_errors_are_described(
    document: dict[str, Any], path: str, method: str, statuses: set[str]
) -> None:
    assert statuses <= set(document["paths"][path][method]["responses"])


async def test_names_are_the_wires(document: dict[str, Any]) -> None:
    trigger = document["paths"]["/api/workflows/invoicing/reconciliation/trigger"]["post"]
    schema = trigger["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert set(schema["properties"]) == {
        "requestId",
        "requestedByUserId",
        "runId",
        "invoiceId",
        "scope",
    }
    assert schema["additionalProperties"] is False


def test_what_is_not_published_is_not_described() -> None:
    document = openapi_document(
        compose_capabilities([capability("alpha"), capability("beta", publish=False)])
    )
    assert set(document["paths"]) == {"/api/orpc/alpha/echo", "/api/workflows/alpha/read"}


def test_the_document_is_the_same_every_time() -> None:
    assert openapi_document(manifest) == openapi_document(manifest)


async def test_what_is_not_published_is_served_all_the_same(tmp_path: Path) -> None:
    from tests.unit.host.kit import booted, client_of

    hidden = compose_capabilities([capability("beta", publish=False)])
    async with booted(hidden, tmp_path) as host:
        response = await client_of(host).request(
            "POST", "/api/orpc/beta/echo", body=b'{"text":"x"}'
        )
        assert response.json() == {"text": "beta:x"}
