"""Real oRPC clients on Node against our server on a real port."""

import pytest
from tests.node_peer import ask_node, peers_installed

from rawr.http import ASGIApp, OpenAPIHandler, Receive, RPCHandler, Scope, Send

from .golden_router import openapi_router, rpc_router
from .serving import serving

pytestmark = pytest.mark.node

EXPECTED_CASES = 115


def application() -> ASGIApp:
    rpc = RPCHandler(rpc_router()).asgi(prefix="/rpc")
    openapi = OpenAPIHandler(openapi_router())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not await openapi.handle(
            scope, receive, send, prefix="/api"
        ):
            await rpc(scope, receive, send)

    return app


def test_real_clients_are_served_like_by_the_real_server(subtests: pytest.Subtests) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    with serving(application()) as base_url:
        outcome = ask_node("peers/clients.mjs", {"baseUrl": base_url})
    assert len(outcome) >= EXPECTED_CASES
    for name, failure in outcome.items():
        with subtests.test(name):
            assert failure is None
