"""Responses made of standard bodies."""

import re
from collections.abc import Iterable
from typing import Final

from rawr.wire import EncodeError, dump_json
from rawr.wire.body import StandardBody, encode_body

from ._response import Header, Headers, Response

JSON_HEADERS: Final[Headers] = ((b"content-type", b"application/json"),)

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


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
