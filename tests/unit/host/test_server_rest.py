"""The REST API of an Inngest server, as operators reach it through the HQ."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2

from rawr.durable.protocol.signing import hash_signing_key
from rawr.host._server_rest import ServerRest
from rawr.testing.asgi import ASGIClient

KEYS = ["signkey-test-0123", "signkey-test-4567"]
Respond = Callable[[httpx2.Request], httpx2.Response]


@asynccontextmanager
async def rest(respond: Respond, *, keys: list[str] | None = None) -> AsyncIterator[ASGIClient]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(respond)) as http:
        yield ASGIClient(
            ServerRest(
                http=http,
                origin="http://server",
                event_url="http://events/e/the-key",
                signing_keys=KEYS if keys is None else keys,
            )
        )


async def test_requests_are_passed_on_with_the_signing_key() -> None:
    seen: list[httpx2.Request] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"data": []}, headers={"x-inngest-server-kind": "dev"})

    async with rest(respond) as client:
        answer = await client.request("GET", "/v2/runs?limit=5&status=failed")
    (request,) = seen
    assert str(request.url) == "http://server/v2/runs?limit=5&status=failed"
    assert request.headers["authorization"] == f"Bearer {hash_signing_key(KEYS[0])}"
    assert (answer.status, answer.json()) == (200, {"data": []})
    assert answer.headers["x-inngest-server-kind"] == "dev"


async def test_a_key_that_was_rotated_out_at_the_server_is_followed_by_the_other() -> None:
    bearers: list[str] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        bearers.append(request.headers["authorization"])
        return httpx2.Response(401 if len(bearers) == 1 else 200, json={})

    async with rest(respond) as client:
        assert (await client.request("POST", "/v2/runs/1/cancel", body=b"{}")).status == 200
    assert bearers == [f"Bearer {hash_signing_key(key)}" for key in KEYS]


async def test_a_dev_server_is_asked_without_keys() -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"bearer": request.headers.get("authorization")})

    async with rest(respond, keys=[]) as client:
        assert (await client.request("GET", "/v1/events")).json() == {"bearer": None}


async def test_events_go_to_the_event_api_with_its_key() -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"ids": [str(request.url)]})

    async with rest(respond) as client:
        answer = await client.request("POST", "/e/NO_EVENT_KEY_SET", body=b"{}")
    assert answer.json() == {"ids": ["http://events/e/the-key"]}


async def test_what_a_server_does_not_offer_is_said_to_be_so() -> None:
    async with rest(lambda _request: httpx2.Response(404, text="404 page not found")) as client:
        answer = await client.request("POST", "/v2/apps/a/functions/f/pause")
    assert answer.status == 501
    assert "http://server, which does not offer that; use its dashboard" in answer.text


async def test_what_a_server_does_not_know_is_its_own_answer() -> None:
    async with rest(lambda _: httpx2.Response(404, json={"error": "run not found"})) as client:
        answer = await client.request("GET", "/v1/runs/none")
    assert (answer.status, answer.json()) == (404, {"error": "run not found"})


async def test_a_server_that_is_away_is_named() -> None:
    def respond(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    async with rest(respond) as client:
        answer = await client.request("GET", "/v1/events")
    assert answer.status == 502
    assert "http://server, which cannot be reached: refused" in answer.text
    assert answer.headers["x-inngest-server-kind"] == "cloud"
