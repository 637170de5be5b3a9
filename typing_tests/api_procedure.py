"""What type checkers know of the rest of `rawr.procedure`."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, assert_type

from rawr.contract import Contract, ErrorMap, ORPCError, get
from rawr.procedure import (
    Bare,
    Call,
    ContextSource,
    Handler,
    HasMarkers,
    Implementer,
    LazyLoadError,
    LazyRouter,
    Markers,
    Next,
    Observe,
    RoutedProcedure,
    Router,
    RouterGroup,
    RouterLink,
    bare,
    compose,
    compose_routers,
    derive_defined,
    implement,
    lazy,
    once,
    procedures,
    to_orpc_error,
)


@dataclass(frozen=True)
class App:
    user: str
    markers: Markers = field(default_factory=Markers)


class Runs(Contract):
    count = get().output(int)


class HQ(Contract):
    runs: Runs


os = implement(Runs, App)
assert_type(os, Implementer[Runs, App, App])


@os.handler(Runs.count)
async def count(context: App) -> int:
    return len(context.user)


router = os.router()
assert_type(router, Router[App, Runs])
assert_type(compose_routers(HQ, {"runs": router}), Router[Any, HQ])
assert_type(lazy(lambda: router), Router[App, Runs])
assert_type(LazyRouter(lambda: router).loaded(), Router[Any, Runs])
assert_type(procedures(App).router({"runs": router}), Router[App])
group: Router[Any] = RouterGroup({}, {"runs": router})
carries: HasMarkers = App("ada")
has_none: HasMarkers = object()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


async def make(client_context: Mapping[str, object]) -> App:
    return App(str(client_context["user"]))


source: ContextSource[App] = make
link = RouterLink(router, source)
RouterLink(router, "ada")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def audit(call: Call[App], next: Next[App]) -> object:
    assert_type(call.context, App)
    return await next(call)


async def core(call: Call[Any]) -> object:
    return call.input


def observe(name: str, attributes: Mapping[str, str | int]) -> AbstractContextManager[object]:
    return nullcontext((name, attributes))


observing: Observe = observe
handler: Handler = count
assert_type(compose([audit, once(audit)], core), Next[Any])


def places(place: RoutedProcedure, errors: ErrorMap) -> None:
    assert_type(place.path, tuple[str, ...])
    assert_type(bare(place), Bare | None)
    assert_type(router.find(("count",)), RoutedProcedure | None)
    assert_type(derive_defined(ORPCError("X"), errors), ORPCError[Any])
    assert_type(to_orpc_error(ValueError()), ORPCError[Any])
    failure: Exception = LazyLoadError("x")
    del failure
