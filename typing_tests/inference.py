"""What type checkers infer of contracts, implementers and clients; no plugin, no codegen."""

from collections.abc import AsyncIterator
from typing import Any, assert_type

from rawr.contract import (
    Contract,
    ContractBuilder,
    EventIterator,
    InputCall,
    Link,
    PlainCall,
    TypedError,
    create_client,
    get,
    post,
)
from rawr.procedure import Call, Router, create_router_client, implement
from rawr.schema import Schema, SchemaAdapter, adapt


class RunRef(Schema):
    run_id: str


class RunStatus(Schema):
    run_id: str
    is_terminal: bool


class Tick(Schema):
    n: int


class RunNotFound(TypedError[RunRef], code="RUN_NOT_FOUND", status=404):
    """Run not found."""


class Forbidden(TypedError[None], code="FORBIDDEN"):
    """Not allowed."""


WHATEVER: SchemaAdapter[Any] = adapt(dict)


class Workflows(Contract, prefix="/invoicing"):
    get_run_status = get("/runs/{runId}").input(RunRef).output(RunStatus).errors(RunNotFound)
    watch_run = get("/runs/{runId}/events").input(RunRef).streams(Tick)
    ping = post().output(str)
    forget = post().input(list[int])
    anything = post().input(WHATEVER).output(str)


class Invoicing(Contract):
    workflows: Workflows


class HQ(Contract):
    invoicing: Invoicing


class Context:
    tenant_id: str = "t"


# Read on the class, a procedure is a contract.
assert_type(Workflows.get_run_status, ContractBuilder[RunRef, RunStatus])
assert_type(Workflows.watch_run, ContractBuilder[RunRef, EventIterator[Tick]])
assert_type(Workflows.ping, ContractBuilder[None, str])
assert_type(Workflows.forget, ContractBuilder[list[int], None])

os = implement(Workflows, Context)


@os.handler(Workflows.get_run_status)
async def get_run_status(context: Context, input: RunRef) -> RunStatus:
    assert_type(context.tenant_id, str)
    return RunStatus(run_id=input.run_id, is_terminal=False)


@os.handler(Workflows.ping)
async def ping(context: Context) -> str:
    return context.tenant_id


@os.stream(Workflows.watch_run)
async def watch_run(context: Context, input: RunRef, call: Call[Context]) -> AsyncIterator[Tick]:
    assert_type(call.last_event_id, str | None)
    yield Tick(n=1)


@os.handler(Workflows.get_run_status)  # type: ignore[arg-type]  # the input is a RunRef
async def wrong_input(context: Context, input: RunStatus) -> RunStatus:  # pyright: ignore[reportArgumentType]
    return input


assert_type(os.router(), Router[Context, Workflows])


async def calls(link: Link) -> None:
    hq = create_client(HQ, link)
    # Read on a client, it is the call.
    assert_type(hq.invoicing.workflows.get_run_status, InputCall[RunRef, RunStatus])
    assert_type(hq.invoicing.workflows.ping, PlainCall[str])
    assert_type(await hq.invoicing.workflows.get_run_status(RunRef(run_id="r")), RunStatus)
    assert_type(await hq.invoicing.workflows.ping(), str)
    assert_type(
        await hq.invoicing.workflows.watch_run(RunRef(run_id="r"), last_event_id="3"),
        EventIterator[Tick],
    )
    await hq.invoicing.workflows.anything({"any": 1})
    async for tick in await hq.invoicing.workflows.watch_run(RunRef(run_id="r")):
        assert_type(tick, Tick)
    try:
        await hq.invoicing.workflows.get_run_status(RunRef(run_id="r"))
    except RunNotFound as error:
        assert_type(error.data, RunRef)
        assert_type(error.data.run_id, str)

    await hq.invoicing.workflows.get_run_status(Tick(n=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await hq.invoicing.workflows.nothing()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def errors() -> None:
    RunNotFound(RunRef(run_id="r"))
    Forbidden()
    RunNotFound(Tick(n=1))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]


def in_process(router: Router[Context]) -> None:
    assert_type(create_router_client(Workflows, router, Context()), Workflows)
