"""Lazy routers behind handlers: loaded by requests, not at start."""

import logging
from typing import Any

import pytest

from rawr.http import OpenAPIHandler, RPCHandler
from rawr.procedure import Router, lazy, procedures
from rawr.testing.asgi import ASGIClient

os = procedures(str)


@os.route(path="/ping").output(str).handler
async def ping(context: str) -> str:
    return f"pong of {context}"


@os.route(path="/part").output(str).handler
async def part(context: str) -> str:
    return f"part of {context}"


@os.route(path="/second").output(str).handler
async def second(context: str) -> str:
    return f"second of {context}"


class Loader:
    """Loads a router, after so many failures; counts how often it was asked."""

    def __init__(self, *, failures: int = 0) -> None:
        self.asked = 0
        self._failures = failures

    def __call__(self) -> Router[str, Any]:
        self.asked += 1
        if self.asked <= self._failures:
            raise ImportError("no module named 'part'")
        return os.router({"ping": part, "the_second": second})


def client_of(make: Any, loader: Loader) -> ASGIClient:
    router = os.router({"own": ping, "part": lazy(loader)})
    return ASGIClient(make(router).asgi(prefix="/x", context="me"))


async def test_rpc_loads_a_lazy_router_with_the_first_request_that_leads_into_it() -> None:
    loader = Loader()
    client = client_of(RPCHandler, loader)
    for path in ("/x/own", "/x/nothing", "/x/", "/x/own/deeper"):
        await client.request("POST", path, body=b"{}")
    assert loader.asked == 0
    for _ in range(3):
        response = await client.request("POST", "/x/part/ping", body=b"{}")
        assert response.body == b'{"json":"part of me"}'
    assert (await client.request("POST", "/x/part/theSecond")).status == 200
    assert (await client.request("POST", "/x/part/nothing")).status == 404
    assert (await client.request("POST", "/x/part/%70ing")).status == 404
    assert loader.asked == 1


async def test_openapi_loads_what_has_no_contract_with_its_first_request() -> None:
    loader = Loader()
    client = client_of(OpenAPIHandler, loader)
    assert (await client.request("POST", "/elsewhere")).status == 404
    assert loader.asked == 0
    assert (await client.request("POST", "/x/nowhere")).status == 404
    assert (await client.request("POST", "/x/part")).body == b'"part of me"'
    assert (await client.request("POST", "/x/ping")).body == b'"pong of me"'
    assert loader.asked == 1


@pytest.mark.parametrize("make", [RPCHandler, OpenAPIHandler])
async def test_a_failed_load_is_a_hidden_failure_and_tried_again(
    make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    loader = Loader(failures=2)
    client = client_of(make, loader)
    path = "/x/part/ping" if make is RPCHandler else "/x/part"
    for _ in range(2):
        with caplog.at_level(logging.ERROR, "rawr.http"):
            response = await client.request("POST", path, body=b"{}")
        assert response.status == 500
        assert b"no module" not in response.body
        assert "no module named 'part'" in caplog.text
        caplog.clear()
    response = await client.request("POST", path, body=b"{}")
    assert b"part of me" in response.body
    assert loader.asked == 3


async def test_a_failing_path_of_openapi_is_told_by_the_first_request() -> None:
    def load() -> Router[str, Any]:
        return os.router({"ping": ping})

    router = os.router({"own": ping, "part": lazy(load)})
    client = ASGIClient(OpenAPIHandler(router).asgi(context="me"))
    assert (await client.request("POST", "/ping")).status == 500
