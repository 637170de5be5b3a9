"""Bodies of requests and responses in their standard forms."""

import re
from collections.abc import Iterable
from typing import Any, Final

from rawr.contract import ORPCError
from rawr.wire import EncodeError, dump_json
from rawr.wire.body import EVENT_STREAM, StandardBody, encode_body, parse_body

from ._request import Request
from ._response import Header, Headers, Response

JSON_HEADERS: Final[Headers] = ((b"content-type", b"application/json"),)

_BODY_HEADERS: Final = (b"content-type", b"content-disposition")
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def is_json(request: Request) -> bool:
    """Whether the body is JSON: it says so, or says nothing at all."""
    headers = request.header_map
    content_type = headers.get(b"content-type")
    return (not content_type or content_type.startswith(b"application/json")) and (
        b"content-disposition" not in headers
    )


def parse_request_body(request: Request, body: bytes) -> StandardBody:
    """The standard body of a request whose body has been read.

    Raises:
        DecodeError: It is not what its content type says.
        ORPCError: UNSUPPORTED_MEDIA_TYPE: it is an event stream, which no contract takes in.
    """
    headers = {
        name.decode(): value.decode("latin-1")
        for name in _BODY_HEADERS
        if (value := request.header_map.get(name)) is not None
    }
    parsed = parse_body(body, headers)
    if parsed is EVENT_STREAM:
        raise _unsupported(request)
    return parsed


def standard_response(body: StandardBody, status: int = 200) -> Response:
    """The response that carries a standard body."""
    if type(body) is dict:
        return Response(status=status, headers=JSON_HEADERS, body=dump_json(body))
    encoded = encode_body(body)
    return Response(
        status=status, headers=encode_headers(encoded.headers.items()), body=encoded.content
    )


def encode_headers(headers: Iterable[tuple[str, str]]) -> list[Header]:
    """Headers as bytes, without the length, which sending adds.

    Raises:
        EncodeError: A name or value cannot be sent as it is, such as one with a line break.
    """
    return [
        _encode_header(name.lower(), value)
        for name, value in headers
        if name.lower() != "content-length"
    ]


def _encode_header(name: str, value: str) -> Header:
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise EncodeError(f"Header {name!r} cannot carry {value!r}: use printable Latin-1 text")
    return name.encode("latin-1"), value.encode("latin-1")


def _unsupported(request: Request) -> ORPCError[Any]:
    return ORPCError(
        "UNSUPPORTED_MEDIA_TYPE",
        message=f"{request.operation.name} takes no event stream; send one value",
    )
