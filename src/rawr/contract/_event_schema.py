"""The schema of event iterators: each item by the item's own schema, as it comes."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Generic, TypeVar, overload

from typing_extensions import override

from rawr.schema import (
    REF_TEMPLATE,
    UNDEFINED,
    Issue,
    SchemaAdapter,
    SchemaError,
    SchemaMode,
    adapt,
)

from ._errors import ORPCError
from ._events import Event, EventIterator

T = TypeVar("T")


class InvalidItem(ORPCError[object]):
    """An item of an event iterator breaks the contract (RPC protocol v1, event iterator).

    Whoever iterates gets it: the handler of what a client sends, the client of what a
    handler yields. Its cause is the `SchemaError`.
    """

    def __init__(self) -> None:
        super().__init__(
            "EVENT_ITERATOR_VALIDATION_FAILED", message="Event iterator validation failed"
        )


class EventIteratorSchema(Generic[T]):
    """Adapts event iterators: `item` validates and dumps each item when it is asked for.

    Its JSON Schema says nothing of the items, as no one value holds them: read `item`.
    """

    __slots__ = ("item",)

    def __init__(self, item: SchemaAdapter[T]) -> None:
        self.item: Final = item

    def __repr__(self) -> str:
        return f"EventIteratorSchema({self.item!r})"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, EventIteratorSchema) and other.item == self.item

    @override
    def __hash__(self) -> int:
        return hash((EventIteratorSchema, self.item))

    def validate(self, value: object) -> EventIterator[T]:
        """An event iterator of validated items; iterating it raises `InvalidItem`.

        Raises:
            SchemaError: The value is no async iterator.
        """
        if not isinstance(value, AsyncIterator):
            raise SchemaError([Issue("Expect event iterator")])
        return EventIterator(_Mapped(value, self._checked))

    def dump(self, value: AsyncIterator[T]) -> EventIterator[object]:
        """An event iterator of wire values."""
        return EventIterator(_Mapped(value, self.item.dump))

    def json_schema(
        self,
        mode: SchemaMode = "input",  # noqa: ARG002 - the same both ways
        *,
        ref_template: str = REF_TEMPLATE,  # noqa: ARG002 - refers to nothing
    ) -> dict[str, object]:
        """See `SchemaAdapter.json_schema`; any value, by its name."""
        return {"x-native-type": "event-iterator"}

    def _checked(self, item: object) -> T:
        try:
            return self.item.validate(item)
        except SchemaError as error:
            raise InvalidItem from error


@overload
def event_iterator(item: type[T]) -> EventIteratorSchema[T]: ...
@overload
def event_iterator(item: SchemaAdapter[T]) -> EventIteratorSchema[T]: ...
def event_iterator(item: Any) -> EventIteratorSchema[Any]:
    """The schema of an event iterator, by its items: what `.input(...)` of an upload takes.

    As an output it is the same as `.streams(item)`.

    >>> from rawr.contract import procedure
    >>> contract = procedure().input(event_iterator(int)).output(int)
    >>> contract.definition.input
    EventIteratorSchema(PydanticAdapter(<class 'int'>))
    """
    return EventIteratorSchema(adapt(item))


class _Mapped(AsyncIterator[Any]):
    """The items of an iterator, each changed as it comes; event metadata and result stay.

    It is no generator: closing it closes the source even if nobody asked for an item.
    """

    __slots__ = ("_change", "_items", "_source")

    def __init__(self, source: AsyncIterator[Any], change: Callable[[Any], object]) -> None:
        self._source = source
        # An event iterator unwraps its events; their ids have to travel on.
        self._items = source.events() if isinstance(source, EventIterator) else source
        self._change = change

    @property
    def result(self) -> object:
        """What the producer returned."""
        result: object = getattr(self._source, "result", UNDEFINED)
        return result

    @override
    async def __anext__(self) -> Any:
        item = await anext(self._items)
        try:
            if isinstance(item, Event):
                return Event(self._change(item.data), item.meta)
            return self._change(item)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Stop the producer."""
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()
