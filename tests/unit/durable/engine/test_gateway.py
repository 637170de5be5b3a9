"""Requests the engine makes for a step."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import inngest
import pytest
from inngest.experimental import ai

from rawr.durable.domain.op import Errored, Returned
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.engine._gateway import Gateway
from rawr.durable.engine._outbound import Outbound


def item(op: str, opts: dict[str, Any]) -> QueueItem:
    return QueueItem(
        id=1,
        run_id="R",
        function_id="f",
        kind=ItemKind.GATEWAY,
        due_at=0,
        max_attempts=1,
        step_id="s",
        payload=json.dumps({"op": op, "opts": opts}).encode(),
    )


async def perform(op: str, opts: dict[str, Any], handler: Any) -> Any:
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    gateway = Gateway(Outbound(timeout=timedelta(seconds=5), client=client))
    try:
        return await gateway.perform(item(op, opts))
    finally:
        await gateway.close()


async def test_a_fetch_gives_status_headers_and_body() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert (request.method, request.content) == ("PUT", b"hello")
        assert request.headers["x-own"] == "1"
        return httpx2.Response(404, headers={"x-answer": "2"}, content=b"nothing")

    opts = {
        "url": "http://api.test/x",
        "method": "PUT",
        "headers": {"x-own": "1"},
        "body": "hello",
    }
    response = await perform("Gateway", opts, handler)

    assert isinstance(response, Returned)
    data = json.loads(response.output)
    assert (data["status_code"], data["body"], data["url"]) == (
        404,
        "nothing",
        "http://api.test/x",
    )
    assert data["headers"]["x-answer"] == "2"


@pytest.mark.parametrize(
    ("format_", "header", "value"),
    [
        ("openai-chat", "authorization", "Bearer secret"),
        ("anthropic", "x-api-key", "secret"),
        ("bedrock", "authorization", "secret"),
    ],
)
async def test_a_model_call_carries_the_key_as_its_provider_wants(
    format_: str, header: str, value: str
) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert request.headers[header] == value
        assert json.loads(request.content) == {"model": "m"}
        return httpx2.Response(200, json={"answer": 42})

    opts = {
        "url": "http://ai.test/v1",
        "format": format_,
        "auth_key": "secret",
        "body": {"model": "m"},
    }
    assert await perform("AIGateway", opts, handler) == Returned(output=b'{"answer":42}')


async def test_a_gemini_call_carries_the_key_in_the_query() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert request.url.params["key"] == "secret"
        return httpx2.Response(200, json={})

    opts = {"url": "http://ai.test/v1", "format": "gemini", "auth_key": "secret", "body": {}}
    assert isinstance(await perform("AIGateway", opts, handler), Returned)


async def test_a_refused_model_call_is_an_error() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(429, text="slow down")

    response = await perform("AIGateway", {"url": "http://ai.test", "body": {}}, handler)
    assert isinstance(response, Errored)
    assert response.error.name == "AIGatewayError"
    assert "429: slow down" in response.error.message


@pytest.mark.parametrize("url", ["", "not a url", "http://"])
async def test_a_request_that_cannot_be_made_is_an_error(url: str) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.UnsupportedProtocol("no scheme")

    response = await perform("Gateway", {"url": url}, handler)
    assert isinstance(response, Errored)
    assert response.error.name == "GatewayError"


async def test_a_models_answer_becomes_the_steps_output(host: Any) -> None:
    @host.function("thinker", "app/go")
    async def thinker(ctx: inngest.Context) -> object:
        adapter = ai.openai.Adapter(auth_key="k", base_url="http://ai.test", model="m")
        return await ctx.step.ai.infer("think", adapter=adapter, body={"messages": []})

    class WithModel:
        def __init__(self, app: Any) -> None:
            self.app = app
            self.handlers = app.handlers

        async def __call__(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.host == "ai.test":
                return httpx2.Response(200, json={"choices": ["yes"]})
            answer: httpx2.Response = await self.app(request)
            return answer

    host.app = WithModel(host.app)
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    assert await host.output(event) == {"choices": ["yes"]}
