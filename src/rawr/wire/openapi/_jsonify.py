"""Python values to plain JSON, lossily (OpenAPI protocol, output)."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from rawr.schema import UNDEFINED, File, Json, KeyedDict, Map, RegExp, Undefined, Url
from rawr.wire._errors import EncodeError
from rawr.wire._json import MAX_SAFE_INTEGER, dump_json, json_number
from rawr.wire._leaves import (
    AS_ISO,
    AS_TEXT,
    dump_model,
    format_datetime,
    format_duration,
    format_regexp,
)
from rawr.wire._values import InvalidDate, MapEntries, SetMembers

_PLAIN: Final = frozenset({str, bool, type(None)})
_MIN_SAFE_INTEGER: Final = -MAX_SAFE_INTEGER

_Jsonify: TypeAlias = Callable[["Jsonifier", Any], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomJson:
    """An application's own type as plain JSON; there is no way back."""

    type: type[Any]
    serialize: Callable[[Any], object]


class Jsonifier:
    """One walk over one value, giving a JSON tree whose only other leaves are files.

    Dates become ISO text, big integers and URLs text, sets arrays, maps arrays of entries,
    `NaN` null; `UNDEFINED` properties are left out.
    """

    __slots__ = ("_writers", "has_file")

    def __init__(self, writers: dict[type[Any], _Jsonify]) -> None:
        self._writers = writers
        self.has_file = False

    def jsonify(self, value: object) -> Json:
        """The JSON tree of a value; `UNDEFINED` stays itself.

        Raises:
            EncodeError: Something in the value has no form on the wire.
        """
        if value is UNDEFINED:
            return value
        try:
            return self.write(value)
        except RecursionError:
            raise EncodeError("The value nests too deep, or contains itself") from None

    def write(self, value: object) -> Json:
        """One step of `jsonify`: the tree of a value inside the value."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        write = self._writers.get(kind)
        if write is None:
            write = self._resolve(kind)
        return write(self, value)

    def _resolve(self, kind: type[Any]) -> _Jsonify:
        for base in kind.__mro__[1:]:
            if base in self._writers:
                self._writers[kind] = write = self._writers[base]
                return write
        if issubclass(kind, Mapping):
            write = _object
        elif issubclass(kind, AbstractSet) or (
            issubclass(kind, Sequence) and not issubclass(kind, bytes | bytearray | memoryview)
        ):
            write = _array
        else:
            write = _model
        self._writers[kind] = write
        return write


def make_writers(
    custom_types: Iterable[CustomJson], *, keyed_as_objects: bool
) -> dict[type[Any], _Jsonify]:
    """The writer of each type; an application's types come before the built-in ones."""
    writers = {**_BUILT_IN, **{custom.type: _custom(custom) for custom in custom_types}}
    if keyed_as_objects:
        writers[KeyedDict] = _record
    return writers


def _custom(custom: CustomJson) -> _Jsonify:
    def write(jsonifier: Jsonifier, value: object) -> Json:
        return jsonifier.write(custom.serialize(value))

    return write


def _object(jsonifier: Jsonifier, value: Mapping[Any, Any]) -> Json:
    for key in value:
        if type(key) is not str:
            return _keyed(jsonifier, value)
    json: dict[str, Json] = {}
    write = jsonifier.write
    for key, item in value.items():
        kind = type(item)
        if kind in _PLAIN or (kind is int and _MIN_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER):
            json[key] = item
        elif item is not UNDEFINED:
            json[key] = write(item)
    return json


def _keyed(jsonifier: Jsonifier, value: Mapping[Any, Any]) -> Json:
    if all(isinstance(key, str) for key in value):
        return _object(jsonifier, {str.__str__(k): v for k, v in value.items()})
    return _array(jsonifier, value.items())


def _array(jsonifier: Jsonifier, value: Iterable[Any]) -> Json:
    write = jsonifier.write
    return [None if item is UNDEFINED else write(item) for item in value]


def _entries(jsonifier: Jsonifier, value: Mapping[Any, Any]) -> Json:
    return _array(jsonifier, value.items())


def _record(jsonifier: Jsonifier, value: Mapping[Any, Any]) -> Json:
    """An object, unless one of the keys is no scalar."""
    keys = [jsonifier.write(key) for key in value]
    if any(isinstance(key, dict | list | File) for key in keys):
        return _entries(jsonifier, value)
    names = (key if isinstance(key, str) else dump_json(key).decode() for key in keys)
    return _object(jsonifier, dict(zip(names, value.values(), strict=True)))


def _integer(_jsonifier: Jsonifier, value: int) -> Json:
    if _MIN_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return int(value)
    try:
        return int.__repr__(value)
    except ValueError:
        raise EncodeError("Integers of more than 4300 digits cannot travel") from None


def _float(_jsonifier: Jsonifier, value: float) -> Json:
    return json_number(value)


def _undefined(_jsonifier: Jsonifier, _value: Undefined) -> Json:
    raise EncodeError("UNDEFINED may not be what a value inside the value serializes to")


def _null(_jsonifier: Jsonifier, _value: object) -> Json:
    return None


def _string(_jsonifier: Jsonifier, value: str) -> Json:
    return str.__str__(value)


def _text(_jsonifier: Jsonifier, value: object) -> Json:
    return str(value)


def _iso(_jsonifier: Jsonifier, value: dt.date | dt.time) -> Json:
    return value.isoformat()


def _datetime(_jsonifier: Jsonifier, value: dt.datetime) -> Json:
    return format_datetime(value)


def _duration(_jsonifier: Jsonifier, value: dt.timedelta) -> Json:
    return format_duration(value)


def _regexp(_jsonifier: Jsonifier, value: RegExp) -> Json:
    return format_regexp(value)


def _enum(jsonifier: Jsonifier, value: Enum) -> Json:
    return jsonifier.write(value.value)


def _file(jsonifier: Jsonifier, value: File) -> Json:
    jsonifier.has_file = True
    return value


def _model(jsonifier: Jsonifier, value: object) -> Json:
    return jsonifier.write(dump_model(value))


_BUILT_IN: Final[dict[type[Any], _Jsonify]] = {
    str: _string,
    int: _integer,
    float: _float,
    dict: _object,
    list: _array,
    tuple: _array,
    set: _array,
    frozenset: _array,
    SetMembers: _array,
    Map: _entries,
    MapEntries: _array,
    dt.datetime: _datetime,
    InvalidDate: _null,
    Undefined: _undefined,
    Url: _string,
    RegExp: _regexp,
    File: _file,
    dt.timedelta: _duration,
    Enum: _enum,
    **dict.fromkeys(AS_TEXT, _text),
    **dict.fromkeys(AS_ISO, _iso),
}
