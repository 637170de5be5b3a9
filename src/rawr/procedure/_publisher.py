"""Publishing events to whoever listens: typed channels, and the port of their back ends."""

from typing import Any, Final, Generic, Protocol, TypeVar, overload
from urllib.parse import quote

from rawr.contract import EventIterator
from rawr.schema import SchemaAdapter, adapt

T = TypeVar("T")


class Channel(Generic[T]):
    """A named stream of events of one type.

    >>> RUN_CHANGED = Channel("run-changed", str)
    >>> RUN_CHANGED.at("run 1")
    Channel('run-changed:run%201')
    """

    __slots__ = ("name", "schema")

    @overload
    def __init__(self, name: str, schema: type[T]) -> None: ...
    @overload
    def __init__(self, name: str, schema: SchemaAdapter[T]) -> None: ...
    def __init__(self, name: str, schema: Any) -> None:
        self.name: Final = name
        self.schema: Final[SchemaAdapter[T]] = adapt(schema)

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"

    def at(self, key: str) -> "Channel[T]":
        """The channel of one key, such as the events of one run."""
        return Channel(f"{self.name}:{quote(key, safe='')}", self.schema)


class Publisher(Protocol):
    """The port of event publishing; `MemoryPublisher` is the one within a process.

    A back end delivers the events of a channel to each subscriber in the order they were
    published, at most once, and with ids of its own making. Where it carries bytes, it uses
    `channel.schema` to dump and to validate. A subscriber that falls behind may lose the
    oldest events it has not read; it never holds up `publish`.
    """

    async def publish(self, channel: Channel[T], data: T) -> str:
        """Hand an event to all who subscribed before; returns its id."""
        ...

    async def subscribe(
        self, channel: Channel[T], *, last_event_id: str | None = None
    ) -> EventIterator[T]:
        """The events from now on; none is missed once this has returned.

        With the id of the last event a subscriber got, what came after it is delivered first,
        as far as it is retained. If the id is not known (any more), that is all there is.
        Return the iterator from a streaming handler and the ids travel with the events.
        """
        ...
