import pytest
from tests.unit.http.kit import rpc_client

NOT_FOUND = (
    b'{"json":{"defined":false,"code":"NOT_FOUND","status":404,"message":"No procedure matched"}}'
)


@pytest.mark.parametrize(
    "target",
    [
        "/rpc/nothing",
        "/rpc/nothing/",
        "/rpc/nothing?ignored=1",
        "/rpc/deeper/ping",
    ],
)
async def test_a_procedure_answers_at_its_encoded_path(target: str) -> None:
    response = await rpc_client().request("POST", target, body=b"{}")
    assert response.status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/rpc",
        "/rpc/",
        "/rpcx/nothing",
        "/nothing",
        "/rpc//nothing",
        "/rpc/nothing//",
        "/rpc/n%6Fthing",
        "/rpc/Nothing",
        "/rpc/deeper",
        "/rpc/deeper%2Fping",
    ],
)
async def test_anything_else_is_a_typed_404(target: str) -> None:
    response = await rpc_client().request("POST", target, body=b"{}")
    assert (response.status, response.body) == (404, NOT_FOUND)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_the_method_does_not_matter(method: str) -> None:
    response = await rpc_client().request(method, "/rpc/validate", body=b'{"json":{"n":1}}')
    assert (response.status, response.body) == (200, b'{"json":{"n":1}}')


async def test_strict_get_refuses_a_procedure_not_declared_with_get() -> None:
    response = await rpc_client().request("GET", "/rpc/nothing")
    assert response.status == 405
    assert response.body == (
        b'{"json":{"defined":false,"code":"METHOD_NOT_SUPPORTED","status":405,'
        b'"message":"Method Not Supported"}}'
    )


async def test_strict_get_can_be_switched_off() -> None:
    response = await rpc_client(strict_get=False).request("GET", "/rpc/nothing")
    assert (response.status, response.body) == (200, b"{}")


async def test_a_get_procedure_may_be_posted_to() -> None:
    response = await rpc_client().request("POST", "/rpc/getOnly", body=b'{"json":{"n":1}}')
    assert response.body == b'{"json":{"n":1}}'
