"""Resuming event iterators whose connection broke."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, Final

import anyio
from typing_extensions import override

from rawr.contract import Event, EventIterator, EventMeta, Link, LinkCall, ORPCError

from ._around import LinkAround
from ._errors import ConnectFailed, ConnectionLost, LinkError, TimedOut
from ._retry import Sleep

_MILLISECONDS: Final = 1000
_LONGEST_DELAY_SECONDS: Final = 30.0
_PASSING_STATUSES: Final = (502, 503, 504)


def can_resume(error: ORPCError[Any] | LinkError) -> bool:
    """Whether a failure passes: of the network, or of a server that is down or going down.

    Of the errors a server tells, also inside a stream, that is status 502, 503 and 504.
    """
    if isinstance(error, ORPCError):
        return error.status in _PASSING_STATUSES
    return isinstance(error, ConnectFailed | ConnectionLost | TimedOut)


class ReconnectLink(LinkAround):
    """Reopens broken event iterators after the last event received (its id is sent along).

    A stream whose events carry no id cannot be resumed without repeating them, so its
    failure is raised; so is one that `should_resume` says no to. Waits as long as the
    server's last `retry` says, twice as long after each failure in a row; gives up after
    `max_attempts` of them.

    >>> from rawr.client import RPCLink
    >>> link = ReconnectLink(RPCLink("https://hq.example.com/rpc"), max_attempts=10)
    """

    def __init__(
        self,
        link: Link,
        *,
        max_attempts: int = 5,
        delay_seconds: float = 2.0,
        should_resume: Callable[[ORPCError[Any] | LinkError], bool] = can_resume,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        super().__init__(link)
        self.should_resume: Final = should_resume
        self._max_attempts = max_attempts
        self._delay_seconds = delay_seconds
        self._sleep = sleep

    @override
    async def call(self, call: LinkCall) -> Any:
        output = await self._link.call(call)
        if not isinstance(output, EventIterator):
            return output
        return EventIterator(ResumingSource(self, call, output))

    async def reopen(self, call: LinkCall, retry: int | None, failure: Exception) -> Any:
        """The stream from the call's last event id on.

        Raises:
            LinkError: The server could not be reached in all attempts.
            ORPCError: The server refuses to go on.
        """
        delay = self._delay_seconds if retry is None else retry / _MILLISECONDS
        for _ in range(self._max_attempts):
            await self._sleep(min(delay, _LONGEST_DELAY_SECONDS))
            delay *= 2
            try:
                return await self._link.call(call)
            except (ORPCError, LinkError) as error:
                if not self.should_resume(error):
                    raise
                failure = error
        raise failure


class ResumingSource(AsyncIterator[Any]):
    """The items of a stream across its connections."""

    def __init__(self, link: ReconnectLink, call: LinkCall, events: EventIterator[Any]) -> None:
        self._link = link
        self._call = call
        self._events = events
        self._retry: int | None = None
        self._closed = False

    @property
    def result(self) -> object:
        """What the producer returned."""
        return self._events.result

    @override
    async def __anext__(self) -> Any:
        while not self._closed:
            try:
                item = await anext(self._events.events())
            except (ORPCError, LinkError) as error:
                await self._resume(error)
                continue
            if isinstance(item, Event):
                self._remember(item.meta)
            return item
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the connection there is, and open no more."""
        self._closed = True
        await self._events.aclose()

    def _remember(self, meta: EventMeta) -> None:
        if meta.id is not None:
            self._call = replace(self._call, last_event_id=meta.id)
        if meta.retry is not None:
            self._retry = meta.retry

    async def _resume(self, failure: ORPCError[Any] | LinkError) -> None:
        await self._events.aclose()
        if self._call.last_event_id is None or not self._link.should_resume(failure):
            raise failure
        self._events = await self._link.reopen(self._call, self._retry, failure)
        if self._closed:
            await self._events.aclose()
