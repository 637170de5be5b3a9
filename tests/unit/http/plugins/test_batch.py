from collections.abc import AsyncIterator
from typing import Any

import anyio
import msgspec
import pytest
from tests.unit.http.kit import Gate, fixture_router, rpc_client

from rawr.contract import Contract, ORPCError, procedure
from rawr.http import OpenAPIHandler, Request, Respond, Response, RPCHandler
from rawr.http.plugins import Batch
from rawr.procedure import implement
from rawr.testing.asgi import ASGIClient, ASGIResponse

HOST = "http://127.0.0.1:3000"
INVALID = (
    b'"Invalid batch request, this could be caused by a malformed request body or a missing header"'
)


def item(path: str, body: Any = None, **fields: Any) -> dict[str, Any]:
    return {"url": f"{HOST}/rpc/{path}", "body": {"json": body}, **fields}


async def send(
    items: Any, mode: str = "buffered", *, client: ASGIClient | None = None, **headers: str
) -> ASGIResponse:
    return await (client or rpc_client(plugins=[Batch()])).request(
        "POST",
        "/rpc/__batch__",
        headers={"x-orpc-batch": mode, "content-type": "application/json", **headers},
        body=msgspec.json.encode(items),
    )


async def test_an_empty_batch_is_answered_with_no_items() -> None:
    response = await send([])
    assert (response.status, response.body) == (207, b"[]")
    assert (await send([], "streaming")).body == b": \n\n"


async def test_without_the_plugin_the_header_means_nothing() -> None:
    assert (await send([], client=rpc_client())).status == 404


async def test_any_mode_but_buffered_streams() -> None:
    response = await send([item("echo", 1)], "anything")
    assert response.headers["content-type"] == "text/event-stream"


async def test_any_path_under_the_prefix_takes_a_batch() -> None:
    client = rpc_client(plugins=[Batch()])
    headers = {"x-orpc-batch": "buffered"}
    for path in ("/rpc/echo", "/rpc", "/rpc/nowhere/at/all"):
        response = await client.request("POST", path, headers=headers, body=b"[]")
        assert response.status == 207
    outside = await client.request("POST", "/other", headers=headers, body=b"[]")
    assert outside.status == 404


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"[1]", b'[{"url":"/rpc/echo"}]', b'[{"url":1}]', b"[", b"\xff"]
)
async def test_a_malformed_batch_is_refused_as_a_whole(body: bytes) -> None:
    response = await rpc_client(plugins=[Batch()]).request(
        "POST", "/rpc/__batch__", headers={"x-orpc-batch": "buffered"}, body=body
    )
    assert (response.status, response.body) == (400, INVALID)


async def test_a_batch_that_is_no_json_is_refused() -> None:
    response = await send([], **{"content-type": "text/plain"})
    assert (response.status, response.body) == (400, INVALID)


@pytest.mark.parametrize("query", ["", "?batch=", "?batch=1", "?other=[]"])
async def test_a_get_batch_without_its_query_is_refused(query: str) -> None:
    response = await rpc_client(plugins=[Batch()]).request(
        "GET", f"/rpc/__batch__{query}", headers={"x-orpc-batch": "buffered"}
    )
    assert (response.status, response.body) == (400, INVALID)


async def test_more_items_than_allowed_are_refused_as_a_whole() -> None:
    client = rpc_client(plugins=[Batch(max_size=1)])
    response = await send([item("echo", 1)] * 2, client=client)
    assert response.status == 413
    assert response.body == b'"Batch request size exceeds the maximum allowed size"'


