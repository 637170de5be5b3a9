"""JSON text as other languages write it, where what is no Unicode is replaced."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

_HIGH: Final = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
#: A whole surrogate pair, half of one, or any other escape, which must not be taken apart.
_ESCAPE: Final = re.compile(rb"(%b%b)|(%b|%b)|\\." % (_HIGH, _LOW, _HIGH, _LOW), re.DOTALL)
_REPLACEMENT: Final = rb"\ufffd"


def decode_lenient(decode: Callable[[bytes], T], text: bytes) -> T:
    """Decode JSON text; one that is not Unicode is decoded with what is wrong in it replaced.

    JavaScript writes half an emoji, as cutting a text short leaves it, as a lone surrogate.

    Raises:
        msgspec.DecodeError: it is not JSON, or not of the decoder's type.
    """
    try:
        return decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = _mended(text)
        if mended == text:
            raise
        return decode(mended)


def check_json(text: bytes) -> None:
    """Check that JSON text can be decoded: skipping it, as raw fields do, overlooks some faults.

    Raises:
        msgspec.DecodeError: it cannot.
        UnicodeDecodeError: it is not UTF-8.
    """
    msgspec.json.decode(text)


def _mended(text: bytes) -> bytes:
    text = text.decode(errors="replace").encode()
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found[2] else found[0], text)
