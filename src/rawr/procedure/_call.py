"""A call on its way through a procedure, and the onion around the handler."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from rawr.contract import ProcedureContract

Ctx = TypeVar("Ctx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Ctx]):
    """One call of a procedure, as middleware and handlers see it.

    Middleware that adds to the context passes `dataclasses.replace(call, context=...)` on.
    """

    path: tuple[str, ...]
    """Wire path of the procedure in the router that was asked."""
    contract: ProcedureContract[Any, Any]
    context: Ctx
    input: object
    """The wire values before validation, the typed input after it."""
    last_event_id: str | None = None
    """Where a resuming caller wants an event iterator to go on."""


Next: TypeAlias = Callable[[Call[Ctx]], Awaitable[object]]
"""What is further inside the onion: other middleware, at last the handler."""

Middleware: TypeAlias = Callable[[Call[Ctx], Next[Ctx]], Awaitable[object]]
"""Wraps a call: `async def audit(call, next): return await next(call)`."""


def compose(middlewares: Sequence[Middleware[Ctx]], core: Next[Ctx]) -> Next[Ctx]:
    """The onion with the first middleware outermost, composed once, not per call."""
    for middleware in reversed(middlewares):
        core = _wrap(middleware, core)
    return core


def _wrap(middleware: Middleware[Ctx], inner: Next[Ctx]) -> Next[Ctx]:
    def wrapped(call: Call[Ctx]) -> Awaitable[object]:
        return middleware(call, inner)

    return wrapped
