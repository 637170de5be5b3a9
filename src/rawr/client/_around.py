"""Links around one other link: opened and closed with it."""

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self

from rawr.contract import Link


class LinkAround(Link):
    """A link that sends its calls through another one.

    As an async context manager it enters that one, which opens and closes what it needs.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if isinstance(self._link, AbstractAsyncContextManager):
            await self._stack.enter_async_context(self._link)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
