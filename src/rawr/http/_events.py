"""Event iterators as responses."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, Final, TypeVar

from typing_extensions import override

from rawr.contract import Event, EventIterator
from rawr.procedure import to_orpc_error
from rawr.wire import EncodeError
from rawr.wire.event_iterator import ItemSerializer, IteratorEncoder

from ._log import log_failure
from ._operation import Operation
from ._response import Headers, Response

EVENT_STREAM_HEADERS: Final[Headers] = ((b"content-type", b"text/event-stream"),)


def event_response(
    operation: Operation,
    output: EventIterator[Any],
    serializer: ItemSerializer,
    *,
    status: int = 200,
) -> Response:
    """The response that streams an event iterator (RPC protocol v1, event iterator)."""
    return Response(
        status=status,
        headers=EVENT_STREAM_HEADERS,
        body=_Blocks(_encode(operation, output, IteratorEncoder(serializer)), output),
    )


class _Blocks(AsyncIterator[bytes]):
    """A stream's blocks; closing them closes the output even if nobody asked for one."""

    __slots__ = ("_blocks", "_output")

    def __init__(self, blocks: AsyncGenerator[bytes, None], output: EventIterator[Any]) -> None:
        self._blocks = blocks
        self._output = output

    @override
    def __anext__(self) -> Coroutine[Any, Any, bytes]:
        return self._blocks.__anext__()

    async def aclose(self) -> None:
        await self._blocks.aclose()
        await self._output.aclose()


async def _encode(
    operation: Operation, output: EventIterator[Any], encoder: IteratorEncoder
) -> AsyncGenerator[bytes, None]:
    """The stream's blocks; a failure becomes its last one, as the status is out already."""
    try:
        yield encoder.open()
        async for item in output.events():
            yield encoder.item(_map(item, operation.dump))
        last = encoder.done(operation.dump_end(output.result))
    except Exception as error:  # noqa: BLE001 - the boundary: every failure gets an answer
        last = _encode_failure(operation, error, encoder)
    finally:
        await output.aclose()
    if last:
        yield last


def _encode_failure(operation: Operation, error: Exception, encoder: IteratorEncoder) -> bytes:
    failure = to_orpc_error(error)
    log_failure(operation, failure)
    try:
        return encoder.error(failure)
    except EncodeError as unencodable:
        hidden = to_orpc_error(unencodable)
        log_failure(operation, hidden)
        return encoder.error(hidden)


T = TypeVar("T")


def _map(item: T | Event[T], change: Callable[[T], object]) -> object:
    return Event(change(item.data), item.meta) if isinstance(item, Event) else change(item)
