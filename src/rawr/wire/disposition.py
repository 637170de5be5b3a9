"""The headers of a file: its type, and its name in `content-disposition`."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from .path import encode_segment

__all__ = ["blob_type", "content_disposition", "filename_of"]

_NOT_PRINTABLE: Final = re.compile(r"[^\x20-\x7e]")
_STAR_ESCAPES: Final = str.maketrans({"'": "%27", "(": "%28", ")": "%29", "*": "%2A"})
_UNESCAPED: Final = {"%7C": "|", "%60": "`", "%5E": "^"}
_UNESCAPE: Final = re.compile("|".join(_UNESCAPED))
_EXTENDED: Final = re.compile(r"filename\*=(?:UTF-8'')?([^;]*)", re.IGNORECASE)
_QUOTED: Final = re.compile(r'filename="((?:\\"|[^"])*)"', re.IGNORECASE)
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def blob_type(media_type: str) -> str:
    """The type a `Blob` has: lower case, and nothing at all where it is not printable ASCII."""
    return "" if _NOT_PRINTABLE.search(media_type) else media_type.lower()


def content_disposition(filename: str, disposition: str = "inline") -> str:
    r"""The header for a file: an ASCII name for old readers, and the name itself in UTF-8.

    >>> content_disposition("é.txt")
    'inline; filename="_.txt"; filename*=utf-8\'\'%C3%A9.txt'
    """
    plain = _NOT_PRINTABLE.sub("_", _as_utf16_units(filename)).replace('"', '\\"')
    extended = encode_segment(filename).translate(_STAR_ESCAPES)
    extended = _UNESCAPE.sub(lambda found: _UNESCAPED[found[0]], extended)
    return f"{disposition}; filename=\"{plain}\"; filename*=utf-8''{extended}"


def _as_utf16_units(text: str) -> str:
    """JavaScript counts a character past U+FFFF as two, so two underscores stand for it."""
    return "".join(char if char <= "\uffff" else "\uffff\uffff" for char in text)


def filename_of(header: str) -> str | None:
    r"""The file name a header gives; the UTF-8 one counts before the ASCII one.

    >>> filename_of("inline; filename=\"_.txt\"; filename*=utf-8''%C3%A9.txt")
    'é.txt'
    """
    if extended := _EXTENDED.search(header):
        return _decode_component(extended[1])
    if quoted := _QUOTED.search(header):
        return quoted[1].replace('\\"', '"')
    return None


def _decode_component(text: str) -> str:
    """`decodeURIComponent`, or the text as it is where that would fail."""
    if _BAD_PERCENT.search(text):
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return text
