"""Heavy middleware that runs once in a chain of in-process calls."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, Protocol, TypeVar

import anyio

from ._call import Call, Middleware, Next

T = TypeVar("T")


class Markers:
    """What middleware has done already in one chain of calls; it travels in the context.

    Whoever makes the first context of a chain makes it; contexts for nested calls hand it
    on. A call for another principal is another chain: give its context markers of its own,
    or checks of the first principal would count for the second.
    """

    __slots__ = ("_locks", "_set", "_values")

    def __init__(self) -> None:
        self._set: Final[set[Hashable]] = set()
        self._values: Final[dict[Hashable, Any]] = {}
        self._locks: Final[dict[Hashable, anyio.Lock]] = {}

    def __repr__(self) -> str:
        return f"<Markers: {len(self._set)} set, {len(self._values)} values>"

    def __contains__(self, marker: Hashable) -> bool:
        return marker in self._set

    def add(self, marker: Hashable) -> None:
        """Set a marker."""
        self._set.add(marker)

    async def cached(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The value of a key, made by the first who asks; who asks meanwhile waits for it.

        What `make` raises is not kept: the next one to ask tries again.
        """
        async with self._locks.setdefault(key, anyio.Lock()):
            if key not in self._values:
                self._values[key] = await make()
            value: T = self._values[key]
            return value


class HasMarkers(Protocol):
    """A context that carries the markers of its chain."""

    @property
    def markers(self) -> Markers:
        """The markers of this chain of calls."""
        ...


Marked = TypeVar("Marked", bound=HasMarkers)
In = TypeVar("In")


def once(
    middleware: Middleware[Marked, Marked, In],
    *,
    per: Callable[[Call[Marked, In]], Hashable] | None = None,
) -> Middleware[Marked, Marked, In]:
    """The middleware, run once in a chain of calls: after it let one through, it is skipped.

    `per` tells apart what must be done once each, such as the role that a procedure asks
    for. Nested calls count, calls that run in parallel before the first is through do not.
    It suits checks; to add to the context, use `Markers.cached` in the middleware.

    >>> from dataclasses import dataclass, field
    >>> @dataclass(frozen=True)
    ... class Context:
    ...     role: str
    ...     markers: Markers = field(default_factory=Markers)
    >>> async def check_role(call: Call[Context], next: Next[Context]) -> object:
    ...     print("checking", call.context.role)
    ...     return await next(call)
    >>> require_role = once(check_role)
    """

    async def marked(call: Call[Marked, In], next: Next[Marked], /) -> object:
        markers = call.context.markers
        marker = (middleware, None if per is None else per(call))
        if marker in markers:
            return await next(call)

        def through(inner: Call[Marked]) -> Awaitable[object]:
            markers.add(marker)
            return next(inner)

        return await middleware(call, through)

    return marked
