"""The forms a handler may have."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias, TypeVar

from ._call import Call

Ctx = TypeVar("Ctx")
In = TypeVar("In")
Out = TypeVar("Out")

PlainHandler: TypeAlias = (
    Callable[[Ctx], Awaitable[Out]] | Callable[[Ctx, Call[Ctx]], Awaitable[Out]]
)
"""Implements a procedure without an input."""

InputHandler: TypeAlias = (
    Callable[[Ctx, In], Awaitable[Out]] | Callable[[Ctx, In, Call[Ctx, In]], Awaitable[Out]]
)
"""Implements a procedure with an input."""

PlainStreamHandler: TypeAlias = (
    Callable[[Ctx], AsyncIterator[Out]]
    | Callable[[Ctx, Call[Ctx]], AsyncIterator[Out]]
    | Callable[[Ctx], Awaitable[AsyncIterator[Out]]]
    | Callable[[Ctx, Call[Ctx]], Awaitable[AsyncIterator[Out]]]
)
"""Implements a streaming procedure without an input."""

StreamHandler: TypeAlias = (
    Callable[[Ctx, In], AsyncIterator[Out]]
    | Callable[[Ctx, In, Call[Ctx, In]], AsyncIterator[Out]]
    | Callable[[Ctx, In], Awaitable[AsyncIterator[Out]]]
    | Callable[[Ctx, In, Call[Ctx, In]], Awaitable[AsyncIterator[Out]]]
)
"""Implements a streaming procedure with an input."""
