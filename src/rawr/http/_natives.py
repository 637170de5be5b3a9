"""Text as numbers, booleans and native types, read as JavaScript reads it."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from rawr.schema import RegExp, Url
from rawr.wire import DecodeError, Map, MapEntries, SetMembers
from rawr.wire.rpc import RPCSerializer

Outcome: TypeAlias = tuple[bool, Any]
"""Whether a value is what was asked for, and the value."""

_SPACE: Final = r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*"
_NUMBER: Final = re.compile(
    rf"{_SPACE}([+-]?)(Infinity|(?:([0-9]+)\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?){_SPACE}"
)
_HEXADECIMAL: Final = re.compile(rf"{_SPACE}0[xX]([0-9a-fA-F]+){_SPACE}")
_MAX_DIGITS: Final = 4300
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "on": True, "false": False, "off": False}

_DATE: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?:Z|\+([0-9]{2}):([0-9]{2}))?)?"
)
_SERIALIZER: Final = RPCSerializer()
_TAGS: Final = {"bigint": 0, "url": 4, "regexp": 5, "set": 6, "map": 7}


def is_number(value: object) -> bool:
    """Whether JavaScript has it as a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def to_number(value: Any) -> Any:
    """Text that is a number, as that number; a whole one as an `int`."""
    found = _NUMBER.fullmatch(value) if type(value) is str else None
    if found is None:
        return value
    number = float(found[1] + found[2])
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def to_integer(value: Any) -> Any:
    """Text that is a whole number, as an `int`: exactly, however large."""
    if type(value) is not str or len(value) > _MAX_DIGITS:
        return value
    if value.isdecimal() and value.isascii():
        return int(value)
    hexadecimal = _HEXADECIMAL.fullmatch(value)
    if hexadecimal is not None:
        return int(hexadecimal[1], 16)
    found = _NUMBER.fullmatch(value)
    if found is None or found[3] is None or float(found[3]) != float(found[2]):
        return value
    return int(found[1] + found[3])


def to_boolean(value: Any) -> Any:
    """`true`, `on`, `false` and `off`, in any case, as booleans."""
    return _BOOLEANS.get(value.lower(), value) if type(value) is str else value


@dataclass(frozen=True, slots=True)
class Kind:
    """A type a schema may ask for."""

    read: Callable[[Any], Any]
    """The value as this type; itself where it cannot be that."""
    holds: Callable[[Any], bool]
    """Whether a value is of this type."""

    def outcome(self, value: Any) -> Outcome:
        """The value as this type, and whether it is of it."""
        value = self.read(value)
        return self.holds(value), value


def _of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds) and not isinstance(value, bool)


def _date(value: Any) -> Any:
    """A date in ISO 8601; without an offset it is UTC, and west of it no date to oRPC."""
    found = _DATE.fullmatch(value) if type(value) is str else None
    if found is None:
        return value
    year, month, day, hour, minute, second, fraction, ahead_h, ahead_m = found.groups("0")
    try:
        moment = dt.datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=dt.UTC
        )
        ahead = dt.timedelta(hours=int(ahead_h), minutes=int(ahead_m))
        return moment + dt.timedelta(milliseconds=int(f"{fraction:0<3}"[:3])) - ahead
    except (ValueError, OverflowError):
        return value


def _bigint(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _tagged("bigint", value) if type(value) is str else value


def _set(value: Any) -> Any:
    read = _tagged("set", list(value)) if type(value) is list else value
    return value if type(value) is list and len(read) != len(value) else read


def _map(value: Any) -> Any:
    if type(value) is not list or any(type(it) is not list or len(it) != 2 for it in value):  # noqa: PLR2004 - a pair
        return value
    read = _tagged("map", [list(entry) for entry in value])
    return value if len(read) != len(value) else read


def _as_it_is(value: Any) -> Any:
    return value


def _text(name: str) -> Callable[[Any], Any]:
    return lambda value: _tagged(name, value) if type(value) is str else value


def _tagged(name: str, value: Any) -> Any:
    """As the RPC protocol reads a value with this type's tag."""
    try:
        return _SERIALIZER.deserialize({"json": value, "meta": [[_TAGS[name]]]})
    except DecodeError:
        return value


SCALARS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "null": Kind(_as_it_is, lambda value: value is None),
        "string": Kind(_as_it_is, lambda value: type(value) is str),
        "number": Kind(to_number, is_number),
        "integer": Kind(to_integer, lambda value: is_number(value) and value == value // 1),
        "boolean": Kind(to_boolean, lambda value: isinstance(value, bool)),
    }
)
"""By the `type` of a schema; arrays and objects are looked into."""

NATIVES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "date": Kind(_date, _of(dt.datetime)),
        "bigint": Kind(_bigint, _of(int)),
        "regexp": Kind(_text("regexp"), _of(RegExp)),
        "url": Kind(_text("url"), _of(Url)),
        "set": Kind(_set, _of(set, frozenset, SetMembers)),
        "map": Kind(_map, _of(Map, MapEntries)),
    }
)
"""By the `x-native-type` of a schema."""
