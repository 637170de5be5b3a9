"""The schema of event iterators: items by their own schema, as they come, and the result."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Generic, overload

from typing_extensions import TypeVar, override

from rawr.schema import (
    REF_TEMPLATE,
    UNDEFINED,
    Issue,
    SchemaAdapter,
    SchemaError,
    SchemaMode,
    Undefined,
    adapt,
    produced,
)

from ._errors import ORPCError
from ._events import EventIterator
from ._mapped_events import map_events

T = TypeVar("T")
T2 = TypeVar("T2")
R = TypeVar("R", default=object)
R2 = TypeVar("R2")


class InvalidItem(ORPCError[object]):
    """An item or the result of an event iterator breaks the contract (RPC protocol v1).

    Whoever iterates gets it: the handler of what a client sends, the client of what a
    handler yields. Its cause is the `SchemaError`.
    """

    def __init__(self) -> None:
        super().__init__(
            "EVENT_ITERATOR_VALIDATION_FAILED", message="Event iterator validation failed"
        )


class EventIteratorSchema(Generic[T, R]):
    """Adapts event iterators: `item` validates and dumps each item when it is asked for.

    `returns` does so with what the producer returns at the end; without it, that may be
    anything. Its JSON Schema says nothing of either, as no one value holds them: read these.
    """

    __slots__ = ("item", "returns")

    def __init__(self, item: SchemaAdapter[T], returns: SchemaAdapter[R] | None = None) -> None:
        self.item: Final = item
        self.returns: Final = returns

    def __repr__(self) -> str:
        returns = "" if self.returns is None else f", returns={self.returns!r}"
        return f"EventIteratorSchema({self.item!r}{returns})"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, EventIteratorSchema) and (other.item, other.returns) == (
            self.item,
            self.returns,
        )

    @override
    def __hash__(self) -> int:
        return hash((EventIteratorSchema, self.item, self.returns))

    def validate(self, value: object) -> EventIterator[T, R]:
        """An event iterator of validated items; iterating it raises `InvalidItem`.

        Raises:
            SchemaError: The value is no async iterator.
        """
        end = None if self.returns is None else self.returns.validate
        return _checked(value, self.item.validate, end)

    def validate_produced(
        self,
        value: object,
        *,
        change_error: Callable[[ORPCError[Any]], ORPCError[Any]] | None = None,
    ) -> EventIterator[T, R]:
        """See `ProducedSchema.validate_produced`; errors are changed as `map_events` does it."""
        end = None if self.returns is None else produced(self.returns)
        return _checked(value, produced(self.item), end, change_error)

    def dump(self, value: AsyncIterator[T]) -> EventIterator[object]:
        """An event iterator of wire values."""
        return map_events(value, self.item.dump, change_result=self.dump_result)

    def dump_result(self, result: R | Undefined) -> object:
        """What a producer returned as a wire value; `undefined` stays so."""
        if self.returns is None or result is UNDEFINED:
            return result
        return self.returns.dump(result)

    def json_schema(
        self,
        mode: SchemaMode = "input",  # noqa: ARG002 - the same both ways
        *,
        ref_template: str = REF_TEMPLATE,  # noqa: ARG002 - refers to nothing
    ) -> dict[str, object]:
        """See `SchemaAdapter.json_schema`; any value, by its name."""
        return {"x-native-type": "event-iterator"}


@overload
def event_iterator(item: type[T]) -> EventIteratorSchema[T]: ...
@overload
def event_iterator(item: SchemaAdapter[T]) -> EventIteratorSchema[T]: ...
@overload
def event_iterator(
    item: type[T], *, returns: type[R2] | SchemaAdapter[R2]
) -> EventIteratorSchema[T, R2]: ...
@overload
def event_iterator(
    item: SchemaAdapter[T], *, returns: type[R2] | SchemaAdapter[R2]
) -> EventIteratorSchema[T, R2]: ...
def event_iterator(item: Any, *, returns: Any = None) -> EventIteratorSchema[Any, Any]:
    """The schema of an event iterator, by its items: what `.input(...)` of an upload takes.

    `returns` is the type of what the producer returns at the end (see `event_result`). As an
    output it is the same as `.streams(item, returns=...)`.

    >>> from rawr.contract import procedure
    >>> contract = procedure().input(event_iterator(int, returns=str)).output(int)
    >>> contract.definition.input
    EventIteratorSchema(PydanticAdapter(<class 'int'>), returns=PydanticAdapter(<class 'str'>))
    """
    return EventIteratorSchema(adapt(item), None if returns is None else adapt(returns))


def _checked(
    source: object,
    validate_item: Callable[[object], T],
    validate_result: Callable[[object], Any] | None,
    change_error: Callable[[ORPCError[Any]], ORPCError[Any]] | None = None,
) -> EventIterator[T, Any]:
    if not isinstance(source, AsyncIterator):
        raise SchemaError([Issue("Expect event iterator")])
    end = None if validate_result is None else _result_check(validate_result)
    return map_events(
        source, _item_check(validate_item), change_result=end, change_error=change_error
    )


def _item_check(validate: Callable[[object], T2]) -> Callable[[object], T2]:
    def check(item: object) -> T2:
        try:
            return validate(item)
        except SchemaError as error:
            raise InvalidItem from error

    return check


def _result_check(validate: Callable[[object], T2]) -> Callable[[object], T2]:
    """`undefined` counts as None where the schema wants it."""
    check = _item_check(validate)

    def check_result(result: object) -> T2:
        if result is not UNDEFINED:
            return check(result)
        try:
            return validate(result)
        except SchemaError:
            return check(None)

    return check_result
