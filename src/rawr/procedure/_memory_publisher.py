"""Publishing events within one process."""

import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar
from weakref import WeakSet

import anyio
from typing_extensions import override

from rawr.contract import Event, EventIterator, EventMeta

from ._publisher import Channel, Publisher

T = TypeVar("T")

DEFAULT_BUFFER: Final = 100
DEFAULT_RETENTION: Final = timedelta(minutes=2)
DEFAULT_MAX_RETAINED: Final = 1_000


class MemoryPublisher(Publisher):
    """Publishes to subscribers in the same process and event loop.

    Each subscriber has a buffer of `buffer` events; when it is full, the oldest is dropped.
    Events are retained for resuming as long as `retention`, the last `max_retained` of each
    channel. The id of an event tells which publisher made it: to one of another process,
    such as before a restart, a resuming subscriber gets all that is retained.

    >>> import asyncio
    >>> async def main() -> list[str]:
    ...     greetings, publisher = Channel("greetings", str), MemoryPublisher()
    ...     async with await publisher.subscribe(greetings) as events:
    ...         await publisher.publish(greetings, "hello")
    ...         await publisher.publish(greetings, "hi")
    ...         return [await anext(events), await anext(events)]
    >>> asyncio.run(main())
    ['hello', 'hi']
    """

    def __init__(
        self,
        *,
        buffer: int = DEFAULT_BUFFER,
        retention: timedelta = DEFAULT_RETENTION,
        max_retained: int = DEFAULT_MAX_RETAINED,
        clock: Callable[[], float] = time.monotonic,
        name: str | None = None,
    ) -> None:
        if buffer < 1:
            raise ValueError("buffer must be at least 1, or no event could be delivered")
        self._buffer = buffer
        self._retention_seconds = retention.total_seconds()
        self._max_retained = max_retained if retention else 0
        self._clock = clock
        self._name: Final = name or secrets.token_hex(4)
        self._count = 0
        self._topics: dict[str, _Topic] = {}
        self._next_sweep = clock() + self._retention_seconds

    def __repr__(self) -> str:
        return f"<MemoryPublisher {self._name}: {self._count} events published>"

    @override
    async def publish(self, channel: Channel[T], data: T) -> str:
        """See `Publisher.publish`."""
        self._count += 1
        now = self._clock()
        event_id = f"{self._name}-{self._count}"
        if now >= self._next_sweep:
            self._sweep(now)
        topic = self._topics.get(channel.name)
        if topic is None:
            if not self._max_retained:
                return event_id
            topic = self._topic(channel)
        event: Event[Any] = Event(data, EventMeta(id=event_id))
        topic.retained.append(_Retained(self._count, now, event))
        for subscription in topic.subscriptions:
            subscription.offer(event)
        return event_id

    @override
    async def subscribe(
        self, channel: Channel[T], *, last_event_id: str | None = None
    ) -> EventIterator[T]:
        """See `Publisher.subscribe`."""
        topic = self._topic(channel)
        missed: list[Event[Any]] = []
        if last_event_id is not None:
            topic.forget_before(self._clock() - self._retention_seconds)
            after = self._number_of(last_event_id)
            missed = [kept.event for kept in topic.retained if kept.number > after]
        subscription = _Subscription(missed, self._buffer)
        topic.subscriptions.add(subscription)
        return EventIterator(subscription)

    async def aclose(self) -> None:
        """End every subscription once its subscriber has read what was published."""
        for topic in self._topics.values():
            for subscription in topic.subscriptions:
                subscription.finish()
        self._topics.clear()

    def _topic(self, channel: Channel[Any]) -> "_Topic":
        topic = self._topics.get(channel.name)
        if topic is None:
            topic = self._topics[channel.name] = _Topic(deque(maxlen=self._max_retained))
        return topic

    def _number_of(self, event_id: str) -> int:
        name, _, number = event_id.rpartition("-")
        return int(number) if name == self._name and number.isdecimal() else 0

    def _sweep(self, now: float) -> None:
        """Forget channels that nobody listens to and whose events are too old."""
        self._next_sweep = now + self._retention_seconds
        for name, topic in list(self._topics.items()):
            topic.forget_before(now - self._retention_seconds)
            if not topic.retained and not topic.subscriptions:
                del self._topics[name]


@dataclass(frozen=True, slots=True)
class _Retained:
    number: int
    published_at: float
    event: Event[Any]


class _Subscription(AsyncIterator[Event[Any]]):
    """What one subscriber has not read yet."""

    def __init__(self, missed: Iterable[Event[Any]], buffer: int) -> None:
        self._missed = deque(missed)
        self._live: deque[Event[Any]] = deque(maxlen=buffer)
        self._changed = anyio.Event()
        self._is_finished = False

    def offer(self, event: Event[Any]) -> None:
        if not self._is_finished:
            self._live.append(event)
            self._changed.set()

    def finish(self) -> None:
        self._is_finished = True
        self._changed.set()

    @override
    async def __anext__(self) -> Event[Any]:
        while True:
            if self._missed:
                return self._missed.popleft()
            if self._live:
                return self._live.popleft()
            if self._is_finished:
                raise StopAsyncIteration
            self._changed = anyio.Event()
            await self._changed.wait()

    async def aclose(self) -> None:
        self._missed.clear()
        self._live.clear()
        self.finish()


@dataclass(slots=True)
class _Topic:
    retained: deque[_Retained]
    subscriptions: "WeakSet[_Subscription]" = field(default_factory=WeakSet)
    """Weak, so that an iterator nobody closed does not keep its buffer for ever."""

    def forget_before(self, moment: float) -> None:
        while self.retained and self.retained[0].published_at < moment:
            self.retained.popleft()
