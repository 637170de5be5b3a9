"""Routers loaded when they are needed, and when that fails."""

from typing import Any

import pytest

from rawr.contract import Contract, create_client, get, walk
from rawr.procedure import (
    Call,
    LazyLoadError,
    LazyRouter,
    Next,
    Router,
    RouterLink,
    create_router_client,
    lazy,
    procedures,
)
from rawr.schema import Schema

os = procedures(str)


class Ref(Schema):
    run_id: str


@os.route(path="/ping").output(str).handler
async def ping(context: str) -> str:
    return f"pong of {context}"


@os.route(path="/{runId}").input(Ref).output(str).handler
async def show(context: str, input: Ref) -> str:
    return input.run_id


class Deep(Contract, prefix="/deep"):
    show = show


class Part(Contract, prefix="/part"):
    ping = ping
    deep: Deep


class Loader:
    """Loads the part, after so many failures; counts how often it was asked."""

    def __init__(self, failures: int = 0, gives: Any = None) -> None:
        self.asked = 0
        self._failures = failures
        self._gives = gives

    def __call__(self) -> Router[str, Part]:
        self.asked += 1
        if self.asked <= self._failures:
            raise ImportError("no module named 'part'")
        result: Router[str, Part] = self._gives or os.router(Part)
        return result


class Whole(Contract):
    ping = ping
    part: Part


async def test_with_its_contract_a_router_is_loaded_by_the_first_call() -> None:
    loader = Loader()
    router = os.router(Whole, children={"part": lazy(loader, Part)})
    client = create_router_client(Whole, router, "me")
    assert len(list(router.walk())) == 3
    assert await client.ping() == "pong of me"
    assert loader.asked == 0
    assert await client.part.ping() == "pong of me"
    assert await client.part.deep.show(Ref(run_id="r")) == "r"
    assert loader.asked == 1


async def test_without_its_contract_a_router_is_loaded_by_the_first_call_into_it() -> None:
    loader = Loader()
    router = os.router({"ping": ping, "the_part": lazy(loader)})
    link = RouterLink(router, "me")
    client: Any = create_client(_whole(), link)
    assert await client.ping() == "pong of me"
    assert router.find(("nothing",)) is None
    assert router.find(()) is None
    assert router.find(("ping", "deeper")) is None
    assert repr(router) == "<RouterGroup of ping, thePart>"
    assert not router.is_described
    assert loader.asked == 0
    assert await client.the_part.deep.show(Ref(run_id="r")) == "r"
    assert router.find(("thePart", "nothing")) is None
    assert loader.asked == 1


def _whole() -> type[Contract]:
    return type("Whole", (Contract,), {"ping": ping, "__annotations__": {"the_part": Part}})


def test_walking_loads_what_has_no_contract() -> None:
    loader = Loader()
    router = os.router({"ping": ping, "the_part": lazy(loader)})
    assert [place.path for place in router.walk()] == [
        ("ping",),
        ("thePart", "ping"),
        ("thePart", "deep", "show"),
    ]
    assert [place.path for place in walk(router.contract)] == [
        place.path for place in router.walk()
    ]
    assert loader.asked == 1


async def test_a_failed_load_is_clear_and_tried_again() -> None:
    loader = Loader(failures=2)
    router = os.router(Whole, children={"part": lazy(loader, Part)}, prefix="/v1")
    client = create_router_client(Whole, router, "me")
    for _ in range(2):
        with pytest.raises(
            LazyLoadError, match=r"could not be loaded: ImportError: no module"
        ) as e:
            await client.part.ping()
        assert isinstance(e.value.__cause__, ImportError)
    assert await client.part.ping() == "pong of me"
    assert loader.asked == 3


async def test_what_is_no_router_is_refused() -> None:
    with pytest.raises(LazyLoadError, match="a lazy router's loader returns a Router"):
        list(lazy(Loader(gives="text")).walk())


async def test_a_router_of_another_contract_is_refused() -> None:
    loader = Loader(gives=os.router(Deep))
    client = create_router_client(Part, lazy(loader, Part), "me")
    with pytest.raises(LazyLoadError, match="gave a router of Deep, not of Part"):
        await client.ping()


async def test_a_lazy_router_may_be_the_root() -> None:
    loader = Loader()
    client = create_router_client(Part, lazy(loader), "me")
    assert await client.ping() == "pong of me"


@pytest.mark.parametrize("described", [True, False])
async def test_surroundings_leave_a_router_lazy(described: bool) -> None:
    notes: list[str] = []

    async def note(call: Call[str], next: Next[str]) -> object:
        notes.append(".".join(call.path))
        return await next(call)

    loader = Loader()
    inner = lazy(loader, Part) if described else lazy(loader)
    outer: Router[str] = os.use(note).router(
        {"v": os.router({"ping": ping, "part": inner}, tags=["inner"])}, prefix="/v1"
    )
    assert loader.asked == 0
    client: Any = create_client(_deep(), RouterLink(outer, "me"))
    assert await client.v.ping() == "pong of me"
    assert loader.asked == 0
    assert await client.v.part.deep.show(Ref(run_id="r")) == "r"
    assert loader.asked == 1
    assert notes == ["v.ping", "v.part.deep.show"]
    found = outer.find(("v", "part", "deep", "show"))
    assert found is not None
    route = found.contract.definition.route
    assert (route.path, route.tags) == ("/v1/part/deep/{runId}", ("inner",))
    assert found.attributes == ("v", "part", "deep", "show")


def _deep() -> type[Contract]:
    inner = type("In", (Contract,), {"ping": ping, "__annotations__": {"part": Part}})
    return type("Out", (Contract,), {"__annotations__": {"v": inner}})


def test_a_lazy_router_tells_whether_it_is_loaded() -> None:
    router = lazy(Loader(), Part)
    assert isinstance(router, LazyRouter)
    assert repr(router).endswith(", not loaded>")
    assert list(router.procedures) == ["ping"]
    assert list(router.children) == ["deep"]
    assert repr(router).endswith(", loaded>")
    assert router.procedure(("deep", "show")).definition.route.path == "/deep/{runId}"


def test_a_contract_first_procedure_is_named_before_it_is_loaded() -> None:
    class Described(Contract):
        status = get("/status").output(str)

    def load() -> Router[str, Described]:
        raise AssertionError

    (place,) = lazy(load, Described).walk()
    assert (place.procedure.name, place.contract.name) == ("status", "status")