async def test_a_batch_larger_than_a_body_may_be_is_refused() -> None:
    client = rpc_client(plugins=[Batch()], max_body_bytes=10)
    response = await send([item("echo", 1)], client=client)
    assert (response.status, response.json()["json"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_batch_must_hold_something() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Batch(max_size=0)


async def test_items_run_side_by_side_and_answer_as_they_are_done() -> None:
    gate = Gate()
    client = rpc_client(gate, plugins=[Batch()])
    async with client.stream(
        "POST",
        "/rpc/__batch__",
        headers={"x-orpc-batch": "streaming"},
        body=b'[{"url":"%b/rpc/suspend"},{"url":"%b/rpc/echo","body":{"json":1}}]'
        % (HOST.encode(), HOST.encode()),
    ) as exchange:
        assert await exchange.chunk() == b": \n\n"
        assert b'"index":1' in await exchange.chunk()
        gate.opened.set()
        assert b'"index":0' in await exchange.chunk()


@pytest.mark.parametrize("mode", ["streaming", "buffered"])
async def test_the_client_leaving_cancels_the_items(mode: str) -> None:
    gate = Gate()
    with anyio.fail_after(5):
        async with rpc_client(gate, plugins=[Batch()]).exchange(
            "POST",
            "/rpc/__batch__",
            headers={"x-orpc-batch": mode},
            body=b'[{"url":"%b/rpc/suspend"}]' % HOST.encode(),
        ) as exchange:
            if mode == "streaming":
                await exchange.start()
                await exchange.chunk()
            await gate.entered.wait()
            exchange.disconnect()
            await exchange.ended()
    assert gate.left == ["cancelled"]


class Feed(AsyncIterator[int]):
    closed = 0

    async def __anext__(self) -> int:
        raise AssertionError

    async def aclose(self) -> None:
        self.closed += 1


class Feeds(Contract):
    watch = procedure().streams(int)


async def test_a_stream_that_is_refused_is_closed() -> None:
    os, feed = implement(Feeds), Feed()

    @os.stream(Feeds.watch)
    async def watch(context: None) -> AsyncIterator[int]:
        return feed

    handler = RPCHandler(os.router(), plugins=[Batch()])
    response = await send([item("watch")], client=ASGIClient(handler.asgi(prefix="/rpc")))
    assert response.json()[0]["status"] == 500
    assert feed.closed


async def test_interceptors_see_every_item_and_their_headers_are_answered() -> None:
    seen: list[str] = []

    async def noting(request: Request, next: Respond) -> Response:
        seen.append(f"{request.operation.name} {request.headers['x-who']}")
        response = await next(request)
        response.headers = [*response.headers, (b"x-a", b"1"), (b"x-a", b"2")]
        return response

    client = rpc_client(plugins=[Batch()], interceptors=[noting])
    response = await send(
        [item("echo", 1), item("nothing", headers={"X-Who": "own"})],
        client=client,
        **{"x-who": "all"},
    )
    assert sorted(seen) == ["echo all", "nothing own"]
    assert [answer["headers"] for answer in response.json()] == [{"x-a": ["1", "2"]}] * 2


async def test_an_item_cannot_say_where_it_comes_from() -> None:
    seen: list[dict[str, str]] = []

    async def noting(request: Request, next: Respond) -> Response:
        seen.append(dict(request.headers))
        return await next(request)

    client = rpc_client(plugins=[Batch()], interceptors=[noting])
    own = {"x-forwarded-for": "1.2.3.4", "origin": "http://evil", "authorization": "own"}
    await send([item("echo", 1, headers=own)], client=client, origin="http://good")
    assert (seen[0]["origin"], seen[0]["authorization"]) == ("http://good", "own")
    assert "x-forwarded-for" not in seen[0]


async def test_an_interceptor_that_fails_fails_its_item() -> None:
    async def refusing(request: Request, next: Respond) -> Response:
        raise ORPCError("FORBIDDEN")

    client = rpc_client(plugins=[Batch()], interceptors=[refusing])
    assert [
        answer["status"] for answer in (await send([item("echo", 1)], client=client)).json()
    ] == [403]


async def test_a_get_batch_brings_in_no_procedure_of_another_method() -> None:
    query = (
        '[{"url":"http://h/rpc/nothing","method":"POST"},'
        '{"url":"http://h/rpc/getOnly?data=%257B%2522json%2522:%257B%2522n%2522:1%257D%257D"}]'
    )
    response = await rpc_client(plugins=[Batch()]).request(
        "GET", f"/rpc/__batch__?batch={query}", headers={"x-orpc-batch": "buffered"}
    )
    answers = {answer["index"]: answer for answer in response.json()}
    assert answers[0]["status"] == 405
    assert answers[1]["body"] == {"json": {"n": 1}}


async def test_the_status_of_a_batch_can_be_chosen() -> None:
    client = rpc_client(plugins=[Batch(success_status=200)])
    response = await send([item("echo", 1)], client=client)
    assert (response.status, response.json()) == (200, [{"index": 0, "body": {"json": 1}}])


async def test_a_handler_asked_directly_takes_batches_too() -> None:
    handler = RPCHandler(fixture_router(), plugins=[Batch()])
    matched: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        matched.append(await handler.handle(scope, receive, send, prefix="/rpc", context=Gate()))
        if not matched[-1]:
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    client = ASGIClient(app)
    assert (await send([item("echo", 1)], client=client)).status == 207
    assert (await client.request("POST", "/rpc/missing")).status == 418
    assert matched == [True, False]


async def test_an_item_that_leads_nowhere_is_said_in_the_protocols_words() -> None:
    (answer,) = (await send([item("missing")])).json()
    assert answer == {"index": 0, "status": 404, "body": "No procedure matched"}


async def test_the_openapi_protocol_takes_batches_too() -> None:
    handler = OpenAPIHandler(fixture_router(), plugins=[Batch()])
    client = ASGIClient(handler.asgi(prefix="/api", context=Gate()))
    response = await client.request(
        "POST",
        "/api/__batch__",
        headers={"x-orpc-batch": "buffered"},
        body=b'[{"url":"http://h/api/validate","body":{"n":1}},{"url":"http://h/api/nothing"}]',
    )
    answers = sorted(response.json(), key=lambda answer: answer["index"])
    assert answers == [{"index": 0, "status": 200, "body": {"n": 1}}, {"index": 1, "status": 200}]
