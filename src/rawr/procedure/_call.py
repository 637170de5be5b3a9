"""A call on its way through a procedure, and the onion around the handler."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeAlias

import msgspec
from typing_extensions import TypeVar

from rawr.contract import ProcedureContract

Ctx = TypeVar("Ctx")
Ctx_co = TypeVar("Ctx_co", covariant=True)
In_co = TypeVar("In_co", covariant=True, default=object)
Ctx2 = TypeVar("Ctx2")
In2 = TypeVar("In2")


class Call(msgspec.Struct, Generic[Ctx_co, In_co], frozen=True, kw_only=True):
    """One call of a procedure, as middleware and handlers see it.

    It is immutable: middleware passes `call.with_context(...)` on, or `call.with_input(...)`.
    """

    path: tuple[str, ...]
    """Wire path of the procedure in the router that was asked."""
    contract: ProcedureContract[Any, Any]
    context: Ctx_co
    input: In_co
    """The wire values before validation, the typed input after it."""
    last_event_id: str | None = None
    """Where a resuming caller wants an event iterator to go on."""

    def with_context(self, context: Ctx2) -> "Call[Ctx2, In_co]":
        """The same call with another context, as it is for all that is further inside."""
        return Call(
            path=self.path,
            contract=self.contract,
            context=context,
            input=self.input,
            last_event_id=self.last_event_id,
        )

    def with_input(self, input: In2) -> "Call[Ctx_co, In2]":
        """The same call with another input."""
        return Call(
            path=self.path,
            contract=self.contract,
            context=self.context,
            input=input,
            last_event_id=self.last_event_id,
        )


Next: TypeAlias = Callable[[Call[Ctx]], Awaitable[object]]
"""What is further inside the onion: other middleware, at last the handler."""

CtxIn_contra = TypeVar("CtxIn_contra", contravariant=True)
CtxOut_co = TypeVar("CtxOut_co", covariant=True, default=CtxIn_contra)
In_contra = TypeVar("In_contra", contravariant=True, default=object)


class Middleware(Protocol[CtxIn_contra, CtxOut_co, In_contra]):
    """Wraps a call, from the context it gets to the context it passes on.

    It returns what `next` gives, or an output of its own without calling `next`. Where it
    stands after a declared input, it may ask for that type as `Call[Context, Input]`.

    >>> async def audit(call: Call[str], next: Next[str]) -> object:
    ...     print(call.context, "calls", ".".join(call.path))
    ...     return await next(call)
    """

    def __call__(
        self, call: Call[CtxIn_contra, In_contra], next: Next[CtxOut_co], /
    ) -> Awaitable[object]:
        """Run the call."""
        ...


def compose(middlewares: Sequence[Middleware[Any]], core: Next[Any]) -> Next[Any]:
    """The onion with the first middleware outermost, composed once, not per call."""
    for middleware in reversed(middlewares):
        core = wrap(middleware, core)
    return core


def wrap(middleware: Middleware[Any], inner: Next[Any]) -> Next[Any]:
    """One layer of the onion."""

    def wrapped(call: Call[Any]) -> Awaitable[object]:
        return middleware(call, inner)

    return wrapped
