"""Registering the functions of this process with an Inngest server."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import inngest
import pytest
from typing_extensions import override

from rawr.durable.ingress import Ingress, RegistrationFailed, create_ingress
from rawr.durable.protocol.signing import hash_signing_key

KEY = "signkey-test-7468697320697320612074657374206b6579"
REGISTERED = (200, {"ok": True, "modified": True})


@dataclass
class FakeServer:
    """Remembers what it is asked, and answers as it is told."""

    origin: str = ""
    answer: tuple[int, Any] = REGISTERED
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    fake = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            fake.paths.append(self.path)
            fake.headers.append({name.lower(): value for name, value in self.headers.items()})
            body = self.rfile.read(int(self.headers["content-length"]))
            fake.bodies.append(json.loads(body))
            status, said = fake.answer
            answer = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.origin = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        server.shutdown()
        thread.join()


def ingress_for(origin: str, *, is_production: bool = True) -> Ingress:
    client = inngest.Inngest(
        app_id="app",
        is_production=is_production,
        signing_key=KEY if is_production else None,
        event_key="test",
        api_base_url=origin,
        logger=logging.getLogger("test"),
    )

    @client.create_function(fn_id="ping", trigger=inngest.TriggerEvent(event="app/ping"))
    async def ping(ctx: inngest.Context) -> None:
        """Never called here."""

    return create_ingress(client, [ping], signing_keys=[KEY], serve_origin="https://app.example")


async def test_functions_are_registered_where_the_server_reaches_them() -> None:
    with fake_server() as server:
        await ingress_for(server.origin).register()
    (body,), (headers,) = server.bodies, server.headers
    assert server.paths == ["/fn/register"]
    assert body["url"] == "https://app.example/api/inngest"
    assert [function["id"] for function in body["functions"]] == ["app-ping"]
    assert headers["authorization"] == f"Bearer {hash_signing_key(KEY)}"
    assert headers["x-inngest-expected-server-kind"] == "cloud"


async def test_a_dev_server_is_asked_to_be_one() -> None:
    with fake_server() as server:
        await ingress_for(server.origin, is_production=False).register()
    assert server.headers[0]["x-inngest-expected-server-kind"] == "dev"
    assert "authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, {"error": "Authentication failed", "data": None}), "Authentication failed"),
        ((400, {"error": "Expected server kind dev, got cloud"}), "Expected server kind dev"),
        ((502, b"<html>"), "not valid JSON"),
        ((200, {"ok": False}), "False"),
    ],
)
async def test_a_refusal_says_why(answer: tuple[int, Any], reason: str) -> None:
    with fake_server() as server:
        server.answer = answer
        with pytest.raises(RegistrationFailed, match=reason):
            await ingress_for(server.origin).register()


async def test_a_server_that_is_away_is_a_failure_too() -> None:
    with fake_server() as server:
        pass
    with pytest.raises(RegistrationFailed, match="Failed request"):
        await ingress_for(server.origin).register()
