"""One websocket of the peer protocol (RPC protocol v1): many calls, frames in order.

A frame is handled before the next one is read, so that the events of a stream find their
call however quickly they follow it. Calls run as tasks of the session and answer when they
are done; each is ended by its answer, by the client's abort, or with the socket.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from rawr.contract import EventMeta, ORPCError
from rawr.procedure import to_orpc_error
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError, EncodeError
from rawr.wire.batch import NOT_MATCHED_BODY
from rawr.wire.body import EVENT_STREAM
from rawr.wire.peer import (
    PeerAbort,
    PeerEvent,
    PeerId,
    PeerRequest,
    PeerResponse,
    ServerMessage,
    decode_client_frame,
    encode_frame,
)
from rawr.wire.sse import EventDecoder, EventMessage, encode_event

from ._asgi import Receive, Scope, Send
from ._inner import InnerRequest
from ._log import log_failure, logger
from ._peeled import (
    close_chunks,
    is_event_stream,
    own_headers,
    standard_body,
    whole_body,
    wire_headers,
)
from ._plugin import Mount
from ._response import Response
from ._upload import MAX_BUFFERED_ITEMS, Upload

DEFAULT_MAX_FRAME_BYTES: Final = 10 * 1024 * 1024
"""How large a websocket frame may be unless `WebsocketLimits` say otherwise."""

MESSAGE_TOO_BIG: Final = 1009
SERVICE_RESTART: Final = 1012


@dataclass(frozen=True, slots=True, kw_only=True)
class WebsocketLimits:
    """What one client may ask of one websocket."""

    max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES
    """A longer frame closes the socket (1009)."""
    max_calls: int = 100
    """How many calls may run at once; more are refused one by one (429)."""
    max_buffered_items: int = MAX_BUFFERED_ITEMS
    """How many items of one event iterator may wait for its handler; then reading pauses."""
    stall_seconds: float = 30.0
    """How long reading may pause for one handler; then its event iterator fails (408)."""


DEFAULT_LIMITS: Final = WebsocketLimits()


class Session:
    """The calls of one accepted websocket."""

    def __init__(self, scope: Scope, send: Send, mount: Mount, limits: WebsocketLimits) -> None:
        self._scope = scope
        self._mount = mount
        self._limits = limits
        self._send = send
        self._sending = asyncio.Lock()
        self._calls: dict[PeerId, _Call] = {}

    async def run(self, receive: Receive) -> None:
        """Serve frames until the client leaves or the server stops; calls end with it."""
        closing: tuple[int, str] | None = (SERVICE_RESTART, "The server is going away")
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    closing = await self._read(receive, tasks)
                finally:
                    self._abandon_all()
        finally:
            if closing is not None:
                code, reason = closing
                await self._push({"type": "websocket.close", "code": code, "reason": reason})

    async def _read(self, receive: Receive, tasks: asyncio.TaskGroup) -> tuple[int, str] | None:
        """Handle frames one by one; why to close the socket, unless the client has."""
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return None
            text: str | None = message.get("text")
            frame = message.get("bytes") or b"" if text is None else text
            if _size(frame) > self._limits.max_frame_bytes:
                return MESSAGE_TOO_BIG, f"A frame exceeds {self._limits.max_frame_bytes} bytes"
            await self._handle(frame, tasks)

    async def _handle(self, frame: str | bytes, tasks: asyncio.TaskGroup) -> None:
        try:
            message = decode_client_frame(frame)
        except DecodeError as error:
            logger.warning("A frame was ignored: %s", error, extra={"action": "ignore_frame"})
            return
        match message:
            case PeerRequest():
                await self._open(message, tasks)
            case PeerEvent():
                await self._feed(message)
            case PeerAbort():
                self._abandon(message.id)

    async def _open(self, message: PeerRequest, tasks: asyncio.TaskGroup) -> None:
        if message.id in self._calls:
            return
        match = self._mount.find(message.method, message.raw_path)
        if match is None:
            await self._say(PeerResponse(id=message.id, status=404, body=NOT_MATCHED_BODY))
            return
        if len(self._calls) >= self._limits.max_calls:
            refused = _Call(message.id, None)
            self._calls[refused.id] = refused
            await self._respond(refused, self._mount.refuse(self._too_many()))
            self._end(refused)
            return
        upload = self._upload(message.id) if message.body is EVENT_STREAM else None
        request = InnerRequest(
            self._scope,
            match,
            self._mount.context,
            method=message.method,
            url=message.url,
            headers=message.headers,
            content=message.body,
            upload=upload,
        )
        call = _Call(message.id, upload)
        self._calls[call.id] = call
        call.task = tasks.create_task(
            self._answer(call, request), name=f"rawr.http.peer_call.{call.id}"
        )

    def _upload(self, call_id: PeerId) -> Upload:
        async def stop() -> None:
            await self._say_for(self._calls.get(call_id), PeerAbort(id=call_id))

        return Upload(
            self._mount.codec.event_decoder(self._limits.max_frame_bytes),
            max_items=self._limits.max_buffered_items,
            on_stop=stop,
        )

    async def _feed(self, message: PeerEvent) -> None:
        call = self._calls.get(message.id)
        if call is None or call.upload is None:
            return
        try:
            event = encode_event(_as_event(message))
        except EncodeError as error:
            logger.warning("A frame was ignored: %s", error, extra={"action": "ignore_frame"})
            return
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                await call.upload.feed(event)
        except TimeoutError:
            call.upload.fail(self._stalled())
            await self._say_for(call, PeerAbort(id=call.id))

    async def _answer(self, call: "_Call", request: InnerRequest) -> None:
        try:
            await self._respond(call, await self._mount.answer(request))
        except Exception as error:  # noqa: BLE001 - the boundary: one call must not end the others
            failure = to_orpc_error(error)
            log_failure(request.operation, failure)
            await self._respond(call, self._mount.refuse(failure))
        finally:
            self._end(call)

    async def _respond(self, call: "_Call", response: Response) -> None:
        body = response.body
        if not isinstance(body, bytes) and is_event_stream(response):
            await self._stream(call, response, body)
            return
        content = await whole_body(response)
        headers = wire_headers(response.headers)
        answer = PeerResponse(
            id=call.id,
            status=response.status,
            headers=own_headers(headers),
            body=standard_body(content, headers),
        )
        await self._say_for(call, answer)

    async def _stream(
        self, call: "_Call", response: Response, chunks: AsyncIterator[bytes]
    ) -> None:
        """Send a stream's blocks as the events they are; comments are for HTTP alone."""
        decoder = EventDecoder(max_event_bytes=sys.maxsize)
        try:
            headers = own_headers(wire_headers(response.headers))
            await self._say_for(
                call,
                PeerResponse(
                    id=call.id, status=response.status, headers=headers, body=EVENT_STREAM
                ),
            )
            async for chunk in chunks:
                for event in decoder.feed(chunk):
                    if event.event is not None:
                        await self._say_for(call, _as_message(call.id, event))
        finally:
            await close_chunks(chunks)

    async def _say_for(self, call: "_Call | None", message: ServerMessage) -> None:
        """Send a message of a call, unless the call is over for the client."""
        if call is not None and self._calls.get(call.id) is call:
            await self._say(message)

    async def _say(self, message: ServerMessage) -> None:
        frame = encode_frame(message)
        key = "text" if isinstance(frame, str) else "bytes"
        await self._push({"type": "websocket.send", key: frame})

    async def _push(self, message: dict[str, Any]) -> None:
        try:
            async with self._sending:
                await self._send(message)
        except (OSError, RuntimeError) as error:
            # The client is gone; `receive` says so next.
            logger.debug("Not sent: %r", error, extra={"action": "client_disconnected"})

    def _end(self, call: "_Call") -> None:
        if self._calls.get(call.id) is call:
            del self._calls[call.id]
        if call.upload is not None:
            call.upload.abandon()

    def _abandon(self, call_id: PeerId) -> None:
        call = self._calls.get(call_id)
        if call is not None:
            self._end(call)
            if call.task is not None:
                call.task.cancel()

    def _abandon_all(self) -> None:
        for call_id in tuple(self._calls):
            self._abandon(call_id)

    def _too_many(self) -> ORPCError[Any]:
        return ORPCError(
            "TOO_MANY_REQUESTS",
            message=f"{self._limits.max_calls} calls of this websocket are running; "
            "wait for one of them",
        )

    def _stalled(self) -> ORPCError[Any]:
        return ORPCError(
            "TIMEOUT",
            message=f"No item was taken for {self._limits.stall_seconds} seconds while "
            f"{self._limits.max_buffered_items} were waiting",
        )


class _Call:
    """A call that has not been answered in full."""

    __slots__ = ("id", "task", "upload")

    def __init__(self, call_id: PeerId, upload: Upload | None) -> None:
        self.id = call_id
        self.upload = upload
        self.task: asyncio.Task[None] | None = None


def _size(frame: str | bytes) -> int:
    if isinstance(frame, str) and not frame.isascii():
        return len(frame.encode("utf-8", "surrogatepass"))
    return len(frame)


def _as_event(message: PeerEvent) -> EventMessage:
    """A frame as the server-sent event it would be over HTTP."""
    data = None if message.data is UNDEFINED else msgspec.json.encode(message.data).decode()
    meta = message.meta
    return EventMessage(
        event=message.event, data=data, id=meta.id, retry=meta.retry, comments=meta.comments
    )


def _as_message(call_id: PeerId, event: EventMessage) -> PeerEvent:
    """A server-sent event as the frame it is here."""
    return PeerEvent(
        id=call_id,
        event=cast("Any", event.event),
        data=UNDEFINED if event.data is None else msgspec.Raw(event.data.encode()),
        meta=EventMeta(id=event.id, retry=event.retry, comments=event.comments),
    )
