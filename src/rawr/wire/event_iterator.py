"""Event iterators: items, a result or an error, as server-sent events.

The same framing serves both protocols; the serializer says what an item's data is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from rawr.contract import Event, EventMeta, ORPCError
from rawr.schema import UNDEFINED

from ._errors import DecodeError, ErrorEvent
from .error import error_from_json, error_to_json
from .sse import MAX_EVENT_BYTES, EventDecoder, EventMessage, encode_comment, encode_event

__all__ = [
    "KEEP_ALIVE_SECONDS",
    "Done",
    "Failed",
    "Item",
    "ItemEvent",
    "ItemSerializer",
    "IteratorDecoder",
    "IteratorEncoder",
]

KEEP_ALIVE_SECONDS: Final = 5.0
"""How long a stream stays silent before a keep-alive comment is due."""


class ItemSerializer(Protocol):
    """What an item's data is: `RPCSerializer` or `OpenAPISerializer`."""

    def encode_item(self, value: object) -> bytes | None:
        """The data of an item; None where there is nothing to send."""
        ...

    def decode_item(self, data: str | None) -> object:
        """The item of this data."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """The stream gave an item."""

    data: object
    meta: EventMeta


@dataclass(frozen=True, slots=True)
class Done:
    """The stream ended well; `data` is what the producer returned."""

    data: object
    meta: EventMeta


@dataclass(frozen=True, slots=True)
class Failed:
    """The stream ended with an error.

    An `ORPCError`; an `ErrorEvent` where the error event holds none; a `DecodeError` where
    an event cannot be read.
    """

    error: Exception
    meta: EventMeta


ItemEvent = Item | Done | Failed

_NO_META: Final = EventMeta()


class IteratorEncoder:
    """Writes one event iterator; every method gives bytes to send at once."""

    __slots__ = ("_serializer",)

    def __init__(self, serializer: ItemSerializer) -> None:
        self._serializer = serializer

    def open(self, comment: str = "") -> bytes:
        """The comment that opens a stream, so that headers leave at once."""
        return encode_comment(comment)

    def keep_alive(self, comment: str = "") -> bytes:
        """The comment that keeps a silent stream alive; see `KEEP_ALIVE_SECONDS`."""
        return encode_comment(comment)

    def item(self, value: object) -> bytes:
        """One item, with its metadata if it is an `Event`.

        Raises:
            EncodeError: The item or its metadata has no form on the wire.
        """
        data, meta = _unwrap(value)
        return self._block("message", self._serializer.encode_item(data), meta)

    def done(self, value: object = UNDEFINED) -> bytes:
        """The producer's return value; nothing where there is nothing to say.

        Raises:
            EncodeError: The value has no form on the wire.
        """
        data, meta = _unwrap(value)
        encoded = self._serializer.encode_item(data)
        if encoded is None and meta == _NO_META:
            return b""
        return self._block("done", encoded, meta)

    def error(self, error: ORPCError[object], meta: EventMeta = _NO_META) -> bytes:
        """The error that ends the stream.

        Raises:
            EncodeError: The error's data has no form on the wire.
        """
        return self._block("error", self._serializer.encode_item(error_to_json(error)), meta)

    def _block(self, event: str, data: bytes | None, meta: EventMeta) -> bytes:
        return encode_event(
            EventMessage(
                event=event,
                data=None if data is None else data.decode(),
                id=meta.id,
                retry=meta.retry,
                comments=meta.comments,
            )
        )


def _unwrap(value: object) -> tuple[object, EventMeta]:
    return (value.data, value.meta) if isinstance(value, Event) else (value, _NO_META)


class IteratorDecoder:
    """Reads one event iterator, piece by piece; nothing counts after its end."""

    def __init__(
        self,
        serializer: ItemSerializer,
        *,
        fill_status: bool = False,
        max_event_bytes: int = MAX_EVENT_BYTES,
    ) -> None:
        self._serializer = serializer
        self._fill_status = fill_status
        self._decoder = EventDecoder(max_event_bytes=max_event_bytes)
        self._ended = False

    def feed(self, chunk: bytes) -> list[ItemEvent]:
        """What this chunk completes; comments and unknown events are left out.

        An event that cannot be read ends the stream as `Failed`, after the good ones
        before it, so that it makes no difference how the stream was cut.
        """
        if self._ended:
            return []
        events: list[ItemEvent] = []
        try:
            events.extend(self._read(chunk))
        except DecodeError as error:
            self._ended = True
            events.append(Failed(error, _NO_META))
        return events

    def close(self) -> list[ItemEvent]:
        """Say that the stream has ended; one that did not say so itself returned nothing.

        Raises:
            DecodeError: It ended in the middle of an event.
        """
        if self._ended:
            return []
        self._decoder.close()
        self._ended = True
        return [Done(UNDEFINED, _NO_META)]

    def _read(self, chunk: bytes) -> Iterator[ItemEvent]:
        for message in self._decoder.read(chunk):
            event = self._item_event(message)
            if event is not None:
                yield event
            if isinstance(event, Done | Failed):
                self._ended = True
                return

    def _item_event(self, message: EventMessage) -> ItemEvent | None:
        meta = EventMeta(id=message.id, retry=message.retry, comments=message.comments)
        match message.event:
            case "message":
                return Item(self._serializer.decode_item(message.data), meta)
            case None if message.data is not None:
                return Item(self._serializer.decode_item(message.data), meta)
            case "done" | "close":
                return Done(self._serializer.decode_item(message.data), meta)
            case "error":
                return Failed(self._error(message.data), meta)
            case _:
                return None

    def _error(self, data: str | None) -> Exception:
        try:
            json = self._serializer.decode_item(data)
        except DecodeError as error:
            return error
        found = error_from_json(json, fill_status=self._fill_status)
        return ErrorEvent(json) if found is None else found
