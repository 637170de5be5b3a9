"""Calling procedures in process, through the same pipeline as over the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar, cast, overload

from typing_extensions import override

from rawr.contract import (
    ClientContext,
    Contract,
    ContractError,
    EventIterator,
    Link,
    LinkCall,
    create_client,
)
from rawr.schema import UNDEFINED

from ._call import Call, Middleware
from ._procedure import Procedure
from ._router import Router

C = TypeVar("C", bound=Contract)
Ctx = TypeVar("Ctx")
In = TypeVar("In")
Out = TypeVar("Out")
Item = TypeVar("Item")
Result = TypeVar("Result")

ContextSource: TypeAlias = Ctx | Callable[[ClientContext], Awaitable[Ctx]]
"""A context, or what makes one for each call from the caller's client context."""


class RouterLink(Link):
    """Carries calls to a router of the same process: validated, never serialised.

    Interceptors wrap each call, outside of all middleware and validation; they see errors
    before it is derived whether the contract declares them.
    """

    def __init__(
        self,
        router: Router[Ctx, Any],
        context: ContextSource[Ctx],
        *,
        interceptors: Sequence[Middleware[Ctx]] = (),
    ) -> None:
        self._find = router.find
        self._context = context
        self._interceptors = tuple(interceptors)

    @override
    async def call(self, call: LinkCall) -> Any:
        """See `Link.call`."""
        place = self._find(call.path)
        if place is None:
            raise ContractError(
                f"The router has no procedure {'.'.join(call.path)}; "
                "client and router must have the same contract"
            )
        context = self._context
        if callable(context):
            context = await cast("Callable[[ClientContext], Awaitable[Any]]", context)(call.context)
        routed: Call[Any] = Call(
            path=call.path,
            contract=place.contract,
            context=context,
            input=call.input,
            last_event_id=call.last_event_id,
        )
        return await place.procedure(routed, self._interceptors)


def create_router_client(
    contract: type[C],
    router: Router[Ctx, Any],
    context: ContextSource[Ctx],
    *,
    interceptors: Sequence[Middleware[Ctx]] = (),
) -> C:
    """A typed in-process client of a router; see `RouterLink` for what it does.

    >>> import asyncio
    >>> from rawr.contract import Contract, get
    >>> from rawr.procedure import procedures
    >>> os = procedures(str)
    >>> class Greetings(Contract):
    ...     hello = os.output(str).handler(lambda name: f"Hello {name}")
    >>> client = create_router_client(Greetings, os.router(Greetings), "Ada")
    >>> asyncio.run(client.hello())
    'Hello Ada'
    """
    return create_client(contract, RouterLink(router, context, interceptors=interceptors))


@overload
async def call(
    procedure: Procedure[Ctx, None, Out],
    /,
    *,
    context: Ctx,
    path: tuple[str, ...] = (),
    last_event_id: str | None = None,
) -> Out: ...
@overload
async def call(
    procedure: Procedure[Ctx, EventIterator[Item, Result], Out],
    input: AsyncIterator[Item],
    /,
    *,
    context: Ctx,
    path: tuple[str, ...] = (),
    last_event_id: str | None = None,
) -> Out: ...
@overload
async def call(
    procedure: Procedure[Ctx, In, Out],
    input: In,
    /,
    *,
    context: Ctx,
    path: tuple[str, ...] = (),
    last_event_id: str | None = None,
) -> Out: ...
async def call(
    procedure: Procedure[Any, Any, Any],
    input: object = UNDEFINED,
    /,
    *,
    context: object,
    path: tuple[str, ...] = (),
    last_event_id: str | None = None,
) -> Any:
    """Call one procedure directly: middleware, validation, handler.

    Raises:
        ORPCError: The procedure failed; a `TypedError` where its contract declares it.
    """
    return await procedure(
        Call(
            path=path,
            contract=procedure,
            context=context,
            input=input,
            last_event_id=last_event_id,
        )
    )
