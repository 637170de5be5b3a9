"""`multipart/form-data`: text fields and files in one body (RPC protocol v1, blobs)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rawr.schema import File

from ._errors import DecodeError, EncodeError
from ._values import FormData
from .disposition import blob_type

__all__ = ["DEFAULT_LIMITS", "MultipartLimits", "encode_multipart", "parse_multipart"]

_MEDIA_TYPE: Final = "multipart/form-data"
_DEFAULT_FILE_TYPE: Final = "application/octet-stream"
_UNTYPED_FILE: Final = "text/plain"
_LONGEST_BOUNDARY: Final = 70
_BOUNDARY: Final = re.compile(r';\s*boundary=(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
_PARAMETER: Final = re.compile(r';\s*(name|filename)="((?:\\"|[^"])*)"', re.IGNORECASE)
_FORM_DATA: Final = re.compile(r"form-data\s*(?:;|$)", re.IGNORECASE)
_ESCAPED: Final = re.compile(r'%0A|%0D|%22|\\"', re.IGNORECASE)
_UNESCAPED: Final = {"%0a": "\n", "%0d": "\r", "%22": '"', '\\"': '"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipartLimits:
    """How much a form may hold before it is refused; sizes in bytes."""

    parts: int = 1_000
    header_bytes: int = 16 * 1024
    total_bytes: int = 64 * 1024 * 1024


DEFAULT_LIMITS: Final = MultipartLimits()


def encode_multipart(entries: Iterable[tuple[str, str | File]], boundary: str) -> bytes:
    """The body of a form; its type is `multipart/form-data; boundary=<boundary>`.

    Names and text get CRLF line ends, as every form encoder does.

    Raises:
        EncodeError: The boundary occurs in a part; choose a longer random one.
    """
    parts: list[bytes] = []
    delimiter = f"--{boundary}".encode()
    for name, value in entries:
        content = value.content if isinstance(value, File) else _crlf(value).encode()
        if delimiter in content:
            raise EncodeError("The multipart boundary occurs in a part; use a random one")
        parts += (delimiter, b"\r\n", _part_headers(name, value), b"\r\n\r\n", content, b"\r\n")
    return b"".join([*parts, delimiter, b"--\r\n"])


def _part_headers(name: str, value: str | File) -> bytes:
    headers = f'Content-Disposition: form-data; name="{_escape(_crlf(name))}"'
    if isinstance(value, File):
        headers += f'; filename="{_escape(value.name)}"'
        headers += f"\r\nContent-Type: {blob_type(value.media_type) or _DEFAULT_FILE_TYPE}"
    return headers.encode()


def _crlf(text: str) -> str:
    return _LINE_ENDS.sub("\r\n", text)


def _escape(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def parse_multipart(
    content: bytes, content_type: str, limits: MultipartLimits = DEFAULT_LIMITS
) -> FormData:
    """The fields of a form; a part without a file name is text. Linear in the body.

    Raises:
        DecodeError: The form is malformed, cut off, or beyond the limits.
    """
    if len(content) > limits.total_bytes:
        raise DecodeError(f"The form is larger than {limits.total_bytes} bytes")
    delimiter = b"--" + _boundary_of(content_type)
    entries: list[tuple[str, str | File]] = []
    for headers, body in _parts(content, delimiter, limits):
        if len(entries) == limits.parts:
            raise DecodeError(f"The form has more than {limits.parts} parts")
        entries.append(_entry(headers, body))
    return FormData.of(entries)


def _boundary_of(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    boundary = (found[1] or found[2] or "") if found else ""
    if not boundary or len(boundary) > _LONGEST_BOUNDARY or not boundary.isascii():
        raise DecodeError(f"{_MEDIA_TYPE} needs a boundary of 1 to {_LONGEST_BOUNDARY} characters")
    return boundary.encode()


def _parts(
    content: bytes, delimiter: bytes, limits: MultipartLimits
) -> Iterator[tuple[bytes, bytes]]:
    position = _first_part(content, delimiter)
    next_delimiter = b"\r\n" + delimiter
    while not content.startswith(b"--", position):
        if not content.startswith(b"\r\n", position):
            raise DecodeError("A multipart boundary is not followed by a line end")
        end = content.find(next_delimiter, position + 2)
        if end < 0:
            raise DecodeError("The form ends before its last boundary")
        yield _split_part(content, position + 2, end, limits.header_bytes)
        position = end + len(next_delimiter)


def _first_part(content: bytes, delimiter: bytes) -> int:
    if content.startswith(delimiter):
        return len(delimiter)
    start = content.find(b"\r\n" + delimiter)
    if start < 0:
        raise DecodeError("The form does not hold its boundary")
    return start + 2 + len(delimiter)


def _split_part(content: bytes, start: int, end: int, header_bytes: int) -> tuple[bytes, bytes]:
    blank = content.find(b"\r\n\r\n", start, min(end, start + header_bytes))
    if blank < 0:
        raise DecodeError(f"A part has no blank line within its first {header_bytes} bytes")
    return content[start:blank], content[blank + 4 : end]


def _entry(raw_headers: bytes, body: bytes) -> tuple[str, str | File]:
    headers = _headers(raw_headers)
    disposition = headers.get("content-disposition", "")
    parameters = {
        found[1].lower(): _unescape(found[2]) for found in _PARAMETER.finditer(disposition)
    }
    if _FORM_DATA.match(disposition) is None or "name" not in parameters:
        raise DecodeError('A part needs Content-Disposition: form-data; name="..."')
    if "filename" not in parameters:
        return parameters["name"], body.decode("utf-8", "replace")
    media_type = headers.get("content-type", _UNTYPED_FILE)
    return parameters["name"], File(body, media_type, parameters["filename"])


def _headers(raw: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            raise DecodeError("A part has a header line without a colon")
        headers[name.strip().lower()] = value.strip()
    return headers


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: _UNESCAPED[found[0].lower()], text)
