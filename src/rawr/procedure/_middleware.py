"""Middleware made of other middleware."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ._call import Call, Middleware, Next

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
In = TypeVar("In")
Mapped = TypeVar("Mapped")


def concat(first: Middleware[A, B, In], second: Middleware[B, C, In]) -> Middleware[A, C, In]:
    """One middleware of two, the first around the second."""

    def both(call: Call[A, In], next: Next[C], /) -> Awaitable[object]:
        def within_first(inner: Call[Any, Any]) -> Awaitable[object]:
            return second(inner, next)

        return first(call, within_first)

    return both


def map_input(
    middleware: Middleware[A, B, Mapped], select: Callable[[In], Mapped]
) -> Middleware[A, B, In]:
    """The middleware with its own view of the input; all that is further inside gets the whole.

    >>> async def load_run(call: Call[dict[str, str], str], next: Next[dict[str, str]]) -> object:
    ...     return await next(call.with_context({**call.context, "run": call.input}))
    >>> by_id: Middleware[dict[str, str], dict[str, str], list[str]]
    >>> by_id = map_input(load_run, lambda ids: ids[0])
    """

    def mapped(call: Call[A, In], next: Next[B], /) -> Awaitable[object]:
        def with_whole_input(inner: Call[B]) -> Awaitable[object]:
            return next(inner.with_input(call.input))

        return middleware(call.with_input(select(call.input)), with_whole_input)

    return mapped
