"""JSON bytes exactly as `JSON.stringify` writes them, and a bounded reader."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Protocol, TypeVar

import msgspec

from rawr.schema import Json

from ._errors import DecodeError, EncodeError

MAX_DEPTH = 256
"""How deep decoded JSON may nest."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer a JavaScript number holds exactly."""

R = TypeVar("R")

_SMALLEST_PLAIN = 1e-5
_FIRST_EXPONENT = 21
_LAST_LEADING_ZEROS = -6

_PLAIN = frozenset({str, bool, type(None)})

_encode = msgspec.json.Encoder().encode
parse_json = msgspec.json.Decoder().decode
"""The bare parser, of any depth and with errors of its own; see `load_json`."""


def dump_json(value: Json) -> bytes:
    """Encode plain JSON values (and `msgspec.Raw` fragments).

    Raises:
        EncodeError: The value is cyclic, or holds text that is not valid Unicode.
    """
    try:
        return _encode(value)
    except RecursionError:
        raise EncodeError("The value nests too deep for JSON, or contains itself") from None
    except UnicodeEncodeError:
        raise EncodeError("Text with a lone surrogate cannot travel; encode it first") from None
    except (TypeError, ValueError) as error:
        raise EncodeError(f"The value has no JSON form: {error}") from None


class RecordWriter(Protocol):
    """Makes what writes instances of a class that are nothing but members.

    That is text, flags, nulls and safe integers, which every protocol writes the same; any
    other instance, or value, is left to the other function.
    """

    def __call__(
        self, kind: type, names: Mapping[str, str], otherwise: Callable[[object], R], /
    ) -> Callable[[object], bytes | R]:
        """What writes instances of the class by the names their members have on the wire."""
        ...


def record_writer(member: str | None) -> RecordWriter:
    """What writes such instances alone, or as the one member of an object."""

    def make(
        kind: type, names: Mapping[str, str], otherwise: Callable[[object], R], /
    ) -> Callable[[object], bytes | R]:
        is_renamed = any(name != own for own, name in names.items())

        # One frame, and few steps in it: this is what most answers are written by.
        def write(value: object) -> bytes | R:
            if type(value) is not kind:
                return otherwise(value)
            record = members = value.__dict__
            try:
                for name, item in members.items():
                    type_ = type(item)
                    if type_ is not str and not (
                        type_ in _PLAIN
                        or (type_ is int and -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER)
                    ):
                        return otherwise(value)
                    if name not in names:
                        return otherwise(value)
                if is_renamed:
                    record = {names[name]: item for name, item in members.items()}
                return _encode(record if member is None else {member: record})
            except UnicodeEncodeError:  # for `dump_json` to tell of
                return otherwise(value)

        return write

    return make


def flat_writer(
    member: str | None, otherwise: Callable[[object], R]
) -> Callable[[object], bytes | R]:
    """The same for objects themselves."""

    def write(value: object) -> bytes | R:
        if type(value) is not dict:
            return otherwise(value)
        for name, item in value.items():
            kind = type(item)
            if type(name) is not str or not (
                kind in _PLAIN or (kind is int and -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER)
            ):
                return otherwise(value)
        try:
            return _encode(value if member is None else {member: value})
        except UnicodeEncodeError:
            return otherwise(value)

    return write


def load_json(content: bytes | str) -> Json:
    """Decode one JSON document that nests at most `MAX_DEPTH` deep.

    Raises:
        DecodeError: It is not JSON, nests too deep, or is not valid Unicode.
    """
    try:
        value = parse_json(content)
    except RecursionError:
        raise DecodeError(f"The JSON nests deeper than {MAX_DEPTH} levels") from None
    except UnicodeError:
        raise DecodeError("The JSON is not valid UTF-8") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise DecodeError(f"The body is not JSON: {error}") from None
    if len(content) > MAX_DEPTH and _openings(content) > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise DecodeError(f"The JSON nests deeper than {MAX_DEPTH} levels")
    return value


def _openings(content: bytes | str) -> int:
    if isinstance(content, str):
        return content.count("[") + content.count("{")
    return content.count(b"[") + content.count(b"{")


def _is_deeper(value: Json, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def json_number(number: float) -> Any:
    """What to put into a JSON tree so that a float is written as JavaScript writes it."""
    if number.is_integer():
        if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER:
            return int(number)
    elif number >= _SMALLEST_PLAIN or number <= -_SMALLEST_PLAIN:
        return number
    if not isfinite(number):
        return None
    return msgspec.Raw(format_number(number).encode())


def format_number(number: float) -> str:
    """A finite float as JavaScript's `String(number)` writes it."""
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading_zeros = len(whole + fraction) - len(digits)
    point = len(whole) - leading_zeros + int(exponent or 0)
    digits = digits.rstrip("0")
    return sign + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    if _LAST_LEADING_ZEROS < point <= 0:
        return f"0.{'0' * -point}{digits}"
    if 0 < point <= _FIRST_EXPONENT:
        if len(digits) <= point:
            return digits.ljust(point, "0")
        return f"{digits[:point]}.{digits[point:]}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"
