"""Calling from code that is not asynchronous."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, ExitStack
from enum import Enum
from types import TracebackType
from typing import Any, Final, Generic, Literal, ParamSpec, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from rawr.contract import Contract, EventIterator, Link, create_client

C = TypeVar("C", bound=Contract)
P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class _End(Enum):
    END = "end"


_END: Final = _End.END


class SyncClient(Generic[C]):
    """A client for threads: calls block, streams are plain iterators.

    It runs the link on an event loop of its own, in a thread of its own, and may be shared
    between threads. Where a link needs more than itself opened, such as a `BatchTransport`,
    `make_link` is a function under `contextlib.asynccontextmanager` that yields the link.

    >>> with SyncClient(Planets, make_link) as hq:
    ...     print(hq.call(hq.client.find, Ref(id="mars")).name)
    ...     print(list(hq.iterate(hq.client.watch)))
    Mars
    ['born', 'cooled']
    """

    def __init__(
        self,
        contract: type[C],
        make_link: Callable[[], Link | AbstractAsyncContextManager[Link]],
    ) -> None:
        self._contract = contract
        self._make_link = make_link
        self._stack = ExitStack()
        self._running: tuple[BlockingPortal, C] | None = None

    @property
    def client(self) -> C:
        """The asynchronous client, whose procedures `call` and `iterate` take."""
        return self._entered()[1]

    def call(self, procedure: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a procedure and wait for its output; raises what the call raises."""
        portal, _ = self._entered()

        async def run() -> T:
            return await procedure(*args, **kwargs)

        return portal.call(run)

    def iterate(
        self,
        procedure: Callable[P, Awaitable[EventIterator[T, R]]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Generator[T, None, R]:
        """The items of a streaming procedure; leaving the loop closes the stream.

        What the producer returned is what the generator returns: the value of `yield from`.
        """
        portal, _ = self._entered()
        events = self.call(procedure, *args, **kwargs)

        async def step() -> T | Literal[_End.END]:
            return await anext(events, _END)

        try:
            while (item := portal.call(step)) is not _END:
                yield item
            return events.result
        finally:
            portal.call(events.aclose)

    def __enter__(self) -> Self:
        portal = self._stack.enter_context(start_blocking_portal())
        made: Any = portal.call(self._make_link)
        if isinstance(made, AbstractAsyncContextManager):
            made = self._stack.enter_context(portal.wrap_async_context_manager(made))
        self._running = (portal, create_client(self._contract, made))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running = None
        self._stack.close()

    def _entered(self) -> tuple[BlockingPortal, C]:
        if self._running is None:
            raise RuntimeError("Enter the client first: with SyncClient(...) as client")
        return self._running
