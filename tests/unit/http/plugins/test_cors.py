from collections.abc import Sequence

import pytest
from tests.unit.http.kit import rpc_client

from rawr.http import Request, Respond, Response, Scope
from rawr.http.plugins import CORS, Batch

ORIGIN = {"origin": "https://a.example"}


async def test_any_origin_may_read_unless_told_otherwise() -> None:
    response = await rpc_client(plugins=[CORS()]).request("POST", "/rpc/nothing", headers=ORIGIN)
    assert response.headers["access-control-allow-origin"] == "https://a.example"
    assert response.headers["vary"] == "Origin"


async def test_a_function_may_decide() -> None:
    async def decide(origin: str, scope: Scope) -> Sequence[str] | None:
        return [origin] if scope["path"] == "/rpc/nothing" else None

    client = rpc_client(plugins=[CORS(origins=decide, credentials=True)])
    allowed = await client.request("POST", "/rpc/nothing", headers=ORIGIN)
    refused = await client.request("POST", "/rpc/echo", headers=ORIGIN, body=b"{}")
    assert allowed.headers["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("origins", [None, "*", ["https://a.example", "*"]])
def test_credentials_are_not_for_everybody(origins: str | Sequence[str] | None) -> None:
    with pytest.raises(ValueError, match="say which origins"):
        CORS(origins=origins, credentials=True)


@pytest.mark.parametrize(
    ("varied", "expected"),
    [
        (["Accept"], "Accept, Origin"),
        (["accept", "origin"], "accept, origin"),
        (["Cookie, Origin"], "Cookie, Origin"),
    ],
)
async def test_what_varies_already_stays_in_one_line(varied: list[str], expected: str) -> None:
    async def vary(request: Request, next: Respond) -> Response:
        response = await next(request)
        response.headers = [*response.headers, *((b"vary", value.encode()) for value in varied)]
        return response

    client = rpc_client(plugins=[CORS()], interceptors=[vary])
    response = await client.request("POST", "/rpc/nothing", headers=ORIGIN)
    assert [value for name, value in response.raw_headers if name == b"vary"] == [expected.encode()]


async def test_streams_and_batches_may_be_read_too() -> None:
    client = rpc_client(plugins=[Batch(), CORS()])
    stream = await client.request("POST", "/rpc/stream", headers=ORIGIN, body=b'{"json":"short"}')
    batch = await client.request(
        "POST", "/rpc", headers={**ORIGIN, "x-orpc-batch": "buffered"}, body=b"[]"
    )
    for response in (stream, batch):
        assert response.headers["access-control-allow-origin"] == "https://a.example"


async def test_what_is_not_the_handlers_is_left_alone() -> None:
    response = await rpc_client(plugins=[CORS()]).request("OPTIONS", "/other", headers=ORIGIN)
    assert response.status == 404
    assert "access-control-allow-origin" not in response.headers


async def test_a_preflight_is_answered_for_any_path_under_the_prefix() -> None:
    client = rpc_client(plugins=[CORS(max_age_seconds=60, timing_origins="*")])
    asked = {**ORIGIN, "access-control-request-headers": "x-a, x-b"}
    response = await client.request("OPTIONS", "/rpc/nowhere", headers=asked)
    assert (response.status, response.body) == (204, b"")
    assert response.headers == {
        "access-control-max-age": "60",
        "access-control-allow-methods": "GET, HEAD, PUT, POST, DELETE, PATCH",
        "access-control-allow-headers": "x-a, x-b",
        "access-control-allow-origin": "https://a.example",
        "timing-allow-origin": "*",
        "vary": "Origin",
    }


async def test_headers_can_be_listed() -> None:
    plugin = CORS(origins="*", allow_headers=["x-c"], expose_headers=["x-d", "x-e"])
    response = await rpc_client(plugins=[plugin]).request("OPTIONS", "/rpc", headers=ORIGIN)
    assert response.headers["access-control-allow-headers"] == "x-c"
    assert response.headers["access-control-expose-headers"] == "x-d, x-e"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "vary" not in response.headers
