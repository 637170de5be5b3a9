from tests.unit.http.kit import Gate, rpc_client

from rawr.contract import ORPCError
from rawr.http import Request, Respond, Response
from rawr.procedure import Call, Next


async def test_interceptors_wrap_the_call_first_one_outermost() -> None:
    events: list[str] = []

    def noting(name: str) -> object:
        async def interceptor(request: Request, next: Respond) -> Response:
            events.append(f"{name} in")
            response = await next(request)
            events.append(f"{name} out")
            return response

        return interceptor

    client = rpc_client(interceptors=[noting("a"), noting("b")])
    assert (await client.request("POST", "/rpc/nothing", body=b"{}")).status == 200
    assert events == ["a in", "b in", "b out", "a out"]


async def test_an_interceptor_sees_failures_before_they_are_encoded() -> None:
    seen: list[Exception] = []

    async def watching(request: Request, next: Respond) -> Response:
        try:
            return await next(request)
        except ORPCError as error:
            seen.append(error)
            raise

    client = rpc_client(interceptors=[watching])
    response = await client.request("POST", "/rpc/fail", body=b'{"json":"typed"}')
    assert response.status == 402
    assert [type(error).__name__ for error in seen] == ["PaymentRequired"]


async def test_an_interceptor_may_answer_itself() -> None:
    async def refusing(request: Request, next: Respond) -> Response:
        raise ORPCError("TOO_MANY_REQUESTS")

    response = await rpc_client(interceptors=[refusing]).request("POST", "/rpc/nothing")
    assert response.status == 429


async def test_an_interceptor_may_change_context_and_headers() -> None:
    gate = Gate()

    async def changing(request: Request, next: Respond) -> Response:
        request.context = gate
        response = await next(request)
        response.headers = [*response.headers, (b"x-served-by", b"test")]
        return response

    client = rpc_client(interceptors=[changing])
    response = await client.request("POST", "/rpc/nothing", body=b"{}")
    assert response.headers["x-served-by"] == "test"


async def test_an_interceptor_may_read_the_body_first() -> None:
    bodies: list[bytes] = []

    async def reading(request: Request, next: Respond) -> Response:
        bodies.append(await request.body())
        return await next(request)

    client = rpc_client(interceptors=[reading])
    response = await client.request("POST", "/rpc/echo", body=b'{"json":1}')
    assert (bodies, response.body) == ([b'{"json":1}'], b'{"json":1}')


async def test_client_interceptors_wrap_the_decoded_call_and_see_its_errors() -> None:
    seen: list[object] = []

    async def noting(call: Call[Gate], next: Next[Gate]) -> object:
        seen.append(call.input)
        try:
            return await next(call)
        except ORPCError as error:
            seen.append(error.defined)
            raise

    client = rpc_client(client_interceptors=[noting])
    response = await client.request("POST", "/rpc/fail", body=b'{"json":"same"}')
    assert response.json()["json"]["defined"] is True
    assert seen == ["same", False]


async def test_a_client_interceptor_may_answer_itself() -> None:
    async def short(_call: Call[Gate], _next: Next[Gate]) -> object:
        return "instead"

    client = rpc_client(client_interceptors=[short])
    assert (await client.request("POST", "/rpc/nothing")).body == b'{"json":"instead"}'
