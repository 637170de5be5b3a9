"""Text forms of Python values that both protocols send as plain strings."""

import datetime as dt
import re
from decimal import Decimal
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import PurePath
from typing import Any
from uuid import UUID

from rawr.schema import RegExp, SchemaAdapter, adapt

from ._errors import EncodeError

AS_TEXT = (
    UUID,
    Decimal,
    PurePath,
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
"""Types whose `str` is their form on the wire."""

AS_ISO = (dt.date, dt.time)
"""Types whose `isoformat` is their form on the wire; they carry no tag."""

_URL = re.compile(
    r"(?:(?:https?|wss?|ftp):[/\\]*[^/\\?#\s]|(?!(?:https?|wss?|ftp):)[a-z][a-z0-9+.\-]*:)",
    re.IGNORECASE,
)
_SOURCE_ESCAPES = re.compile(
    r"(?P<kept>\\.|\[(?:\\.|[^\]\\\n\r\u2028\u2029])*\])|(?P<escaped>[/\n\r\u2028\u2029])"
)
_LINE_ESCAPES = {"\n": "\\n", "\r": "\\r", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def format_datetime(moment: dt.datetime) -> str:
    """As `Date.prototype.toISOString` writes it: UTC, three digits of milliseconds, `Z`.

    Raises:
        EncodeError: The datetime is naive, so it is no point in time.
    """
    zone = moment.tzinfo
    if zone is not dt.UTC:
        if zone is None or moment.utcoffset() is None:
            raise EncodeError(
                f"{moment!r} is naive; return an aware datetime, such as datetime.now(UTC)"
            )
        try:
            moment = moment.astimezone(dt.UTC)
        except OverflowError:
            raise EncodeError(f"{moment!r} lies outside the years 1 to 9999 in UTC") from None
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def format_duration(duration: dt.timedelta) -> str:
    """ISO 8601, as pydantic writes it: `P1DT2H`, `-PT0.5S`."""
    sign, duration = ("-", -duration) if duration < dt.timedelta() else ("", duration)
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{duration.microseconds:06d}".rstrip("0") if duration.microseconds else ""
    time = "".join(
        text
        for text, present in (
            (f"{hours}H", hours),
            (f"{minutes}M", minutes),
            (f"{seconds}{fraction}S", seconds or fraction),
        )
        if present
    )
    days = f"{duration.days}D" if duration.days else ""
    return f"{sign}P{days}T{time}" if time else f"{sign}P{days or 'T0S'}"


def format_regexp(expression: RegExp) -> str:
    """As `String(regexp)` writes it: `/source/flags`, source escaped where it must be."""
    source = _SOURCE_ESCAPES.sub(_escape_source, expression.source)
    return f"/{source or '(?:)'}/{expression.flags}"


def _escape_source(found: re.Match[str]) -> str:
    if found["kept"] is not None:
        return found["kept"]
    return _LINE_ESCAPES.get(found["escaped"], "\\/")


def is_url(text: str) -> bool:
    """Whether `new URL(text)` would take it, as far as scheme and host tell."""
    return _URL.match(text) is not None


def dump_model(value: object) -> object:
    """Turn a pydantic model, dataclass or Struct that no schema dumped into wire values.

    Raises:
        EncodeError: The value is none of these.
    """
    kind: type[Any] = type(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raise EncodeError("bytes have no JSON form; return a File, or base64 text")
    if not any(hasattr(kind, mark) for mark in _MODEL_MARKS):
        raise _formless(kind)
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        _ADAPTERS[kind] = adapter = adapt(kind)
    dumped = adapter.dump(value)
    if type(dumped) is kind:
        raise _formless(kind)
    return dumped


def _formless(kind: type[Any]) -> EncodeError:
    return EncodeError(
        f"{kind.__module__}.{kind.__qualname__} has no form on the wire; "
        "declare an output schema for it, or register a CustomType"
    )


_MODEL_MARKS = ("__pydantic_serializer__", "__dataclass_fields__", "__struct_fields__")
_ADAPTERS: dict[type[Any], SchemaAdapter[Any]] = {}
