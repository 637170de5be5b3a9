"""Python values to the tagged JSON of RPC protocol v1."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from enum import Enum
from typing import Any, Final, TypeAlias

from rawr.schema import UNDEFINED, File, Json, Map, RegExp, Undefined, Url
from rawr.wire._errors import EncodeError
from rawr.wire._json import MAX_SAFE_INTEGER, json_number
from rawr.wire._leaves import (
    AS_ISO,
    AS_TEXT,
    dump_model,
    format_datetime,
    format_duration,
    format_regexp,
    is_url,
)
from rawr.wire._values import InvalidDate, MapEntries, SetMembers

from ._types import CustomType, MetaEntry, Path, Tag

_PLAIN: Final = frozenset({str, bool, type(None)})
_MIN_SAFE_INTEGER: Final = -MAX_SAFE_INTEGER

_Write: TypeAlias = Callable[["Writer", Any, Path], Json]


class Writer:
    """One walk over one value; collects `meta`, and the files with their places.

    Leaves are tagged when met, containers after their children: a reader applies the tags
    in order and cannot descend into a `Set` that is already built.
    """

    __slots__ = ("_writers", "files", "maps", "meta")

    def __init__(self, writers: dict[type[Any], _Write]) -> None:
        self._writers = writers
        self.meta: list[MetaEntry] = []
        self.maps: list[list[str | int]] = []
        self.files: list[File] = []

    def write(self, value: object, path: Path = ()) -> Json:
        """The JSON of a value at a path."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        write = self._writers.get(kind)
        if write is None:
            write = self._resolve(kind)
        return write(self, value, path)

    def _resolve(self, kind: type[Any]) -> _Write:
        for base in kind.__mro__[1:]:
            if base in self._writers:
                self._writers[kind] = write = self._writers[base]
                return write
        if issubclass(kind, Mapping):
            write = _write_mapping
        elif issubclass(kind, AbstractSet):
            write = _write_set
        elif issubclass(kind, Sequence) and not issubclass(kind, bytes | bytearray | memoryview):
            write = _write_array
        else:
            write = _write_model
        self._writers[kind] = write
        return write


def make_writers(custom_types: tuple[CustomType, ...]) -> dict[type[Any], _Write]:
    """The writer of each type; an application's types come before the built-in ones."""
    return {**_BUILT_IN, **{custom.type: _custom_writer(custom) for custom in custom_types}}


def _custom_writer(custom: CustomType) -> _Write:
    def write(writer: Writer, value: object, path: Path) -> Json:
        json = writer.write(custom.serialize(value), path)
        writer.meta.append([custom.tag, *path])
        return json

    return write


def _write_object(writer: Writer, value: dict[Any, Any], path: Path) -> Json:
    for key in value:
        if type(key) is not str:
            return _write_keyed(writer, value, path)
    json: dict[str, Json] = {}
    write = writer.write
    for key, item in value.items():
        kind = type(item)
        if kind in _PLAIN or (kind is int and _MIN_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER):
            json[key] = item
        elif item is not UNDEFINED:
            json[key] = write(item, (*path, key))
    return json


def _write_mapping(writer: Writer, value: Mapping[Any, Any], path: Path) -> Json:
    return _write_object(writer, dict(value), path)


def _write_keyed(writer: Writer, value: dict[Any, Any], path: Path) -> Json:
    """A dict with keys that are not exactly `str`: an object if they are text, else a Map."""
    if all(isinstance(key, str) for key in value):
        return _write_object(writer, {str.__str__(k): v for k, v in value.items()}, path)
    return _write_map(writer, value, path)


def _write_array(writer: Writer, value: Iterable[Any], path: Path) -> Json:
    json: list[Json] = []
    append = json.append
    write = writer.write
    for index, item in enumerate(value):
        kind = type(item)
        if kind in _PLAIN or (kind is int and _MIN_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER):
            append(item)
        elif item is UNDEFINED:
            writer.meta.append([Tag.UNDEFINED.value, *path, index])
            append(None)
        else:
            append(write(item, (*path, index)))
    return json


def _write_set(writer: Writer, value: Iterable[Any], path: Path) -> Json:
    json = _write_array(writer, value, path)
    writer.meta.append([Tag.SET.value, *path])
    return json


def _write_map(writer: Writer, value: dict[Any, Any], path: Path) -> Json:
    return _write_entries(writer, value.items(), path)


def _write_entries(writer: Writer, value: Iterable[tuple[Any, Any]], path: Path) -> Json:
    json = _write_array(writer, value, path)
    writer.meta.append([Tag.MAP.value, *path])
    return json


def _write_integer(writer: Writer, value: int, path: Path) -> Json:
    if _MIN_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return int(value)
    writer.meta.append([Tag.BIGINT.value, *path])
    try:
        return int.__repr__(value)
    except ValueError:
        raise EncodeError("Integers of more than 4300 digits cannot travel") from None


def _write_float(writer: Writer, value: float, path: Path) -> Json:
    if value != value:  # noqa: PLR0124 - the one value that differs from itself is NaN
        writer.meta.append([Tag.NAN.value, *path])
        return None
    return json_number(value)


def _write_datetime(writer: Writer, value: dt.datetime, path: Path) -> Json:
    writer.meta.append([Tag.DATE.value, *path])
    return format_datetime(value)


def _write_invalid_date(writer: Writer, _value: InvalidDate, path: Path) -> Json:
    writer.meta.append([Tag.DATE.value, *path])
    return None


def _write_undefined(_writer: Writer, _value: Undefined, path: Path) -> Json:
    raise EncodeError(f"UNDEFINED at {list(path)} may not be what a value serializes to")


def _write_url(writer: Writer, value: Url, path: Path) -> Json:
    if not is_url(value):
        raise EncodeError(f"{str(value)!r} is no absolute URL; a Url needs a scheme and a host")
    writer.meta.append([Tag.URL.value, *path])
    return str.__str__(value)


def _write_regexp(writer: Writer, value: RegExp, path: Path) -> Json:
    writer.meta.append([Tag.REGEXP.value, *path])
    return format_regexp(value)


def _write_file(writer: Writer, value: File, path: Path) -> Json:
    writer.maps.append(list(path))
    writer.files.append(value)
    return {}


def _write_text(_writer: Writer, value: object, _path: Path) -> Json:
    return str(value)


def _write_string(_writer: Writer, value: str, _path: Path) -> Json:
    return str.__str__(value)


def _write_iso(_writer: Writer, value: dt.date | dt.time, _path: Path) -> Json:
    return value.isoformat()


def _write_duration(_writer: Writer, value: dt.timedelta, _path: Path) -> Json:
    return format_duration(value)


def _write_enum(writer: Writer, value: Enum, path: Path) -> Json:
    return writer.write(value.value, path)


def _write_model(writer: Writer, value: object, path: Path) -> Json:
    return writer.write(dump_model(value), path)


_BUILT_IN: Final[dict[type[Any], _Write]] = {
    str: _write_string,
    int: _write_integer,
    float: _write_float,
    dict: _write_object,
    list: _write_array,
    tuple: _write_array,
    set: _write_set,
    frozenset: _write_set,
    SetMembers: _write_set,
    Map: _write_map,
    MapEntries: _write_entries,
    dt.datetime: _write_datetime,
    InvalidDate: _write_invalid_date,
    Undefined: _write_undefined,
    Url: _write_url,
    RegExp: _write_regexp,
    File: _write_file,
    dt.timedelta: _write_duration,
    Enum: _write_enum,
    **dict.fromkeys(AS_TEXT, _write_text),
    **dict.fromkeys(AS_ISO, _write_iso),
}
