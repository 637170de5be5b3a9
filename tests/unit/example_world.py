"""The names docstring examples of handlers and clients may use without making them."""

from collections.abc import AsyncIterator
from typing import Any

from rawr.contract import Contract, create_client, get
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.http.plugins import Batch
from rawr.procedure import RouterLink, implement
from rawr.schema import Schema
from rawr.testing.asgi import ASGIClient


class Ref(Schema):
    id: str


class Planet(Schema):
    id: str
    name: str


class Planets(Contract):
    count = get("/count").output(int)
    find = get("/planets/{id}").input(Ref).output(Planet)
    watch = get("/events").streams(str)


os = implement(Planets)


@os.handler(Planets.count)
async def count(context: None) -> int:
    return 8


@os.handler(Planets.find)
async def find(context: None, input: Ref) -> Planet:
    return Planet(id=input.id, name=input.id.title())


@os.stream(Planets.watch)
async def watch(context: None) -> AsyncIterator[str]:
    yield "born"
    yield "cooled"


ROUTER = os.router()
RPC = RPCHandler(ROUTER, plugins=[Batch()]).asgi(prefix="/rpc")
API = OpenAPIHandler(ROUTER).asgi(prefix="/api")


async def app(scope: Any, receive: Any, send: Any) -> None:
    await (RPC if scope["path"].startswith("/rpc") else API)(scope, receive, send)


WORLD: dict[str, Any] = {
    "ASGIClient": ASGIClient,
    "Planet": Planet,
    "Planets": Planets,
    "Ref": Ref,
    "app": app,
    "create_client": create_client,
    "make_link": lambda: RouterLink(ROUTER, None),
    "router": ROUTER,
}
