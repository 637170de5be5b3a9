"""Event iterators a client sends (RPC protocol v1, peer protocol)."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

import anyio

from rawr.contract import Event, EventIterator, EventMeta, ORPCError
from rawr.schema import UNDEFINED
from rawr.wire import EncodeError
from rawr.wire.error import error_to_json, to_orpc_error
from rawr.wire.peer import PeerEvent, PeerId
from rawr.wire.rpc import RPCSerializer

logger = logging.getLogger("rawr.client")

_NO_META: Final = EventMeta()


class Upload:
    """The input of one call, an iterator, on its way to the server.

    Its items are sent, then its `result` (if it has one) or its failure. Failures that are
    no `ORPCError` are logged here and tell the server nothing.
    """

    def __init__(self, source: AsyncIterator[Any], serializer: RPCSerializer) -> None:
        self._source = source
        self._serializer = serializer

    async def events(self, id: PeerId) -> AsyncGenerator[PeerEvent, None]:
        """The events of the call with this id."""
        source = self._source
        try:
            async for item in source.events() if isinstance(source, EventIterator) else source:
                data, meta = (item.data, item.meta) if isinstance(item, Event) else (item, _NO_META)
                payload = self._serializer.serialize(data)
                yield PeerEvent(id=id, event="message", data=payload, meta=meta)
            result = self._serializer.serialize(getattr(source, "result", UNDEFINED))
            last = PeerEvent(id=id, event="done", data=result)
        except Exception as error:  # noqa: BLE001 - the boundary: the server is told
            last = PeerEvent(id=id, event="error", data=_failure(error, self._serializer))
        yield last

    async def aclose(self) -> None:
        """Tell the producer that no more is wanted; safe to call when cancelled."""
        close = getattr(self._source, "aclose", None)
        if close is not None:
            with anyio.CancelScope(shield=True):
                await close()


def _failure(error: Exception, serializer: RPCSerializer) -> dict[str, Any]:
    if not isinstance(error, ORPCError):
        logger.error("An event iterator could not be sent", exc_info=error)
    try:
        return serializer.serialize(error_to_json(to_orpc_error(error)))
    except EncodeError as unencodable:
        logger.exception("The failure of an event iterator could not be sent")
        return serializer.serialize(error_to_json(to_orpc_error(unencodable)))
