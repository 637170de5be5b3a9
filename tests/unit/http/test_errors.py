import logging

import pytest
from tests.unit.http.kit import rpc_client

from rawr.testing.asgi import ASGIResponse


async def fail(kind: str) -> ASGIResponse:
    return await rpc_client().request("POST", "/rpc/fail", body=b'{"json":"%b"}' % kind.encode())


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (
            "typed",
            402,
            (
                b'{"defined":true,"code":"PAYMENT","status":402,"message":"Pay first.",'
                b'"data":{"amount":3}}'
            ),
        ),
        (
            "same",
            402,
            (
                b'{"defined":true,"code":"PAYMENT","status":402,"message":"PAYMENT",'
                b'"data":{"amount":4}}'
            ),
        ),
        (
            "other status",
            403,
            (
                b'{"defined":false,"code":"PAYMENT","status":403,"message":"PAYMENT",'
                b'"data":{"amount":4}}'
            ),
        ),
        (
            "other data",
            402,
            b'{"defined":false,"code":"PAYMENT","status":402,"message":"PAYMENT","data":"much"}',
        ),
    ],
)
async def test_defined_follows_from_the_contract(kind: str, status: int, body: bytes) -> None:
    response = await fail(kind)
    assert (response.status, response.body) == (status, b'{"json":%b}' % body)


async def test_error_data_keeps_its_native_types() -> None:
    response = await fail("dated")
    assert response.status == 500
    assert response.body == (
        b'{"json":{"defined":false,"code":"CUSTOM","status":500,"message":"CUSTOM",'
        b'"data":{"d":"1970-01-01T00:00:00.000Z"}},"meta":[[1,"data","d"]]}'
    )


async def test_error_data_without_a_form_on_the_wire_is_hidden_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = await fail("unencodable")
    assert response.json()["json"]["message"] == "Internal server error"
    assert "has no form" in caplog.text or "EncodeError" in caplog.text


async def test_unexpected_exceptions_are_hidden_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = await rpc_client().request("POST", "/rpc/plainError", body=b"{}")
    assert response.body == (
        b'{"json":{"defined":false,"code":"INTERNAL_SERVER_ERROR","status":500,'
        b'"message":"Internal server error"}}'
    )
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.ERROR, "rawr.http")
    assert vars(record)["action"] == "call_procedure"
    assert vars(record)["procedure"] == "plainError"
    assert "hunter2" in caplog.text


async def test_broken_output_is_hidden_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    response = await rpc_client().request("POST", "/rpc/badOutput", body=b"{}")
    assert response.body == (
        b'{"json":{"defined":false,"code":"INTERNAL_SERVER_ERROR","status":500,'
        b'"message":"Output validation failed"}}'
    )
    assert "int_parsing" in caplog.text or "valid integer" in caplog.text


async def test_declared_errors_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    await fail("typed")
    assert caplog.records == []
