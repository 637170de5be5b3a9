"""Procedures authored first, described and served like any others; observers at every ring."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from rawr.client import OpenAPILink, RPCLink, create_client
from rawr.contract import (
    Contract,
    Failure,
    LinkCall,
    Success,
    TypedError,
    on_error,
    on_finish,
    on_start,
    on_success,
)
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.openapi import generate_openapi
from rawr.procedure import Call, Router, create_router_client, lazy, procedures
from rawr.schema import Schema

os = procedures(str)


class Ref(Schema):
    planet_id: int


class Lost(TypedError[Ref], code="LOST", status=410):
    """Lost."""


@os.route(method="GET", path="/{planetId}").input(Ref).output(str).errors(Lost).handler
async def find(context: str, input: Ref) -> str:
    if input.planet_id > 8:
        raise Lost(input)
    return f"{context} {input.planet_id}"


@os.streams(int).stream
async def count(context: str) -> AsyncIterator[int]:
    yield 1
    yield 2


class Planets(Contract, prefix="/planets"):
    find = find
    count = count


def router() -> Router[str, Planets]:
    return os.router(Planets, prefix="/v1", tags=["space"])


def http_client(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))


@pytest.mark.parametrize("is_lazy", [False, True])
async def test_they_are_served_over_rpc(is_lazy: bool) -> None:
    served = lazy(router) if is_lazy else router()
    app = RPCHandler(served).asgi(prefix="/rpc", context="planet")
    async with http_client(app) as client:
        planets = create_client(Planets, RPCLink("http://hq/rpc", client=client))
        assert await planets.find(Ref(planet_id=3)) == "planet 3"
        with pytest.raises(Lost) as caught:
            await planets.find(Ref(planet_id=9))
        assert caught.value.data == Ref(planet_id=9)
        async with await planets.count() as events:
            assert [item async for item in events] == [1, 2]


async def test_they_are_served_by_path_with_the_routers_contract() -> None:
    served = router()
    app = OpenAPIHandler(served).asgi(prefix="/api", context="planet")
    async with http_client(app) as client:
        planets = create_client(served.contract, OpenAPILink("http://hq/api", client=client))
        assert await planets.find(Ref(planet_id=3)) == "planet 3"
        assert (await client.get("http://hq/api/v1/planets/3")).json() == "planet 3"


def test_they_are_described() -> None:
    document: Any = generate_openapi(router(), published_only=False)
    operation = document["paths"]["/v1/planets/{planetId}"]["get"]
    assert operation["tags"] == ["space"]
    assert set(operation["responses"]) == {"200", "410"}


async def test_one_observer_fits_every_ring() -> None:
    notes: list[str] = []

    def note(name: str) -> Any:
        def noted(error: Exception, subject: object) -> None:
            notes.append(f"{name} {type(subject).__name__} {type(error).__name__}")

        return on_error(noted)

    watched = os.use(note("middleware")).router(Planets)
    app = RPCHandler(watched, interceptors=[note("handler")]).asgi(prefix="/rpc", context="x")
    async with http_client(app) as client:
        link = RPCLink("http://hq/rpc", client=client, interceptors=[note("link")])
        with pytest.raises(Lost):
            await create_client(Planets, link).find(Ref(planet_id=9))
    in_process = create_router_client(Planets, router(), "x", interceptors=[note("client")])
    with pytest.raises(Lost):
        await in_process.find(Ref(planet_id=9))
    assert notes == [
        "middleware Call Lost",
        "handler Request Lost",
        "link LinkCall Lost",
        "client Call Lost",
    ]


async def test_observers_are_told_what_happened_in_order() -> None:
    notes: list[object] = []

    def started(call: Call[str]) -> None:
        notes.append(("start", call.path))

    def succeeded(result: object, call: Call[str]) -> None:
        notes.append(("success", result))

    def finished(outcome: Success[object] | Failure[BaseException], call: Call[str]) -> None:
        notes.append(("finish", outcome.is_success))

    interceptors = [on_start(started), on_success(succeeded), on_finish(finished)]
    client = create_router_client(Planets, router(), "x", interceptors=interceptors)
    await client.find(Ref(planet_id=1))
    with pytest.raises(Lost):
        await client.find(Ref(planet_id=9))
    start = ("start", ("find",))
    assert notes == [start, ("finish", True), ("success", "x 1"), start, ("finish", False)]


async def test_a_link_call_can_be_observed() -> None:
    paths: list[tuple[str, ...]] = []

    def started(call: LinkCall) -> None:
        paths.append(call.path)

    app = RPCHandler(router()).asgi(prefix="/rpc", context="x")
    async with http_client(app) as client:
        link = RPCLink("http://hq/rpc", client=client, interceptors=[on_start(started)])
        await create_client(Planets, link).find(Ref(planet_id=1))
    assert paths == [("find",)]
