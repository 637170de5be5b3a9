"""Standard bodies: what a request or response carries, apart from its headers.

A standard body is JSON (a decoded tree), `FormData`, `URLSearchParams`, text, a `File`,
`EVENT_STREAM` (the items follow one by one), or `UNDEFINED` for no body at all.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, quote_plus

from rawr.schema import UNDEFINED, File, Json, Undefined

from ._errors import DecodeError
from ._json import dump_json, load_json
from ._values import FormData, URLSearchParams
from .disposition import blob_type, content_disposition, filename_of
from .multipart import DEFAULT_LIMITS, MultipartLimits, encode_multipart, parse_multipart

__all__ = [
    "EVENT_STREAM",
    "JSON_TYPE",
    "BodyKind",
    "EncodedBody",
    "EventStream",
    "Headers",
    "StandardBody",
    "body_kind",
    "encode_body",
    "encode_urlencoded",
    "file_from_body",
    "flatten_header",
    "headers_from_json",
    "parse_body",
    "parse_urlencoded",
    "random_boundary",
]

Headers: TypeAlias = Mapping[str, str | list[str]]
"""Headers by lower-cased name; a repeated header is a list."""

JSON_TYPE: Final = "application/json"
EVENT_STREAM_TYPE: Final = "text/event-stream"
URLENCODED_TYPE: Final = "application/x-www-form-urlencoded"
MULTIPART_TYPE: Final = "multipart/form-data"


class EventStream(Enum):
    """The body is an event iterator; its items travel apart from it."""

    EVENT_STREAM = "event stream"


EVENT_STREAM: Final = EventStream.EVENT_STREAM

StandardBody: TypeAlias = Any | FormData | URLSearchParams | File | EventStream | Undefined


class BodyKind(Enum):
    """How a body is to be read."""

    FILE = "file"
    JSON = "json"
    FORM_DATA = "form-data"
    URL_SEARCH_PARAMS = "url-search-params"
    EVENT_STREAM = "event-stream"
    TEXT = "text"


_KIND_BY_PREFIX: Final = (
    (JSON_TYPE, BodyKind.JSON),
    (MULTIPART_TYPE, BodyKind.FORM_DATA),
    (URLENCODED_TYPE, BodyKind.URL_SEARCH_PARAMS),
    (EVENT_STREAM_TYPE, BodyKind.EVENT_STREAM),
    ("text/plain", BodyKind.TEXT),
)


def flatten_header(value: str | list[str] | None) -> str | None:
    """One header value; repeated headers are joined by commas."""
    if isinstance(value, list):
        return ", ".join(value) if value else None
    return value


def headers_from_json(json: Json) -> Headers:
    """The headers in a frame or a batch item; none at all where they are missing.

    Raises:
        DecodeError: They are no object of texts or lists of texts.
    """
    if json is None:
        return {}
    if type(json) is not dict or not all(map(_is_header, json.values())):
        raise DecodeError("Headers are an object of texts or lists of texts")
    return json


def _is_header(value: Json) -> bool:
    return type(value) is str or (type(value) is list and all(type(line) is str for line in value))


def body_kind(headers: Headers) -> BodyKind:
    """How a body is read: a disposition makes a file, else the start of its type decides."""
    if "content-disposition" in headers:
        return BodyKind.FILE
    content_type = flatten_header(headers.get("content-type"))
    if not content_type:
        return BodyKind.JSON
    for prefix, kind in _KIND_BY_PREFIX:
        if content_type.startswith(prefix):
            return kind
    return BodyKind.FILE


def parse_body(
    content: bytes, headers: Headers, *, limits: MultipartLimits = DEFAULT_LIMITS
) -> StandardBody:
    """The standard body of a whole request or response body.

    An event stream gives `EVENT_STREAM`: ask `body_kind` first and read it piece by piece.

    Raises:
        DecodeError: The body is not what its content type says.
    """
    content_type = flatten_header(headers.get("content-type")) or ""
    match body_kind(headers):
        case BodyKind.JSON:
            return load_json(content) if content else UNDEFINED
        case BodyKind.FORM_DATA:
            return parse_multipart(content, content_type, limits)
        case BodyKind.URL_SEARCH_PARAMS:
            return parse_urlencoded(content)
        case BodyKind.EVENT_STREAM:
            return EVENT_STREAM
        case BodyKind.TEXT:
            return content.decode("utf-8", "replace")
        case BodyKind.FILE:
            return file_from_body(content, headers)


def file_from_body(content: bytes, headers: Headers) -> File:
    """The file a raw body is; one without a name is a `blob`."""
    name = filename_of(flatten_header(headers.get("content-disposition")) or "")
    media_type = blob_type(flatten_header(headers.get("content-type")) or "")
    return File(content, media_type, "blob" if name is None else name)


def parse_urlencoded(content: bytes | str) -> URLSearchParams:
    """The pairs of a query string or urlencoded body, as `new URLSearchParams` reads them."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    return URLSearchParams.of(parse_qsl(text.removeprefix("?"), keep_blank_values=True))


def encode_urlencoded(params: URLSearchParams) -> str:
    """The query string of the pairs, as `URLSearchParams.toString` writes it."""
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in params.entries)


def _encode(text: str) -> str:
    # quote_plus always keeps "~"; the form encoding does not.
    return quote_plus(text, safe="*").replace("~", "%7E")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedBody:
    """The bytes of a body and the headers that describe them."""

    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def random_boundary() -> str:
    """A multipart boundary nobody can guess."""
    return f"----formdata-rawr-{secrets.token_hex(12)}"


def encode_body(
    body: StandardBody,
    *,
    disposition: str | None = None,
    boundary: Callable[[], str] = random_boundary,
) -> EncodedBody:
    """The bytes and headers of a standard body; `EVENT_STREAM` gives the headers only.

    `disposition` is a `content-disposition` the caller chose for a file.

    Raises:
        EncodeError: The body has no form on the wire.
    """
    match body:
        case Undefined():
            return EncodedBody()
        case EventStream():
            return EncodedBody(headers={"content-type": EVENT_STREAM_TYPE})
        case File():
            return _encode_file(body, disposition)
        case FormData():
            chosen = boundary()
            return EncodedBody(
                content=encode_multipart(body.entries, chosen),
                headers={"content-type": f"{MULTIPART_TYPE}; boundary={chosen}"},
            )
        case URLSearchParams():
            return EncodedBody(
                content=encode_urlencoded(body).encode(),
                headers={"content-type": URLENCODED_TYPE},
            )
        case _:
            return EncodedBody(content=dump_json(body), headers={"content-type": JSON_TYPE})


def _encode_file(file: File, disposition: str | None) -> EncodedBody:
    return EncodedBody(
        content=file.content,
        headers={
            "content-type": blob_type(file.media_type),
            "content-length": str(len(file.content)),
            "content-disposition": disposition or content_disposition(file.name),
        },
    )
