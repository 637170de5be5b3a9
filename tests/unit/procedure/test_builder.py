"""Procedures authored without a contract first, and the routers made of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from rawr.contract import (
    Contract,
    ContractError,
    MetaKey,
    ORPCError,
    ProcedureDefinition,
    TypedError,
    create_client,
    get,
    walk,
)
from rawr.procedure import (
    Call,
    Next,
    Procedure,
    RouterLink,
    call,
    create_router_client,
    implement,
    procedures,
)
from rawr.schema import Schema


@dataclass(frozen=True)
class App:
    tenant: str = "t"


class Ref(Schema):
    run_id: str


class Gone(TypedError[None], code="GONE", status=410):
    """Gone."""


class Forbidden(TypedError[None], code="FORBIDDEN"):
    """Not allowed."""


class OtherForbidden(TypedError[None], code="FORBIDDEN"):
    """Not at all allowed."""


ROLE = MetaKey[str]("role")

os = procedures(App)


@os.route(method="GET", path="/{runId}").input(Ref).output(str).errors(Gone).tag("read").handler
async def find(context: App, input: Ref) -> str:
    if input.run_id == "gone":
        raise Gone
    return f"{input.run_id} of {context.tenant}"


@os.output(int).meta(ROLE("reader"), note=1).publish().handler
async def count(context: App) -> int:
    return 2


@os.input(Ref).streams(int).stream
async def watch(context: App, input: Ref, call: Call[App, Ref]) -> AsyncIterator[int]:
    yield int(call.last_event_id or 0)


class Runs(Contract, prefix="/runs", tags=["runs"], errors=[Forbidden]):
    find = find
    count_all = count
    watch = watch


class Root(Contract, prefix="/root"):
    own = count
    the_runs: Runs


def test_a_procedure_is_a_contract() -> None:
    definition = find.definition
    assert (definition.route.method, definition.route.path) == ("GET", "/{runId}")
    assert definition.route.tags == ("read",)
    assert dict(definition.errors) == {"GONE": Gone}
    assert ROLE.of(count) == "reader"
    assert count.definition.meta["note"] == 1
    assert count.definition.published
    assert watch.definition.streams


def test_every_step_gives_a_new_builder() -> None:
    plain = procedures(App)
    plain.input(Ref).output(str).errors(Gone).meta(a=1).tag("x").route(path="/x").publish()
    assert repr(plain.use(_passing)) == "<ProcedureBuilder with 1 middlewares>"
    assert repr(plain) == "<ProcedureBuilder with 0 middlewares>"
    assert plain.handler(count.handler).definition == ProcedureDefinition()


async def _passing(call: Call[App], next: Next[App]) -> object:
    return await next(call)


@pytest.mark.parametrize("path", ["x", ""])
def test_a_route_path_starts_with_a_slash(path: str) -> None:
    with pytest.raises(ContractError, match="a path starts with '/'"):
        os.route(path=path)


def test_a_handler_of_another_shape_is_refused_at_once() -> None:
    wrong: Any = count.handler
    with pytest.raises(ContractError, match=r"takes 1 parameters; write \(context, input\)"):
        os.input(Ref).handler(wrong)


async def test_a_procedure_is_called_directly() -> None:
    assert await call(find, Ref(run_id="r"), context=App("acme")) == "r of acme"
    assert await call(count, context=App()) == 2
    events = await call(watch, Ref(run_id="r"), context=App(), last_event_id="7")
    assert [item async for item in events] == [7]
    with pytest.raises(Gone):
        await call(find, Ref(run_id="gone"), context=App())


async def test_a_direct_call_validates() -> None:
    untyped: Any = {"runId": 1}
    with pytest.raises(ORPCError, match="Input validation failed"):
        await call(find, untyped, context=App())


async def test_the_output_is_the_handlers_where_none_is_declared() -> None:
    @os.handler
    async def anything(context: App) -> dict[str, int]:
        return {"a": 1}

    assert await call(anything, context=App()) == {"a": 1}


async def test_a_contract_class_of_procedures_is_client_and_router() -> None:
    router = os.router(Runs)
    assert router.contract is Runs
    client = create_router_client(Runs, router, App("acme"))
    assert await client.find(Ref(run_id="r")) == "r of acme"
    assert await client.count_all() == 2
    async with await client.watch(Ref(run_id="r")) as events:
        assert [item async for item in events] == [0]


def test_a_contract_class_adds_to_its_procedures_and_leaves_them_alone() -> None:
    definition = Runs.find.definition
    assert (definition.route.path, definition.route.tags) == ("/runs/{runId}", ("runs", "read"))
    assert dict(definition.errors) == {"FORBIDDEN": Forbidden, "GONE": Gone}
    assert find.definition.route.path == "/{runId}"
    assert isinstance(Runs.find, Procedure)
    assert (Runs.count_all.name, count.name) == ("count_all", "")


def test_a_class_with_a_contract_only_is_not_complete() -> None:
    class Mixed(Contract):
        find = find
        described = get().output(str)

    with pytest.raises(ContractError, match="Mixed: described is not implemented"):
        os.router(Mixed)


def test_nested_contracts_of_procedures_are_routers_too() -> None:
    router = os.router(Root)
    assert [place.path for place in router.walk()] == [
        ("own",),
        ("theRuns", "find"),
        ("theRuns", "countAll"),
        ("theRuns", "watch"),
    ]


async def test_a_nested_contract_may_be_implemented_elsewhere() -> None:
    class Described(Contract):
        status = get("/{runId}").input(Ref).output(str)

    class All(Contract):
        count = count
        described: Described

    implementer = implement(Described, App)

    @implementer.handler(Described.status)
    async def status(context: App, input: Ref) -> str:
        return "fine"

    router = os.router(All, children={"described": implementer.router()})
    client = create_router_client(All, router, App())
    assert await client.described.status(Ref(run_id="r")) == "fine"
    with pytest.raises(ContractError, match="status is not implemented"):
        os.router(All)


async def test_routers_are_made_of_names() -> None:
    inner = os.router({"find_run": find}, prefix="/inner", tags=["inner"])
    router = os.errors(Forbidden).router(
        {"count": count, "nested": inner}, prefix="/outer", tags=["outer"]
    )
    described = {place.path: place.contract.definition for place in walk(router.contract)}
    assert list(described) == [("count",), ("nested", "findRun")]
    found = described["nested", "findRun"]
    assert found.route.path == "/outer/inner/{runId}"
    assert found.route.tags == ("outer", "inner", "read")
    assert dict(found.errors) == {"FORBIDDEN": Forbidden, "GONE": Gone}
    client: Any = create_client(router.contract, RouterLink(router, App()))
    assert await client.nested.find_run(Ref(run_id="r")) == "r of t"


def test_of_two_errors_with_one_code_the_procedures_own_wins() -> None:
    strict = os.output(int).errors(OtherForbidden).handler(count.handler)
    router = os.errors(Forbidden).router({"strict": strict, "count": count})
    errors = {name: dict(item.definition.errors) for name, item in router.procedures.items()}
    assert errors == {"strict": {"FORBIDDEN": OtherForbidden}, "count": {"FORBIDDEN": Forbidden}}


@pytest.mark.parametrize("prefix", ["runs", "/runs/", "/"])
def test_a_prefix_starts_and_does_not_end_with_a_slash(prefix: str) -> None:
    with pytest.raises(ContractError, match="must start and not end with '/'"):
        os.router(Runs, prefix=prefix)


async def test_a_router_with_prefix_derives_its_contract() -> None:
    router = os.router(Root, prefix="/v1")
    assert router.contract is not Root
    assert router.contract.__name__ == "Root"
    paths = [place.contract.definition.route.path for place in router.walk()]
    assert paths == [None, "/v1/root/runs/{runId}", None, None]
    client = create_router_client(Root, router, App())
    assert await client.the_runs.find(Ref(run_id="r")) == "r of t"


async def test_surroundings_of_an_implemented_router_hold_too() -> None:
    class Described(Contract, prefix="/described"):
        status = get("/{runId}").input(Ref).output(str)

    implementer = implement(Described, App)

    @implementer.handler(Described.status)
    async def status(context: App, input: Ref) -> str:
        raise Forbidden

    notes: list[str] = []

    async def note(call: Call[App], next: Next[App]) -> object:
        notes.append(".".join(call.path))
        return await next(call)

    router = os.use(note).errors(Forbidden).router({"described": implementer.router()})
    client: Any = create_client(router.contract, RouterLink(router, App()))
    with pytest.raises(Forbidden) as caught:
        await client.described.status(Ref(run_id="r"))
    assert caught.value.defined
    assert notes == ["described.status"]


async def test_middleware_extends_the_context() -> None:
    @dataclass(frozen=True)
    class Signed(App):
        user: str = ""

    async def sign_in(call: Call[App], next: Next[Signed]) -> object:
        return await next(call.with_context(Signed(call.context.tenant, "ada")))

    signed = os.use(sign_in)

    @signed.output(str).handler
    async def me(context: Signed) -> str:
        return f"{context.user} of {context.tenant}"

    assert await call(me, context=App("acme")) == "ada of acme"
    router = signed.router({"me": me, "count": count})
    found = [router.find((name,)) for name in ("me", "count", "other")]
    assert [place and len(place.procedure.middlewares) for place in found] == [1, 1, None]


async def test_middleware_may_have_another_view_of_the_input() -> None:
    seen: list[object] = []

    async def note(call: Call[App, str], next: Next[App]) -> object:
        seen.append(call.input)
        return await next(call)

    procedure = os.input(Ref).use(note, map_input=lambda ref: ref.run_id).handler(find.handler)
    assert await call(procedure, Ref(run_id="r"), context=App()) == "r of t"
    assert seen == ["r"]


async def test_middleware_after_the_input_sees_it_typed_and_before_it_raw() -> None:
    seen: list[object] = []

    async def note(call: Call[App], next: Next[App]) -> object:
        seen.append(call.input)
        return await next(call)

    procedure: Any = os.use(note).input(Ref).use(note).handler(find.handler)
    await call(procedure, {"runId": "r"}, context=App())
    assert seen == [{"runId": "r"}, Ref(run_id="r")]


async def test_middleware_may_answer_itself_and_is_validated_where_it_stands() -> None:
    async def answer(call: Call[App], next: Next[App]) -> object:
        return "no number"

    inside = os.output(int).use(answer).handler(count.handler)
    outside = os.use(answer).output(int).handler(count.handler)
    with pytest.raises(ORPCError, match="Output validation failed"):
        await call(inside, context=App())
    answered: Any = await call(outside, context=App())
    assert answered == "no number"


async def test_interceptors_see_errors_as_they_were_raised() -> None:
    seen: list[Any] = []

    async def watch_errors(call: Call[App], next: Next[App]) -> object:
        try:
            return await next(call)
        except ORPCError as error:
            seen.append(error)
            raise

    raw = ORPCError[Any]("GONE", status=410)

    @os.errors(Gone).handler
    async def failing(context: App) -> None:
        raise raw

    class Failing(Contract):
        fail = failing

    client = create_router_client(
        Failing, os.router(Failing), App(), interceptors=[watch_errors, watch_errors]
    )
    with pytest.raises(Gone):
        await client.fail()
    assert seen == [raw, raw]


async def test_interceptors_stand_outside_of_validation() -> None:
    async def replace_input(call: Call[App], next: Next[App]) -> object:
        output = await next(call.with_input({"runId": "replaced"}))
        return f"<{output}>"

    client = create_router_client(Runs, os.router(Runs), App(), interceptors=[replace_input])
    assert await client.find(Ref(run_id="r")) == "<replaced of t>"


def test_a_client_keeps_the_calls_it_made() -> None:
    client = create_router_client(Root, os.router(Root), App())
    assert client.the_runs is client.the_runs
    assert client.the_runs.find is client.the_runs.find
