"""Realtime over HTTP: tokens, publishing, and subscribing by websocket or event stream."""

import codecs
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Final

import anyio
import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from rawr.durable.api._auth import guarded
from rawr.durable.api._query import json_body
from rawr.durable.api._responses import (
    BadRequest,
    BodyTooLarge,
    enveloped,
    iso,
    json_response,
    read_body,
)
from rawr.durable.api._settings import APISettings
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.event import Json
from rawr.durable.domain.limits import KIB
from rawr.durable.protocol.call import ACCOUNT_ID
from rawr.durable.realtime import (
    STREAM_TOPIC,
    Broadcaster,
    Message,
    MessageKind,
    Subscription,
    SubscriptionEnded,
    TokenRejected,
    TokenSigner,
    Topic,
)

_MAX_MESSAGE_BYTES: Final = 512 * KIB
_CHUNK_CHARACTERS: Final = KIB
_MAX_CHUNKS: Final = 1000
_MAX_TOPICS: Final = 100
_SSE_SECONDS: Final = 15 * 60
_KEEP_ALIVE_SECONDS: Final = 15
_CREATED: Final = 201

#: Websocket close codes: the token was refused; the subscriber did not keep up.
_REFUSED: Final = 1008
_TOO_SLOW: Final = 1013


class _TopicRequest(msgspec.Struct):
    channel: str
    name: str


class RealtimeRoutes:
    """``/v1/realtime``."""

    def __init__(self, settings: APISettings, clock: Clock, broadcaster: Broadcaster) -> None:
        self._settings = settings
        self._clock = clock
        self._broadcaster = broadcaster
        self._signer = TokenSigner(settings.signing_keys, env_id=ACCOUNT_ID)

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        settings = self._settings
        return [
            Route("/v1/realtime/token", guarded(settings, self._token), methods=["POST"]),
            Route("/v1/realtime/publish", guarded(settings, self._publish), methods=["POST"]),
            Route("/v1/realtime/publish/tee", guarded(settings, self._tee), methods=["POST"]),
            Route("/v1/realtime/sse", self._stream, methods=["GET"]),
            WebSocketRoute("/v1/realtime/connect", self._connect),
        ]

    async def _token(self, request: Request) -> Response:
        limit = self._settings.max_body_bytes
        wanted = await json_body(request, list[_TopicRequest], limit=limit)
        if not 1 <= len(wanted) <= _MAX_TOPICS:
            raise BadRequest(f"Ask for 1 to {_MAX_TOPICS} topics at once")
        topics = [Topic(channel=one.channel, name=one.name) for one in wanted]
        return json_response({"jwt": self._signer.issue(topics, now_s=self._now_s())}, _CREATED)

    async def _publish(self, request: Request) -> Response:
        channel = request.query_params.get("channel")
        topics = request.query_params.getlist("topic")
        if not channel or not topics:
            raise BadRequest("Name the channel and the topic: ?channel=...&topic=...")
        publication = _Publication(self._broadcaster, self._clock, request, channel, topics)
        if request.headers.get("content-type", "application/json").startswith("application/json"):
            body = await read_body(request, limit=_MAX_MESSAGE_BYTES)
            publication.send("data", _json_or_text(body))
        else:
            await publication.stream(request)
        return enveloped({"delivered": publication.delivered}, now_ms=self._clock.now_ms())

    async def _tee(self, request: Request) -> Response:
        """Bring what an endpoint streams to those who called it, as it comes in."""
        channel = request.query_params.get("channel")
        if not channel:
            raise BadRequest("Name the channel: ?channel=...")
        topic = Topic(channel=channel, name=STREAM_TOPIC)
        async for received in request.stream():
            if received:
                self._broadcaster.relay(topic, received)
        return enveloped({}, now_ms=self._clock.now_ms())

    async def _stream(self, request: Request) -> Response:
        topics = self._allowed(request)
        # An endpoint's stream is made of events already; it has a token of its own.
        is_raw = all(topic.name == STREAM_TOPIC for topic in topics)

        async def events() -> AsyncIterator[bytes]:
            with self._broadcaster.subscribe(topics) as subscription:
                async for message in _with_keep_alives(subscription):
                    if is_raw and message:
                        yield message
                    else:
                        yield b"data: " + message + b"\n\n" if message else b": keep-alive\n\n"

        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        return StreamingResponse(events(), headers=headers, media_type="text/event-stream")

    async def _connect(self, websocket: WebSocket) -> None:
        try:
            topics = self._allowed(websocket)
        except TokenRejected as error:
            await websocket.close(_REFUSED, str(error))
            return
        with self._broadcaster.subscribe(topics) as subscription:
            await websocket.accept()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_forward, subscription, websocket)
                await _until_disconnected(websocket)
                tasks.cancel_scope.cancel()

    def _allowed(self, connection: HTTPConnection) -> list[Topic]:
        token = connection.query_params.get("token")
        if token is None:
            scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
            token = credentials if scheme.lower() == "bearer" else ""
        return self._signer.topics(token, now_s=self._now_s())

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000


