"""Publishing and subscribing, over real sockets."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import websockets

from rawr.durable.api import create_engine_api
from rawr.durable.engine import Engine

from .conftest import API, CLOUD, SIGNING_KEY, served

TOPICS = [{"channel": "news", "name": "posted", "kind": "run"}]


class Client:
    def __init__(self, url: str, http: httpx2.AsyncClient) -> None:
        self.url = url
        self.http = http

    async def token(self) -> str:
        response = await self.http.post("/v1/realtime/token", json=TOPICS)
        assert response.status_code == 201
        jwt: str = response.json()["jwt"]
        return jwt

    async def publish(
        self, content: Any, content_type: str = "application/json", **more: str
    ) -> Any:
        query = urlencode({"channel": "news", "topic": "posted", **more})
        response = await self.http.post(
            f"/v1/realtime/publish?{query}",
            content=content,
            headers={"content-type": content_type},
        )
        assert response.status_code == 200, response.text
        return response.json()["data"]

    async def socket(self) -> websockets.ClientConnection:
        url = self.url.replace("http", "ws", 1)
        return await websockets.connect(
            f"{url}/v1/realtime/connect?token={await self.token()}", proxy=None
        )


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[Client]:
    async with (
        served(create_engine_api(engine), ws="websockets-sansio") as url,
        httpx2.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        yield Client(url, http)


async def test_messages_reach_the_socket_that_subscribed(client: Client) -> None:
    async with await client.socket() as socket:
        assert await client.publish(b'{"n":1}', run_id="R", metadata='{"m":1}') == {"delivered": 1}
        message = json.loads(await socket.recv())
        assert message.pop("created_at").endswith("Z")
        assert message.pop("env_id")
        assert message == {
            "kind": "data",
            "channel": "news",
            "topic": "posted",
            "data": {"n": 1},
            "run_id": "R",
            "metadata": {"m": 1},
        }
        await client.publish(b"just text")
        assert json.loads(await socket.recv())["data"] == "just text"
    await client.publish(b"1", topic="other")


async def test_a_stream_is_published_in_chunks(client: Client) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield "h\u00e9".encode()[:2]
        yield "h\u00e9".encode()[2:] + b"x" * 1024

    async with await client.socket() as socket:
        assert await client.publish(body(), "text/stream") == {"delivered": 5}
        start, *chunks, end = [json.loads(await socket.recv()) for _ in range(5)]
    assert (start["kind"], end["kind"]) == ("datastream-start", "datastream-end")
    assert {one["kind"] for one in chunks} == {"chunk"}
    assert {one["stream_id"] for one in chunks} == {start["data"]} == {end["data"]}
    assert "".join(one["data"] for one in chunks) == "h\u00e9" + "x" * 1024


async def test_messages_reach_an_event_stream(client: Client) -> None:
    headers = {"authorization": f"Bearer {await client.token()}"}
    async with client.http.stream("GET", "/v1/realtime/sse", headers=headers) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        while (await client.publish(b"7"))["delivered"] == 0:
            pass
        async for line in stream.aiter_lines():
            assert json.loads(line.removeprefix("data: "))["data"] == 7
            break


async def test_a_socket_without_a_valid_token_is_refused(client: Client) -> None:
    url = client.url.replace("http", "ws", 1)
    for query in ("", "?token=forged"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"{url}/v1/realtime/connect{query}", proxy=None)
        assert refused.value.response.status_code == 403
    assert (await client.http.get("/v1/realtime/sse")).status_code == 401


@pytest.mark.parametrize(
    ("method", "url", "content", "status"),
    [
        ("POST", "/v1/realtime/token", b"[]", 400),
        ("POST", "/v1/realtime/token", b'[{"channel":1}]', 400),
        ("POST", "/v1/realtime/publish?channel=a", b"1", 400),
        ("POST", "/v1/realtime/publish?topic=a", b"1", 400),
        ("POST", "/v1/realtime/publish?channel=a&topic=b", b" " * (512 * 1024 + 1), 413),
    ],
)
async def test_what_makes_no_sense_is_refused(
    api: API, method: str, url: str, content: bytes, status: int
) -> None:
    assert (await api.call(method, url, content=content)).status_code == status


async def test_a_stream_of_too_many_chunks_is_refused(api: API) -> None:
    response = await api.call(
        "POST",
        "/v1/realtime/publish?channel=a&topic=b",
        content=b"x" * (1024 * 1001),
        headers={"content-type": "text/stream"},
    )
    assert response.status_code == 413


async def test_keys_are_asked_for_in_cloud_but_not_of_subscribers(engine: Engine) -> None:
    api = API(engine, CLOUD)
    async with api.client:
        for url in ("/v1/realtime/token", "/v1/realtime/publish?channel=a&topic=b"):
            assert (await api.call("POST", url, json=TOPICS)).status_code == 401
            headers = {"authorization": f"Bearer {SIGNING_KEY}"}
            assert (await api.call("POST", url, json=TOPICS, headers=headers)).is_success
