"""Event iterators a client sends (RPC protocol v1, event iterator and peer protocol)."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, Final

import anyio
from typing_extensions import override

from rawr.contract import Event, EventIterator, EventMeta, ORPCError, map_events
from rawr.wire import EncodeError
from rawr.wire.body import EVENT_STREAM_TYPE
from rawr.wire.error import error_to_json, to_orpc_error
from rawr.wire.event_iterator import ItemSerializer, IteratorEncoder
from rawr.wire.peer import PeerEvent, PeerId
from rawr.wire.rpc import RPCSerializer

logger = logging.getLogger("rawr.client")

EVENT_STREAM_HEADERS: Final[Mapping[str, str]] = {"content-type": EVENT_STREAM_TYPE}

_NO_META: Final = EventMeta()


class Upload:
    """The input of one call, an iterator, on its way to the server.

    Its items are sent, then its `result` (if it has one) or its failure. Failures that are
    no `ORPCError` are logged here and tell the server nothing.
    """

    def __init__(self, source: AsyncIterator[Any], serializer: RPCSerializer) -> None:
        self._source = as_events(source)
        self._serializer = serializer

    async def events(self, id: PeerId) -> AsyncGenerator[PeerEvent, None]:
        """The events of the call with this id."""
        source = self._source
        try:
            async for item in source.events():
                data, meta = (item.data, item.meta) if isinstance(item, Event) else (item, _NO_META)
                payload = self._serializer.serialize(data)
                yield PeerEvent(id=id, event="message", data=payload, meta=meta)
            result = self._serializer.serialize(source.result)
            last = PeerEvent(id=id, event="done", data=result)
        except Exception as error:  # noqa: BLE001 - the boundary: the server is told
            last = PeerEvent(id=id, event="error", data=_failure(error, self._serializer))
        yield last

    async def aclose(self) -> None:
        """Tell the producer that no more is wanted; safe to call when cancelled."""
        await _close(self._source)


class UploadBody(AsyncIterator[bytes]):
    """The same as the body of an HTTP request; it can be sent once."""

    def __init__(self, source: AsyncIterator[Any], serializer: ItemSerializer) -> None:
        self._source = as_events(source)
        self._encoder = IteratorEncoder(serializer)
        self._blocks = self._encode()

    @override
    async def __anext__(self) -> bytes:
        return await anext(self._blocks)

    async def aclose(self) -> None:
        """Tell the producer that no more is wanted; safe to call when cancelled."""
        with anyio.CancelScope(shield=True):
            await self._blocks.aclose()
        await _close(self._source)

    async def _encode(self) -> AsyncGenerator[bytes, None]:
        encoder = self._encoder
        yield encoder.open()
        try:
            async for item in self._source.events():
                yield encoder.item(item)
            last = encoder.done(self._source.result)
        except Exception as error:  # noqa: BLE001 - the boundary: the server is told
            last = self._failure(error)
        yield last

    def _failure(self, error: Exception) -> bytes:
        try:
            return self._encoder.error(_told(error))
        except EncodeError as unencodable:
            return self._encoder.error(_untellable(unencodable))


def as_events(source: AsyncIterator[Any]) -> EventIterator[Any]:
    """The source, which need not be dumped by a schema, with its result told apart."""
    return source if isinstance(source, EventIterator) else map_events(source, _as_it_is)


def _as_it_is(item: object) -> object:
    return item


async def _close(source: EventIterator[Any]) -> None:
    with anyio.CancelScope(shield=True):
        await source.aclose()


def _failure(error: Exception, serializer: RPCSerializer) -> dict[str, Any]:
    try:
        return serializer.serialize(error_to_json(_told(error)))
    except EncodeError as unencodable:
        return serializer.serialize(error_to_json(_untellable(unencodable)))


def _told(error: Exception) -> ORPCError[Any]:
    """What the server is told of a failure of the producer."""
    if not isinstance(error, ORPCError):
        logger.error("An event iterator could not be sent", exc_info=error)
    return to_orpc_error(error)


def _untellable(error: EncodeError) -> ORPCError[Any]:
    logger.error("The failure of an event iterator could not be sent", exc_info=error)
    return to_orpc_error(error)
