import pytest
from tests.unit.http.kit import Gate, rpc_client

from rawr.contract import ORPCError
from rawr.http import Request, Respond, Response
from rawr.http.plugins import Batch, ResponseHeaders, response_headers
from rawr.wire import EncodeError


async def adding(request: Request, next: Respond) -> Response:
    headers = response_headers()
    headers.append("Set-Cookie", "a=1")
    headers.append("set-cookie", "b=2")
    headers.set("x-one", "first")
    headers.set("X-One", request.operation.name)
    headers.append("x-gone", "1")
    headers.remove("X-Gone")
    return await next(request)


ADDED = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


@pytest.mark.parametrize("procedure", ["nothing", "plainError"])
async def test_answers_and_errors_carry_what_was_added(procedure: str) -> None:
    client = rpc_client(plugins=[ResponseHeaders()], interceptors=[adding])
    response = await client.request("POST", f"/rpc/{procedure}", body=b"{}")
    expected = {*ADDED, (b"x-one", procedure.encode())}
    assert expected <= set(response.raw_headers)
    assert "x-gone" not in response.headers


async def test_contexts_may_add_and_streams_carry_them() -> None:
    async def context(request: Request) -> Gate:
        response_headers().append("x-context", "yes")
        return Gate()

    client = rpc_client(context, plugins=[ResponseHeaders()])
    response = await client.request("POST", "/rpc/stream", body=b'{"json":"short"}')
    assert response.headers["x-context"] == "yes"


async def test_items_of_a_batch_add_to_their_own_answers() -> None:
    client = rpc_client(plugins=[ResponseHeaders(), Batch()], interceptors=[adding])
    response = await client.request(
        "POST",
        "/rpc",
        headers={"x-orpc-batch": "buffered"},
        body=b'[{"url":"http://h/rpc/nothing"},{"url":"http://h/rpc/deeper/ping"}]',
    )
    answers = sorted(response.json(), key=lambda answer: answer["index"])
    assert [answer["headers"]["x-one"] for answer in answers] == ["nothing", "deeper.ping"]


async def test_a_header_that_cannot_be_sent_is_refused_where_it_is_added() -> None:
    async def breaking(request: Request, next: Respond) -> Response:
        with pytest.raises(EncodeError):
            response_headers().append("x-a", "a\r\nb: c")
        raise ORPCError("CONFLICT")

    client = rpc_client(plugins=[ResponseHeaders()], interceptors=[breaking])
    assert (await client.request("POST", "/rpc/nothing")).status == 409


async def test_outside_of_a_call_there_is_nothing_to_add_to() -> None:
    with pytest.raises(LookupError, match="ResponseHeaders plugin"):
        response_headers()
