"""Where plugins stand, whatever the order they are given in."""

from typing import Any, ClassVar

from tests.unit.http.kit import rpc_client

import rawr.http.plugins
from rawr.contract import ORPCError
from rawr.http import Exchange, Mount, Plugin, Request, Respond, Response
from rawr.procedure import Call, Next


class Noting(Plugin):
    """Notes every layer it is asked for."""

    def __init__(self, name: str, events: list[str]) -> None:
        self._name = name
        self._events = events

    def note(self, layer: str) -> None:
        self._events.append(f"{self._name} {layer}")

    def around_exchange(self, exchange: Exchange, mount: Mount) -> Exchange:
        async def run(scope: Any, receive: Any, send: Any) -> bool:
            self.note("exchange")
            return await exchange(scope, receive, send)

        return run

    def around_response(self, respond: Respond) -> Respond:
        async def run(request: Request) -> Response:
            self.note("response")
            return await respond(request)

        return run

    def around_call(self, respond: Respond) -> Respond:
        async def run(request: Request) -> Response:
            self.note("call")
            return await respond(request)

        return run

    def around_procedure(self, procedure: Next[Any]) -> Next[Any]:
        async def run(call: Call[Any]) -> object:
            self.note("procedure")
            return await procedure(call)

        return run


class Inner(Noting):
    order: ClassVar[int] = -1


class Outer(Noting):
    order: ClassVar[int] = 1


async def test_layers_stand_by_themselves_and_plugins_by_their_order() -> None:
    events: list[str] = []

    async def interceptor(request: Request, next: Respond) -> Response:
        events.append("interceptor")
        return await next(request)

    plugins = [Inner("d", events), Noting("b", events), Noting("c", events), Outer("a", events)]
    client = rpc_client(plugins=plugins, interceptors=[interceptor])
    assert (await client.request("POST", "/rpc/nothing", body=b"{}")).status == 200
    layers = ("exchange", "response", "call")
    expected = [f"{name} {layer}" for layer in layers for name in "abcd"]
    assert events == [*expected, "interceptor", *(f"{name} procedure" for name in "abcd")]


async def test_failures_are_responses_outside_and_exceptions_inside() -> None:
    seen: list[object] = []

    class Watching(Plugin):
        def around_response(self, respond: Respond) -> Respond:
            async def run(request: Request) -> Response:
                response = await respond(request)
                seen.append(response.status)
                return response

            return run

        def around_call(self, respond: Respond) -> Respond:
            async def run(request: Request) -> Response:
                try:
                    return await respond(request)
                except ORPCError as error:
                    seen.append(error.code)
                    raise

            return run

    client = rpc_client(plugins=[Watching()])
    await client.request("POST", "/rpc/fail", body=b'{"json":"typed"}')
    assert seen == ["PAYMENT", 402]


async def test_a_response_layer_that_fails_is_answered_too() -> None:
    class Failing(Plugin):
        def around_response(self, respond: Respond) -> Respond:
            async def run(request: Request) -> Response:
                raise ORPCError("CONFLICT")

            return run

    assert (await rpc_client(plugins=[Failing()]).request("POST", "/rpc/nothing")).status == 409


async def test_a_plugin_that_wraps_nothing_costs_nothing() -> None:
    assert (await rpc_client(plugins=[Plugin()]).request("POST", "/rpc/nothing")).status == 200


def test_exports_are_sorted_and_exist() -> None:
    names = rawr.http.plugins.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(rawr.http.plugins, name) for name in names)


def test_the_documented_orders_are_the_real_ones() -> None:
    documented = {
        words[0]: int(words[1].replace("_", ""))
        for line in (rawr.http.plugins.__doc__ or "").splitlines()
        if line.startswith("    ") and len(words := line.split()) > 2
    }
    plugins = {
        name: value.order
        for name in rawr.http.plugins.__all__
        if isinstance(value := getattr(rawr.http.plugins, name), type) and issubclass(value, Plugin)
    }
    assert documented == plugins
    assert list(documented.values()) == sorted(documented.values(), reverse=True)
