"""Calling a router in process, through the same pipeline as over the wire."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, cast

from typing_extensions import override

from rawr.contract import ClientContext, Contract, ContractError, Link, LinkCall, create_client

from ._call import Call
from ._router import Router

C = TypeVar("C", bound=Contract)
Ctx = TypeVar("Ctx")

ContextSource: TypeAlias = Ctx | Callable[[ClientContext], Awaitable[Ctx]]
"""A context, or what makes one for each call from the caller's client context."""


class RouterLink(Link):
    """Carries calls to a router of the same process: validated, never serialised."""

    def __init__(self, router: Router[Ctx], context: ContextSource[Ctx]) -> None:
        self._procedures = {place.path: place for place in router.walk()}
        self._context = context

    @override
    async def call(self, call: LinkCall) -> Any:
        place = self._procedures.get(call.path)
        if place is None:
            raise ContractError(
                f"The router has no procedure {'.'.join(call.path)}; "
                "client and router must have the same contract"
            )
        context = self._context
        if callable(context):
            context = await cast("Callable[[ClientContext], Awaitable[Any]]", context)(call.context)
        return await place.procedure(
            Call(
                path=call.path,
                contract=place.contract,
                context=context,
                input=call.input,
                last_event_id=call.last_event_id,
            )
        )


def create_router_client(contract: type[C], router: Router[Ctx], context: ContextSource[Ctx]) -> C:
    """A typed in-process client of a router.

    >>> # invoicing = create_router_client(InvoicingContract, create_router(), context)
    >>> # status = await invoicing.get_status(RunRef(run_id="run-1"))
    """
    return create_client(contract, RouterLink(router, context))
