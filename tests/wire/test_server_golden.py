"""Our server given what real clients sent; its answers against those of the real server."""

import re

import pytest

from rawr.http import OpenAPIHandler, RPCHandler
from rawr.testing.asgi import ASGIClient

from .golden_cases import SMALL_BIGINTS, Case, cases
from .golden_router import openapi_router, rpc_router

RPC = {
    **{f"value {name}": case for name, case in cases("rpc-values").items()},
    **{f"get {name}": case for name, case in cases("rpc-values-get").items()},
    **{f"file {name}": case for name, case in cases("rpc-files").items()},
    **{f"error {name}": case for name, case in cases("rpc-errors").items()},
    **{f"stream {name}": case for name, case in cases("rpc-streams").items()},
}
OPENAPI = cases("openapi")

# What cannot be equal: a Python int is a bigint only where it must be; an async generator
# returns nothing; issues are worded by the schema library; the host worded the 404.
OTHER_BYTES = {f"{kind} {name}" for kind in ("value", "get") for name in SMALL_BIGINTS} | {
    *(f"value:{name}" for name in SMALL_BIGINTS),
    "stream result",
    "error inputValidation",
    "error notMatched",
    "file nested",
    "streamResult",
}

BOUNDARY = re.compile(rb"----formdata-rawr-[0-9a-f]+")


async def check(client: ASGIClient, case: Case) -> None:
    sent, expected = case.request, case.response
    response = await client.request(
        sent.method, sent.target, headers=sent.headers, body=sent.content
    )
    assert response.status == expected.status
    assert BOUNDARY.sub(b"BOUNDARY", response.body) == expected.content
    for name, value in expected.headers.items():
        ours = response.headers[name].encode("latin-1")
        assert BOUNDARY.sub(b"BOUNDARY", ours) == value.encode("latin-1")


@pytest.mark.parametrize("name", sorted(set(RPC) - OTHER_BYTES))
async def test_rpc_answers_are_those_of_the_real_server(name: str) -> None:
    await check(ASGIClient(RPCHandler(rpc_router()).asgi(prefix="/rpc")), RPC[name])


@pytest.mark.parametrize("name", sorted(set(OPENAPI) - OTHER_BYTES))
async def test_openapi_answers_are_those_of_the_real_server(name: str) -> None:
    await check(ASGIClient(OpenAPIHandler(openapi_router()).asgi(prefix="/api")), OPENAPI[name])


async def test_invalid_input_differs_in_the_words_of_the_issues_only() -> None:
    case = RPC["error inputValidation"]
    client = ASGIClient(RPCHandler(rpc_router()).asgi(prefix="/rpc"))
    response = await client.request("POST", case.request.target, body=case.request.content)
    prefix = case.response.content.partition(b'"data"')[0]
    assert response.status == case.response.status
    assert response.body.startswith(prefix)
    assert response.json()["json"]["data"]["issues"][0]["path"] == ["n"]
