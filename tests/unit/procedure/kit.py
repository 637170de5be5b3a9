"""A contract, its errors, and how a test calls one procedure."""

from typing import Any

from rawr.contract import Contract, ProcedureContract, TypedError, get, post, procedure
from rawr.procedure import Call, Middleware, Procedure
from rawr.schema import UNDEFINED, Schema


class Ref(Schema):
    run_id: str


class Count(Schema):
    n: int


class Payment(TypedError[Count], code="PAYMENT", status=402):
    """Pay."""


class Forbidden(TypedError[None], code="FORBIDDEN"):
    """Not allowed."""


class Runs(Contract, prefix="/runs", errors=[Payment, Forbidden]):
    status = get("/{runId}").input(Ref).output(Count)
    ping = procedure().output(str)
    watch = get().input(Ref).streams(Count)
    forget = post().input(Ref)


class HQ(Contract):
    name = procedure().output(str)
    active_runs: Runs


async def call_of(
    contract: ProcedureContract[Any, Any],
    handler: Any,
    input: object = UNDEFINED,
    *,
    middlewares: tuple[Middleware[Any], ...] = (),
    context: object = None,
    last_event_id: str | None = None,
) -> Any:
    return await Procedure(contract, handler, middlewares)(
        Call(
            path=("x",),
            contract=contract,
            context=context,
            input=input,
            last_event_id=last_event_id,
        )
    )
