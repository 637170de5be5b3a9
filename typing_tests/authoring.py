"""What type checkers infer of procedures authored without a contract first."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, assert_type

from rawr.client import RPCLink
from rawr.contract import (
    Contract,
    EventIterator,
    Failure,
    Interceptor,
    LinkCall,
    MetaEntry,
    MetaKey,
    Observer,
    ProcedureContract,
    Success,
    create_client,
    get,
    on_error,
    on_finish,
    on_start,
    on_success,
)
from rawr.http import RPCHandler
from rawr.procedure import (
    Call,
    Channel,
    Markers,
    MemoryPublisher,
    Middleware,
    Next,
    Procedure,
    ProcedureBuilder,
    Publisher,
    Router,
    Undeclared,
    call,
    concat,
    create_router_client,
    implement,
    lazy,
    map_input,
    once,
    procedures,
)
from rawr.schema import Schema


@dataclass(frozen=True)
class App:
    tenant: str


@dataclass(frozen=True)
class Signed(App):
    user: str


class Ref(Schema):
    id: str


class Planet(Schema):
    name: str


AppLike = TypeVar("AppLike", bound=App)


async def sign_in(call: Call[App], next: Next[Signed]) -> object:
    return await next(call.with_context(Signed(call.context.tenant, "ada")))


async def audit(call: Call[AppLike], next: Next[AppLike]) -> object:
    return await next(call)


async def needs_signed(call: Call[Signed], next: Next[Signed]) -> object:
    return await next(call)


async def checks_ref(call: Call[App, Ref], next: Next[App]) -> object:
    assert_type(call.input, Ref)
    return await next(call)


async def checks_text(call: Call[Signed, str], next: Next[Signed]) -> object:
    assert_type(call.input, str)
    return await next(call)


os = procedures(App)
assert_type(os, ProcedureBuilder[App, App, None, Undeclared])

# Middleware maps one context to another; the handler gets the last one.
signed = os.use(sign_in)
assert_type(signed, ProcedureBuilder[App, Signed, None, Undeclared])
assert_type(signed.use(audit), ProcedureBuilder[App, Signed, None, Undeclared])
assert_type(signed.use(needs_signed), ProcedureBuilder[App, Signed, None, Undeclared])
assert_type(os.use(audit).use(sign_in), ProcedureBuilder[App, Signed, None, Undeclared])
os.use(needs_signed)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]

# Middleware may ask for the input declared before it.
assert_type(os.input(Ref).use(checks_ref), ProcedureBuilder[App, App, Ref, Undeclared])
signed.input(Ref).use(checks_text, map_input=lambda ref: ref.id)
os.input(Planet).use(checks_ref)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


@signed.input(Ref).output(Planet).handler
async def find(context: Signed, input: Ref) -> Planet:
    assert_type(context.user, str)
    return Planet(name=input.id)


@os.handler
async def ping(context: App) -> int:
    return len(context.tenant)


@os.input(Ref).streams(Planet).stream
async def watch(context: App, input: Ref, call: Call[App, Ref]) -> AsyncIterator[Planet]:
    assert_type(call.input.id, str)
    yield Planet(name=input.id)


@os.streams(int).stream
async def ticks(context: App) -> AsyncIterator[int]:
    yield 1


assert_type(find, Procedure[App, Ref, Planet])
assert_type(ping, Procedure[App, None, int])
assert_type(watch, Procedure[App, Ref, EventIterator[Planet]])
assert_type(ticks, Procedure[App, None, EventIterator[int]])
contract: ProcedureContract[Ref, Planet] = find


async def takes_planet(context: App, input: Planet) -> Planet:
    return input


async def gives_text(context: App, input: Ref) -> str:
    return input.id


os.input(Ref).output(Planet).handler(takes_planet)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
os.input(Ref).output(Planet).handler(gives_text)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]


class Planets(Contract, prefix="/planets"):
    find = find
    ping = ping
    watch = watch
    described = get("/described").output(str)


class Space(Contract):
    planets: Planets


assert_type(Planets.find, Procedure[App, Ref, Planet])

# A router knows its contract, and so do lazy ones.
assert_type(os.router(Planets, prefix="/v1"), Router[App, Planets])
assert_type(os.router(Planets).contract, type[Planets])
assert_type(signed.router({"find": find}), Router[App, Contract])
for_anybody: Router[Signed, Planets] = os.router(Planets)
too_demanding: Router[object, Planets] = os.router(Planets)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
lazy_planets = lazy(lambda: os.router(Planets))
assert_type(lazy_planets, Router[App, Planets])
assert_type(lazy(lambda: os.router(Planets), Planets), Router[App, Planets])
os.router(Space, children={"planets": lazy_planets})
needs_more = procedures(Signed).output(str).handler


def signed_only(router: Router[Signed]) -> None:
    os.router({"child": router})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType, reportCallIssue]
    signed.router({"child": router})


async def calls(router: Router[App, Space]) -> None:
    space = create_router_client(Space, router, App("t"), interceptors=[on_start(print)])
    assert_type(space, Space)
    assert_type(await space.planets.find(Ref(id="x")), Planet)
    assert_type(await space.planets.ping(), int)
    assert_type(await space.planets.watch(Ref(id="x")), EventIterator[Planet])
    assert_type(create_client(router.contract, _link()), Space)

    assert_type(await call(find, Ref(id="x"), context=App("t")), Planet)
    assert_type(await call(ping, context=App("t")), int)
    assert_type(await call(watch, Ref(id="x"), context=App("t")), EventIterator[Planet])
    await call(find, Planet(name="x"), context=App("t"))  # type: ignore[misc]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await call(find, Ref(id="x"), context="t")  # type: ignore[misc]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await call(ping)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def _link() -> Any: ...


# Contract first, with context lanes too.
class Described(Contract):
    status = get("/{id}").input(Ref).output(Planet)
    ticks = get().streams(int)


implementer = implement(Described, App)


@implementer.use(sign_in).handler(Described.status)
async def status(context: Signed, input: Ref) -> Planet:
    return Planet(name=context.user)


@implementer.stream(Described.ticks)
async def contract_ticks(context: App) -> AsyncIterator[int]:
    yield 1


assert_type(implementer.router(), Router[App, Described])
implementer.use(sign_in).use(audit, audit)
implementer.use(needs_signed)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


# Middleware made of middleware.
assert_type(concat(sign_in, needs_signed), Middleware[App, Signed, object])
text_middleware: Middleware[Signed, Signed, Ref] = map_input(checks_text, lambda ref: ref.id)
concat(needs_signed, sign_in)


@dataclass(frozen=True)
class Marked:
    markers: Markers = field(default_factory=Markers)


async def check(call: Call[Marked], next: Next[Marked]) -> object:
    return await next(call)


assert_type(once(check), Middleware[Marked, Marked, object])
procedures(Marked).use(once(check, per=lambda call: call.path))
once(needs_signed)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


# Observers fit wherever a call is wrapped.
def note_error(error: Exception, subject: object) -> None: ...


async def note_planet(result: object, subject: Call[App]) -> None: ...


def note_end(outcome: Success[object] | Failure[BaseException], subject: Call[App]) -> None: ...


assert_type(on_error(note_error), Observer)
assert_type(signed.use(on_error(note_error)), ProcedureBuilder[App, Signed, None, Undeclared])
os.use(on_success(note_planet)).use(on_finish(note_end))


def note_link_call(link_call: LinkCall) -> None: ...


assert_type(on_start(note_link_call), Interceptor[LinkCall])
RPCLink("https://hq/rpc", interceptors=[on_start(note_link_call), on_error(note_error)])
RPCHandler(os.router(Planets), interceptors=[on_error(note_error)])


# Metadata keys carry the type of their values.
ROLE = MetaKey[str]("role")
LIMIT = MetaKey("limit", default=10)
assert_type(ROLE("reader"), MetaEntry)
assert_type(ROLE.of(find), str)
assert_type(LIMIT.of(find), int)
os.meta(ROLE("reader"), LIMIT(5))
ROLE(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Channels carry the type of their events.
RUNS = Channel("runs", Planet)
assert_type(RUNS.at("run-1"), Channel[Planet])


async def publishing(publisher: Publisher) -> None:
    assert_type(await publisher.publish(RUNS, Planet(name="x")), str)
    assert_type(await publisher.subscribe(RUNS, last_event_id="1"), EventIterator[Planet])
    await publisher.publish(RUNS, Ref(id="x"))  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


def memory() -> Publisher:
    return MemoryPublisher(buffer=10)
