"""The client's half of one websocket (RPC protocol v1, peer protocol).

One task reads; every frame goes to the exchange whose id it carries. An exchange ends with
its answer, with the last event of its stream, when its caller leaves (an abort frame tells
the server), or with the connection. Frames for exchanges that ended are passed over.
"""

import logging
from collections import deque
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final, assert_never

import anyio
from anyio.abc import TaskGroup

from rawr.wire import DecodeError, load_json
from rawr.wire.body import EVENT_STREAM, StandardBody
from rawr.wire.peer import (
    PeerAbort,
    PeerEvent,
    PeerId,
    PeerRequest,
    PeerResponse,
    decode_server_frame,
    encode_frame,
)

from ._errors import ConnectionLost, LinkError, ProtocolError, ReaderTooSlow
from ._socket import Frame, Socket
from ._upload import Upload

logger = logging.getLogger("rawr.client")

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_EVENT_OVERHEAD_BYTES: Final = 256
_BINARY_MARK: Final = b"\xff"


class PeerConnection:
    """Calls that share one websocket; whoever owns it runs `read` in the task group."""

    def __init__(self, socket: Socket, tasks: TaskGroup, *, max_buffered_bytes: int) -> None:
        self._socket = socket
        self._tasks = tasks
        self._max_buffered_bytes = max_buffered_bytes
        self._exchanges: dict[PeerId, PeerExchange] = {}
        self._count = 0
        self._lost: LinkError | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls can be sent, as far as is known."""
        return self._lost is None

    async def read(self) -> None:
        """Deliver frames until the connection ends; every open exchange then fails."""
        lost = ConnectionLost("The link was closed")
        try:
            while True:
                self._deliver(await self._socket.receive())
        except ConnectionLost as error:
            lost = error
        finally:
            self._end(lost)
            with anyio.CancelScope(shield=True):
                await self._socket.close()

    async def request(
        self,
        path: str,
        headers: Mapping[str, str],
        body: StandardBody,
        upload: Upload | None = None,
    ) -> "PeerExchange":
        """Send a call; the events of its input follow while it waits for its answer.

        Raises:
            ConnectionLost: The connection has ended.
            EncodeError: The body has no form on the wire.
        """
        if self._lost is not None:
            raise self._lost.retold()
        self._count += 1
        exchange = PeerExchange(self, base36(self._count), self._max_buffered_bytes)
        frame = encode_frame(PeerRequest(id=exchange.id, url=path, headers=headers, body=body))
        self._exchanges[exchange.id] = exchange
        try:
            await self._socket.send(frame)
        except BaseException:
            exchange.leave()
            raise
        if upload is not None:
            self._tasks.start_soon(self._upload, exchange, upload, name=f"upload {exchange.id}")
        return exchange

    async def _upload(self, exchange: "PeerExchange", upload: Upload) -> None:
        try:
            with exchange.uploading:
                async with aclosing(upload.events(exchange.id)) as events:
                    async for event in events:
                        await self._socket.send(encode_frame(event))
        except ConnectionLost:
            logger.debug("The connection ended before an input did", extra={"id": exchange.id})
        finally:
            await upload.aclose()

    def forget(self, exchange: "PeerExchange") -> None:
        """Pass over what still comes for an exchange, and send no more of it."""
        self._exchanges.pop(exchange.id, None)
        exchange.uploading.cancel()

    def abort(self, exchange: "PeerExchange") -> None:
        """Tell the server that nobody waits for an exchange any more."""
        exchange.uploading.cancel()
        if self._exchanges.pop(exchange.id, None) is not None and self.is_open:
            self._tasks.start_soon(self._send_abort, exchange.id, name=f"abort {exchange.id}")

    async def _send_abort(self, id: PeerId) -> None:
        try:
            await self._socket.send(encode_frame(PeerAbort(id=id)))
        except ConnectionLost:
            logger.debug("The connection ended before an abort was sent", extra={"id": id})

    def _deliver(self, frame: Frame) -> None:
        try:
            message = decode_server_frame(frame)
        except DecodeError as error:
            self._deliver_unreadable(frame, error)
            return
        exchange = self._exchanges.get(message.id)
        match message:
            case _ if exchange is None:
                pass
            case PeerResponse():
                exchange.answer(message)
            case PeerEvent():
                exchange.push(message, len(frame) + _EVENT_OVERHEAD_BYTES)
            case PeerAbort():
                exchange.uploading.cancel()
            case _:
                assert_never(message)

    def _deliver_unreadable(self, frame: Frame, error: DecodeError) -> None:
        """Fail the call whose answer it is, rather than let it wait for ever."""
        logger.warning(
            "A websocket frame cannot be read: %s", error, extra={"action": "read_frame"}
        )
        exchange = self._exchanges.get(_id_of(frame) or "")
        if exchange is not None:
            exchange.fail(ProtocolError(f"The answer is a frame that cannot be read: {error}"))
            exchange.leave()

    def _end(self, lost: LinkError) -> None:
        self._lost = lost
        exchanges, self._exchanges = self._exchanges, {}
        for exchange in exchanges.values():
            exchange.uploading.cancel()
            exchange.fail(lost.retold())


class PeerExchange:
    """One call on the wire: its answer, and the events of its stream."""

    def __init__(self, connection: PeerConnection, id: str, max_buffered_bytes: int) -> None:
        self.id = id
        self.uploading = anyio.CancelScope()
        self._connection = connection
        self._max_buffered_bytes = max_buffered_bytes
        self._response: PeerResponse | None = None
        self._events: deque[tuple[PeerEvent, int]] = deque()
        self._buffered_bytes = 0
        self._failure: LinkError | None = None
        self._changed = anyio.Event()

    async def response(self) -> PeerResponse:
        """Wait for the answer.

        Raises:
            LinkError: There will be none.
        """
        while self._response is None:
            await self._change()
        return self._response

    async def event(self) -> PeerEvent:
        """Wait for the next event; those that came before a failure are given first.

        Raises:
            LinkError: There will be none.
        """
        while not self._events:
            await self._change()
        event, size = self._events.popleft()
        self._buffered_bytes -= size
        return event

    def leave(self) -> None:
        """Wait for nothing more: the server is told, unless it has said its last."""
        self._connection.abort(self)
        self.fail(ConnectionLost("The call was left"))

    def answer(self, response: PeerResponse) -> None:
        """Take the answer; only the first one counts."""
        if self._response is None:
            self._response = response
            self._changed.set()
            if response.body is not EVENT_STREAM:
                self._connection.forget(self)

    def push(self, event: PeerEvent, size: int) -> None:
        """Keep an event, of so many bytes, until it is read."""
        if self._buffered_bytes + size > self._max_buffered_bytes and self._events:
            self.fail(ReaderTooSlow(self._max_buffered_bytes))
            self.leave()
            return
        self._events.append((event, size))
        self._buffered_bytes += size
        self._changed.set()
        if event.event != "message":
            self._connection.forget(self)

    def fail(self, failure: LinkError) -> None:
        """End it; what was received before can still be read."""
        if self._failure is None:
            self._failure = failure
            self._changed.set()

    async def _change(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._changed = anyio.Event()
        await self._changed.wait()


def base36(number: int) -> str:
    """A number as JavaScript's `toString(36)` writes it."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def _id_of(frame: Frame) -> str | None:
    """The id of a frame that breaks the protocol elsewhere."""
    try:
        json = load_json(frame if isinstance(frame, str) else frame.partition(_BINARY_MARK)[0])
    except DecodeError:
        return None
    found = json.get("i") if isinstance(json, dict) else None
    return found if isinstance(found, str) else None
