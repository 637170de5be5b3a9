"""Implementing contracts: binding, completeness, middleware, nesting, in-process clients."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.procedure.kit import HQ, Count, Payment, Ref, Runs

import rawr.procedure
from rawr.contract import (
    ClientContext,
    Contract,
    ContractError,
    ORPCError,
    create_client,
    procedure,
)
from rawr.procedure import (
    Call,
    Next,
    Router,
    RouterLink,
    compose_routers,
    create_router_client,
    implement,
    to_orpc_error,
)


class Context:
    def __init__(self, tenant: str = "t") -> None:
        self.tenant = tenant


def runs_router() -> Router[Context]:
    os = implement(Runs, Context)

    @os.handler(Runs.status)
    async def status(context: Context, input: Ref) -> Count:
        if input.run_id == "pay":
            raise Payment(Count(n=1))
        return Count(n=len(input.run_id))

    @os.handler(Runs.ping)
    async def ping(context: Context) -> str:
        return context.tenant

    @os.stream(Runs.watch)
    async def watch(context: Context, input: Ref, call: Call[Context]) -> AsyncIterator[Count]:
        yield Count(n=int(call.last_event_id or 0))

    @os.handler(Runs.forget)
    async def forget(context: Context, input: Ref) -> None:
        return None

    return os.router()


def hq_router() -> Router[Context]:
    os = implement(HQ, Context)

    @os.handler(HQ.name)
    async def name(context: Context) -> str:
        return f"hq of {context.tenant}"

    return os.router(active_runs=runs_router())


def test_public_names_are_sorted_and_exist() -> None:
    names = rawr.procedure.__all__
    assert names == sorted(names, key=lambda name: (name[0].islower(), name))
    assert all(hasattr(rawr.procedure, name) for name in names)


def test_a_router_names_every_procedure_left_unimplemented() -> None:
    os = implement(Runs, Context)

    @os.handler(Runs.ping)
    async def ping(context: Context) -> str:
        return ""

    with pytest.raises(ContractError) as caught:
        os.router()
    assert str(caught.value) == (
        "Runs: status is not implemented; watch is not implemented; forget is not implemented"
    )


def test_a_router_names_missing_and_foreign_children() -> None:
    with pytest.raises(ContractError) as caught:
        implement(HQ, Context).router(other=runs_router())
    assert str(caught.value) == (
        "HQ: name is not implemented; nested router active_runs is missing; "
        "other is not in the contract"
    )


def test_a_child_must_be_of_the_nested_contract() -> None:
    class Other(Contract):
        ping = procedure().output(str)

    os = implement(Other, Context)

    @os.handler(Other.ping)
    async def ping(context: Context) -> str:
        return ""

    with pytest.raises(ContractError, match="active_runs is a router of Other, not of Runs"):
        implement(HQ, Context).router(active_runs=os.router())


def test_a_procedure_of_another_contract_is_refused() -> None:
    with pytest.raises(ContractError, match="is not a procedure of HQ"):
        implement(HQ, Context).handler(Runs.ping)


def test_a_procedure_is_implemented_once() -> None:
    os = implement(HQ, Context)

    @os.handler(HQ.name)
    async def name(context: Context) -> str:
        return ""

    with pytest.raises(ContractError, match=r"HQ\.name already has a handler"):
        os.handler(HQ.name)


def test_the_handler_stays_callable() -> None:
    os = implement(HQ, Context)

    async def name(context: Context) -> str:
        return ""

    assert os.handler(HQ.name)(name) is name


def test_a_router_is_walked_like_its_contract() -> None:
    places = list(hq_router().walk())
    assert [(place.path, place.contract.definition.route.path) for place in places] == [
        (("name",), None),
        (("activeRuns", "status"), "/runs/{runId}"),
        (("activeRuns", "ping"), None),
        (("activeRuns", "watch"), None),
        (("activeRuns", "forget"), None),
    ]
    assert hq_router().procedure(("active_runs", "ping")).contract is Runs.ping
    with pytest.raises(KeyError):
        hq_router().procedure(("nothing",))


def test_routers_are_composed() -> None:
    class All(Contract):
        hq: HQ

    router = compose_routers(All, {"hq": hq_router()})
    assert [place.path[0] for place in router.walk()] == ["hq"] * 5
    assert repr(router).startswith("<Router All [('hq', 'name')")


async def test_a_router_client_calls_the_router_typed() -> None:
    client = create_router_client(HQ, hq_router(), Context("acme"))
    assert await client.name() == "hq of acme"
    assert await client.active_runs.status(Ref(run_id="abc")) == Count(n=3)
    assert await client.active_runs.forget(Ref(run_id="x")) is None
    with pytest.raises(Payment):
        await client.active_runs.status(Ref(run_id="pay"))
    async with await client.active_runs.watch(Ref(run_id="x"), last_event_id="7") as events:
        assert [item async for item in events] == [Count(n=7)]


async def test_a_router_client_validates_what_types_do_not() -> None:
    client: Any = create_router_client(Runs, runs_router(), Context())
    with pytest.raises(ORPCError, match="Input validation failed"):
        await client.status({"runId": 1})


async def test_the_context_may_be_made_for_each_call() -> None:
    async def make(context: ClientContext) -> Context:
        return Context(str(context["tenant"]))

    client = create_router_client(HQ, hq_router(), make)
    assert await client.name(context={"tenant": "acme"}) == "hq of acme"
    assert await client.name(context={"tenant": "other"}) == "hq of other"


async def test_a_client_of_another_contract_is_told_so() -> None:
    class Other(Contract):
        name = procedure().output(str)
        missing = procedure().output(str)

    client = create_client(Other, RouterLink(hq_router(), Context()))
    with pytest.raises(ContractError, match="The router has no procedure missing"):
        await client.missing()


async def test_guarded_and_open_procedures_share_a_router() -> None:
    notes: list[str] = []

    async def audit(call: Call[Context], following: Next[Context]) -> object:
        notes.append(".".join(call.path))
        return await following(call)

    async def rename(call: Call[Context], following: Next[Context]) -> object:
        return await following(call.with_context(Context("renamed")))

    class Two(Contract):
        open = procedure().output(str)
        guarded = procedure().output(str)
        twice = procedure().output(str)

    os = implement(Two, Context)
    audited = os.use(audit)

    async def tenant(context: Context) -> str:
        return context.tenant

    os.handler(Two.open)(tenant)
    audited.handler(Two.guarded)(tenant)
    audited.use(rename).handler(Two.twice)(tenant)
    client = create_router_client(Two, os.router(), Context())
    answers = [await client.open(), await client.guarded(), await client.twice()]
    assert answers == ["t", "t", "renamed"]
    assert notes == ["guarded", "twice"]
    assert len(list(audited.router().walk())) == 3


def test_unexpected_failures_say_nothing_of_their_cause() -> None:
    cause = ValueError("secret")
    error = to_orpc_error(cause)
    assert (error.code, error.message) == ("INTERNAL_SERVER_ERROR", "Internal server error")
    assert error.__cause__ is cause
    assert to_orpc_error(error) is error
