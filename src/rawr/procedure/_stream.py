"""What a streaming procedure gives, as its contract promises it."""

from collections.abc import AsyncIterator
from typing import Any

from typing_extensions import override

from rawr.contract import ErrorMap, Event, EventIterator, InvalidItem, ORPCError
from rawr.schema import UNDEFINED, SchemaAdapter, SchemaError, produced

from ._errors import derive_defined


class ValidatedItems(AsyncIterator[Any]):
    """A producer's items, validated; its errors, derived as those of a call are.

    It is no generator: closing it closes the producer even if nobody asked for an item.
    """

    __slots__ = ("_errors", "_items", "_source", "_validate")

    def __init__(
        self, source: AsyncIterator[Any], schema: SchemaAdapter[Any], errors: ErrorMap
    ) -> None:
        self._source = source
        # An event iterator unwraps its events; their ids have to travel on.
        self._items = source.events() if isinstance(source, EventIterator) else source
        self._validate = produced(schema)
        self._errors = errors

    @property
    def result(self) -> object:
        """What the producer returned."""
        return getattr(self._source, "result", UNDEFINED)

    @override
    async def __anext__(self) -> Any:
        try:
            return self._validated(await anext(self._items))
        except StopAsyncIteration:
            raise
        except ORPCError as error:
            await self.aclose()
            derived = derive_defined(error, self._errors)
            if derived is error:
                raise
            raise derived from error
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Stop the producer."""
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()

    def _validated(self, item: object) -> object:
        try:
            if isinstance(item, Event):
                return Event(self._validate(item.data), item.meta)
            return self._validate(item)
        except SchemaError as error:
            raise InvalidItem from error
