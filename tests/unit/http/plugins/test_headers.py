from datetime import timedelta

import pytest
from tests.unit.http.kit import Gate, rpc_client

from rawr.contract import ORPCError
from rawr.http import Request, Respond, Response
from rawr.http.plugins import Batch, HeaderList, ResponseHeaders, response_headers
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


async def test_cookies_are_set_safely_unless_told_otherwise() -> None:
    async def signing_in(request: Request, next: Respond) -> Response:
        headers = response_headers()
        headers.set_cookie("session", "ü;=1", max_age=timedelta(hours=1))
        headers.set_cookie(
            "theme",
            "dark",
            path="/app",
            domain="a.example",
            secure=False,
            http_only=False,
            same_site="Strict",
        )
        headers.delete_cookie("old")
        return await next(request)

    client = rpc_client(plugins=[ResponseHeaders()], interceptors=[signing_in])
    response = await client.request("POST", "/rpc/nothing", body=b"{}")
    assert [value for name, value in response.raw_headers if name == b"set-cookie"] == [
        b"session=%C3%BC%3B=1; Path=/; Max-Age=3600; SameSite=Lax; Secure; HttpOnly",
        b"theme=dark; Path=/app; Domain=a.example; SameSite=Strict",
        b"old=; Path=/; Max-Age=0; SameSite=Lax; Secure; HttpOnly",
    ]


@pytest.mark.parametrize(
    "options", [{"name": "a b"}, {"name": ""}, {"path": "/;x"}, {"domain": "a\r\nb"}], ids=str
)
def test_what_would_break_a_cookie_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(EncodeError, match="cookie"):
        HeaderList().set_cookie(**{"name": "a", "value": "b", **options})  # type: ignore[arg-type]  # built from cases


async def test_requests_have_cookies() -> None:
    seen: list[dict[str, str]] = []

    async def reading(request: Request, next: Respond) -> Response:
        seen.append(request.cookies)
        return await next(request)

    client = rpc_client(interceptors=[reading])
    cookies = 'session=%C3%BC%3B=1; theme="dark"; broken; session=other'
    await client.request("POST", "/rpc/nothing", headers={"cookie": cookies}, body=b"{}")
    await client.request("POST", "/rpc/nothing", body=b"{}")
    assert seen == [{"session": "ü;=1", "theme": "dark"}, {}]
