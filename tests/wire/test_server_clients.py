"""Real oRPC clients on Node against our server on a real port."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from tests.node_peer import ask_node, peers_installed

from rawr.http import ASGIApp, OpenAPIHandler, Receive, RPCHandler, Scope, Send

from .golden_router import openapi_router, rpc_router

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


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """A uvicorn server of the application on a free loopback port; gives its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="error", http="httptools", loop="uvloop")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="test server")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_real_clients_are_served_like_by_the_real_server(subtests: pytest.Subtests) -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    with serving(application()) as base_url:
        outcome = ask_node("peers/clients.mjs", {"baseUrl": base_url})
    assert len(outcome) >= EXPECTED_CASES
    for name, failure in outcome.items():
        with subtests.test(name):
            assert failure is None
