from tests.unit.http.kit import Gate, fixture_router, rpc_client
from tests.unit.http.sockets import connected

from rawr.http import Request, RPCHandler
from rawr.http.plugins import CSRFProtection

MISMATCH = (
    b'{"json":{"defined":false,"code":"CSRF_TOKEN_MISMATCH","status":403,'
    b'"message":"Invalid CSRF token"}}'
)


async def test_a_call_without_the_token_is_refused_before_anything_happens() -> None:
    made: list[Request] = []

    async def context(request: Request) -> Gate:
        made.append(request)
        return Gate()

    client = rpc_client(context, plugins=[CSRFProtection()])
    response = await client.request("POST", "/rpc/nothing", body=b"{}")
    assert (response.status, response.body, made) == (403, MISMATCH, [])
    response = await client.request("POST", "/rpc/nothing", headers={"x-csrf-token": "orpc"})
    assert response.status == 200


async def test_some_requests_may_go_without() -> None:
    async def is_ping(request: Request) -> bool:
        return request.operation.name == "deeper.ping"

    client = rpc_client(plugins=[CSRFProtection(exclude=is_ping)])
    assert (await client.request("POST", "/rpc/deeper/ping")).status == 200
    assert (await client.request("POST", "/rpc/nothing")).status == 403


async def test_calls_of_a_websocket_bring_their_own_token() -> None:
    handler = RPCHandler(fixture_router(), plugins=[CSRFProtection()])
    async with connected(handler.websocket(context=Gate())) as socket:
        socket.say({"i": "1", "p": {"u": "/echo", "b": {"json": 1}}})
        assert (await socket.hear())["p"]["s"] == 403
        socket.say({"i": "2", "p": {"u": "/echo", "b": {}, "h": {"x-csrf-token": "orpc"}}})
        assert (await socket.hear())["p"] == {"b": {}}
