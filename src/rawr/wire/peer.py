"""Frames of the websocket and message-port protocol (RPC protocol v1, peer protocol).

A frame is text, or JSON, the byte 0xFF and a binary body. Frames must be handled strictly
in the order they arrive: the items of a stream follow their request at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, Literal, TypeAlias

from rawr.contract import EventMeta
from rawr.schema import UNDEFINED, File, Json

from ._errors import DecodeError
from ._json import dump_json, load_json
from ._leaves import is_url
from ._values import FormData, URLSearchParams
from .body import (
    EVENT_STREAM,
    Headers,
    StandardBody,
    encode_body,
    encode_urlencoded,
    file_from_body,
    flatten_header,
    headers_from_json,
    parse_urlencoded,
    random_boundary,
)
from .multipart import parse_multipart
from .path import split_url

__all__ = [
    "ClientMessage",
    "MessageType",
    "PeerAbort",
    "PeerEvent",
    "PeerId",
    "PeerRequest",
    "PeerResponse",
    "ServerMessage",
    "decode_client_frame",
    "decode_server_frame",
    "encode_frame",
]

_ORIGIN: Final = "http://orpc"
_BINARY_MARK: Final = b"\xff"

PeerId: TypeAlias = str | int
"""The client's name for a call; the server echoes it as it came, even a number."""

EventName: TypeAlias = Literal["message", "error", "done"]
_EVENT_NAMES: Final[dict[object, EventName]] = {
    "message": "message",
    "error": "error",
    "done": "done",
}


class MessageType(IntEnum):
    """What a frame is; requests and responses do not say it."""

    REQUEST = 1
    RESPONSE = 2
    EVENT_ITERATOR = 3
    ABORT_SIGNAL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRequest:
    """A call. `url` is a path with its query, or an absolute URL."""

    id: PeerId
    url: str
    method: str = "POST"
    headers: Headers = field(default_factory=dict)
    body: StandardBody = UNDEFINED

    @property
    def raw_path(self) -> bytes:
        """The path as it was sent, without the query."""
        return split_url(self.url)[0]

    @property
    def query(self) -> str:
        """The query string, without its question mark."""
        return split_url(self.url)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerResponse:
    """The answer to a call; a body of `EVENT_STREAM` announces `PeerEvent`s."""

    id: PeerId
    status: int = 200
    headers: Headers = field(default_factory=dict)
    body: StandardBody = UNDEFINED


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerEvent:
    """One event of a stream, in either direction; `data` is a serialized item."""

    id: PeerId
    event: EventName
    data: Json = UNDEFINED
    meta: EventMeta = field(default_factory=EventMeta)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerAbort:
    """The client gives up a call; from the server: stop sending your stream."""

    id: PeerId


ClientMessage: TypeAlias = PeerRequest | PeerEvent | PeerAbort
ServerMessage: TypeAlias = PeerResponse | PeerEvent | PeerAbort


def encode_frame(
    message: ClientMessage | ServerMessage, *, boundary: Callable[[], str] = random_boundary
) -> str | bytes:
    """The frame of a message: text, or bytes where the body is a file or a form.

    Raises:
        EncodeError: The body has no form on the wire.
    """
    match message:
        case PeerEvent():
            frame = {"i": message.id, "t": MessageType.EVENT_ITERATOR.value, "p": _event(message)}
            return dump_json(frame).decode()
        case PeerAbort():
            return dump_json({"i": message.id, "t": MessageType.ABORT_SIGNAL.value}).decode()
        case PeerRequest() | PeerResponse():
            json, binary, headers = _split_body(message, boundary)
            payload = (
                _request(message, json, headers)
                if isinstance(message, PeerRequest)
                else _response(message, json, headers)
            )
            encoded = dump_json({"i": message.id, "p": payload})
            return encoded + _BINARY_MARK + binary if binary else encoded.decode()


def _event(message: PeerEvent) -> dict[str, Json]:
    payload: dict[str, Json] = {"e": message.event}
    if message.data is not UNDEFINED:
        payload["d"] = message.data
    meta: dict[str, Json] = {}
    if message.meta.id is not None:
        meta["id"] = message.meta.id
    if message.meta.retry is not None:
        meta["retry"] = message.meta.retry
    if message.meta.comments:
        meta["comments"] = list(message.meta.comments)
    if meta:
        payload["m"] = meta
    return payload


def _request(message: PeerRequest, json: Json, headers: dict[str, Any]) -> dict[str, Json]:
    url = message.url
    payload: dict[str, Json] = {
        "u": url.removeprefix(_ORIGIN) if url.startswith(f"{_ORIGIN}/") else url
    }
    if json is not UNDEFINED:
        payload["b"] = json
    if headers:
        payload["h"] = headers
    if message.method != "POST":
        payload["m"] = message.method
    return payload


def _response(message: PeerResponse, json: Json, headers: dict[str, Any]) -> dict[str, Json]:
    payload: dict[str, Json] = {}
    if message.status != 200:  # noqa: PLR2004 - HTTP's own number
        payload["s"] = message.status
    if headers:
        payload["h"] = headers
    if json is not UNDEFINED:
        payload["b"] = json
    return payload


