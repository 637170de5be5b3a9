"""What every link does around a call, whatever carries it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from rawr.contract import LinkCall

from ._errors import LinkError

LinkNext: TypeAlias = Callable[[LinkCall], Awaitable[Any]]
"""What is further inside the link: other interceptors, at last the request."""

LinkInterceptor: TypeAlias = Callable[[LinkCall, LinkNext], Awaitable[Any]]
"""Wraps every call of a link: `async def log(call, next): return await next(call)`."""

DEFAULT_TIMEOUT_SECONDS = 60.0


def intercepted(exchange: LinkNext, interceptors: Sequence[LinkInterceptor]) -> LinkNext:
    """The exchange inside its interceptors, the first one outermost; failures name the call."""
    inner = exchange
    for interceptor in reversed(interceptors):
        inner = _wrap(interceptor, inner)

    async def named(call: LinkCall) -> Any:
        try:
            return await inner(call)
        except LinkError as error:
            error.add_note(f"in the call of {name_of(call)}")
            raise

    return named


def _wrap(interceptor: LinkInterceptor, inner: LinkNext) -> LinkNext:
    def wrapped(call: LinkCall) -> Awaitable[Any]:
        return interceptor(call, inner)

    return wrapped


def on_the_wire(call: LinkCall) -> LinkCall:
    """The call with its input as wire values."""
    schema = call.contract.definition.input
    return call if schema is None else replace(call, input=schema.dump(call.input))


def name_of(call: LinkCall) -> str:
    """The procedure's name, such as `invoicing.getStatus`."""
    return ".".join(call.path)