class _Publication:
    """What one request publishes."""

    def __init__(
        self,
        broadcaster: Broadcaster,
        clock: Clock,
        request: Request,
        channel: str,
        topics: Sequence[str],
    ) -> None:
        self._broadcaster = broadcaster
        self._clock = clock
        self._channel = channel
        self._topics = topics
        self._run_id = request.query_params.get("run_id") or None
        metadata = request.query_params.get("metadata")
        self._metadata = None if metadata is None else _json_or_text(metadata.encode())
        self.delivered = 0

    def send(self, kind: MessageKind, data: Json, *, stream_id: str | None = None) -> None:
        """Publish one message to every topic."""
        for topic in self._topics:
            message = Message(
                kind=kind,
                channel=self._channel,
                topic=topic,
                data=data,
                created_at=iso(self._clock.now_ms()),
                env_id=ACCOUNT_ID,
                run_id=self._run_id,
                stream_id=stream_id,
                metadata=self._metadata,
            )
            self.delivered += self._broadcaster.publish(message)

    async def stream(self, request: Request) -> None:
        """Publish a body as it comes in, in chunks between a start and an end.

        Raises:
            BodyTooLarge: it takes more than 1000 chunks.
        """
        stream_id = secrets.token_hex(8)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.send("datastream-start", stream_id)
        sent = 0
        try:
            async for received in request.stream():
                text = decoder.decode(received, final=not received)
                for start in range(0, len(text), _CHUNK_CHARACTERS):
                    sent += 1
                    if sent > _MAX_CHUNKS:
                        raise BodyTooLarge(f"A stream may have at most {_MAX_CHUNKS} chunks")
                    self.send("chunk", text[start : start + _CHUNK_CHARACTERS], stream_id=stream_id)
        finally:
            self.send("datastream-end", stream_id)


async def _forward(subscription: Subscription, websocket: WebSocket) -> None:
    try:
        while True:
            await websocket.send_text((await subscription.receive()).decode())
    except SubscriptionEnded as error:
        await websocket.close(_TOO_SLOW, str(error))
    except WebSocketDisconnect:
        return


async def _until_disconnected(websocket: WebSocket) -> None:
    """Read what the subscriber sends, which means nothing, until it goes."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _with_keep_alives(subscription: Subscription) -> AsyncIterator[bytes]:
    """Yield each message, and an empty one where none came for a while; ends after 15 minutes."""
    ends_at = anyio.current_time() + _SSE_SECONDS
    while (left := ends_at - anyio.current_time()) > 0:
        message = b""
        with anyio.move_on_after(min(left, _KEEP_ALIVE_SECONDS)):
            try:
                message = await subscription.receive()
            except SubscriptionEnded:
                return
        yield message


def _json_or_text(body: bytes) -> Json:
    """Return JSON, or the text itself: the TypeScript SDK sends strings as they are."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return body.decode(errors="replace")