def _split_body(
    message: PeerRequest | PeerResponse, boundary: Callable[[], str]
) -> tuple[Json, bytes, dict[str, Any]]:
    """The JSON body, the binary body and the headers of a message."""
    headers = {
        name: value
        for name, value in message.headers.items()
        if name not in ("content-type", "content-disposition")
    }
    body = message.body
    if isinstance(body, File | FormData):
        disposition = flatten_header(message.headers.get("content-disposition"))
        encoded = encode_body(body, disposition=disposition, boundary=boundary)
        described = {k: v for k, v in encoded.headers.items() if k != "content-length"}
        return UNDEFINED, encoded.content, headers | described
    if isinstance(body, URLSearchParams):
        return encode_urlencoded(body), b"", headers | encode_body(body).headers
    if body is EVENT_STREAM:
        return UNDEFINED, b"", headers | encode_body(body).headers
    return body, b"", headers


def decode_client_frame(frame: str | bytes) -> ClientMessage:
    """What a client sent.

    Raises:
        DecodeError: The frame breaks the protocol; log it and go on.
    """
    json, binary = _load(frame)
    common = _common(json)
    if common is not None:
        return common
    payload = _payload(json)
    url, method = payload.get("u"), payload.get("m", "POST")
    if not isinstance(url, str) or not (url.startswith("/") or is_url(url)):
        raise DecodeError('A request frame needs "u": a path, or an absolute URL')
    if not isinstance(method, str):
        raise DecodeError('A request frame needs "m", if given, as text')
    headers = headers_from_json(payload.get("h"))
    return PeerRequest(
        id=json["i"],
        url=url,
        method=method,
        headers=headers,
        body=_body(headers, payload.get("b", UNDEFINED), binary),
    )


def decode_server_frame(frame: str | bytes) -> ServerMessage:
    """What a server sent.

    Raises:
        DecodeError: The frame breaks the protocol; log it and go on.
    """
    json, binary = _load(frame)
    common = _common(json)
    if common is not None:
        return common
    payload = _payload(json)
    status = payload.get("s", 200)
    if type(status) is not int:
        raise DecodeError('A response frame needs "s", if given, as a number')
    headers = headers_from_json(payload.get("h"))
    return PeerResponse(
        id=json["i"],
        status=status,
        headers=headers,
        body=_body(headers, payload.get("b", UNDEFINED), binary),
    )


def _load(frame: str | bytes) -> tuple[dict[str, Json], bytes]:
    if isinstance(frame, str):
        content: str | bytes = frame
        binary = b""
    else:
        content, _, binary = frame.partition(_BINARY_MARK)
    json = load_json(content)
    if type(json) is not dict or type(json.get("i")) not in (str, int):
        raise DecodeError('A frame is an object with an id "i", text or a whole number')
    return json, binary


def _common(json: dict[str, Json]) -> PeerEvent | PeerAbort | None:
    """The messages that look alike from both sides."""
    if json.get("t") == MessageType.ABORT_SIGNAL:
        return PeerAbort(id=json["i"])
    if json.get("t") != MessageType.EVENT_ITERATOR:
        return None
    payload = _payload(json)
    name = payload.get("e")
    if not isinstance(name, str) or name not in _EVENT_NAMES:
        raise DecodeError('An event frame needs "e": message, error or done')
    return PeerEvent(
        id=json["i"],
        event=_EVENT_NAMES[name],
        data=payload.get("d", UNDEFINED),
        meta=_meta(payload.get("m")),
    )


def _payload(json: dict[str, Json]) -> dict[str, Json]:
    payload = json.get("p")
    if type(payload) is not dict:
        raise DecodeError('A frame needs an object as its payload "p"')
    return payload


def _meta(json: Json) -> EventMeta:
    if json is None:
        return EventMeta()
    if type(json) is not dict:
        raise DecodeError('Event metadata "m" must be an object')
    event_id, retry, comments = json.get("id"), json.get("retry"), json.get("comments") or []
    if not (
        isinstance(event_id, str | None)
        and (retry is None or (type(retry) is int and retry >= 0))
        and type(comments) is list
        and all(type(comment) is str for comment in comments)
    ):
        raise DecodeError('Event metadata holds "id" (text), "retry" (number), "comments" (texts)')
    return EventMeta(id=event_id, retry=retry, comments=tuple(comments))


def _body(headers: Headers, json: Json, binary: bytes) -> StandardBody:
    content_type = flatten_header(headers.get("content-type")) or ""
    if flatten_header(headers.get("content-disposition")) is not None:
        return file_from_body(binary, headers)
    if content_type.startswith("multipart/form-data"):
        return parse_multipart(binary, content_type)
    if content_type.startswith("application/x-www-form-urlencoded") and isinstance(json, str):
        return parse_urlencoded(json)
    if content_type.startswith("text/event-stream"):
        return EVENT_STREAM
    return json
