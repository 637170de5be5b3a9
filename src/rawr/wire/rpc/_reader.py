"""The tagged JSON of RPC protocol v1 back to Python values, trusting none of it."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from rawr.schema import UNDEFINED, File, Json, Map, RegExp, Url
from rawr.wire._errors import DecodeError
from rawr.wire._leaves import is_url
from rawr.wire._values import INVALID_DATE, MapEntries, SetMembers, has_crafted_hashes

from ._types import CustomType, Tag

_Convert: TypeAlias = Callable[[Json], object]

_MAX_DIGITS: Final = 4300
_NAN: Final = float("nan")  # one object, so that a set holds it once, as JavaScript's does
_BIGINT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_FLAGS: Final = re.compile(r"[dgimsuvy]*")
_ISO_LENGTH: Final = 24
_ISO_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?"
)


def make_converters(custom_types: tuple[CustomType, ...]) -> dict[int, _Convert]:
    """What to do at a path for each tag; an application's types replace built-in ones."""
    return {**_BUILT_IN, **{custom.tag: _custom_converter(custom) for custom in custom_types}}


def read(
    json: Json,
    meta: Json,
    maps: Json,
    files: Callable[[int], File | str | None] | None,
    converters: dict[int, _Convert],
) -> object:
    """Put files and tagged values in their places; `json` is consumed.

    Raises:
        DecodeError: A path does not exist, or a value is not what its tag asks for.
    """
    root = [json]
    if maps is not None and files is not None:
        _place_files(root, _entries(maps, "maps"), files)
    for entry in _entries(meta, "meta"):
        if not entry:
            continue
        tag = entry[0]
        convert = converters.get(tag) if type(tag) is int else None
        if convert is not None:
            parent, key = _find(root, entry[1:])
            parent[key] = convert(parent[key])
    return root[0]


def _entries(value: Json, name: str) -> list[list[Any]]:
    if value is None:
        return []
    if type(value) is not list or not all(type(entry) is list for entry in value):
        raise DecodeError(f'Invalid RPC serialized data: "{name}" expects an array of arrays.')
    return value


def _place_files(
    root: list[Any], maps: list[list[Any]], files: Callable[[int], File | str | None]
) -> None:
    for index, path in enumerate(maps):
        file = files(index)
        if not isinstance(file, File):
            raise DecodeError(f"Invalid RPC serialized data: blob {index} is not a Blob.")
        parent, key = _find(root, path)
        parent[key] = file


def _find(root: list[Any], path: Sequence[object]) -> tuple[Any, Any]:
    """The container and own key a path leads to; only untouched JSON can be walked."""
    parent: Any = root
    key: Any = 0
    for segment in path:
        parent = parent[key]
        key = _own_key(parent, segment)
    return parent, key


def _own_key(container: Json, segment: object) -> str | int:
    if type(container) is dict:
        name = str(segment) if type(segment) is int else segment
        if type(name) is str and name in container:
            return name
    elif type(container) is list:
        index = int(segment) if type(segment) is str and _INDEX.fullmatch(segment) else segment
        if type(index) is int and 0 <= index < len(container):
            return index
    raise DecodeError(f"Invalid RPC serialized data: segment {segment!r} does not exist.")


def _wrong_type(tag: Tag, expected: str) -> DecodeError:
    return DecodeError(
        f"Invalid RPC serialized data: type {tag.value} ({tag.name.lower()}) expects {expected}."
    )


def _custom_converter(custom: CustomType) -> _Convert:
    def convert(value: Json) -> object:
        try:
            return custom.deserialize(value)
        except (TypeError, ValueError, LookupError) as error:
            raise DecodeError(
                f"Invalid RPC serialized data: type {custom.tag} refuses its value: {error}"
            ) from error

    return convert


def _read_bigint(value: Json) -> object:
    if type(value) is not str:
        raise _wrong_type(Tag.BIGINT, "a string")
    digits = len(value) - value.startswith("-")
    if digits > _MAX_DIGITS or _BIGINT.fullmatch(value) is None:
        raise _wrong_type(Tag.BIGINT, f"a decimal integer string of at most {_MAX_DIGITS} digits")
    return int(value)


def _read_date(value: Json) -> object:
    if value is None:
        return INVALID_DATE
    if type(value) is not str:
        raise _wrong_type(Tag.DATE, "a string or null")
    # What toISOString writes needs no second look; fromisoformat takes other forms too.
    if not (len(value) == _ISO_LENGTH and value[10] == "T" and value[23] == "Z") and (
        _ISO_DATE.fullmatch(value) is None
    ):
        raise _wrong_type(Tag.DATE, "an ISO 8601 date in the years 0001 to 9999")
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError as error:
        raise _wrong_type(Tag.DATE, f"a date that exists ({error})") from None
    if moment.tzinfo is dt.UTC:
        return moment
    return _in_utc(moment)


def _in_utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:  # a date without a time is midnight UTC in JavaScript
        return moment.replace(tzinfo=dt.UTC)
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise _wrong_type(Tag.DATE, "a date in the years 0001 to 9999") from None


def _read_nan(value: Json) -> object:
    if value is not None:
        raise _wrong_type(Tag.NAN, "null")
    return _NAN


def _read_undefined(value: Json) -> object:
    if value is not None:
        raise _wrong_type(Tag.UNDEFINED, "null")
    return UNDEFINED


def _read_url(value: Json) -> object:
    if type(value) is not str:
        raise _wrong_type(Tag.URL, "a string")
    if not is_url(value):
        raise _wrong_type(Tag.URL, "an absolute URL")
    return Url(value)


def _read_regexp(value: Json) -> object:
    if type(value) is not str:
        raise _wrong_type(Tag.REGEXP, "a string")
    start, _, rest = value.partition("/")
    source, slash, flags = rest.rpartition("/")
    if start or not slash or not _is_line(source) or not _are_flags(flags):
        raise _wrong_type(Tag.REGEXP, 'a "/pattern/flags" string')
    return RegExp(source, flags)


def _is_line(source: str) -> bool:
    return not any(end in source for end in "\n\r\u2028\u2029")


def _are_flags(flags: str) -> bool:
    return (
        _FLAGS.fullmatch(flags) is not None
        and len(set(flags)) == len(flags)
        and not ("u" in flags and "v" in flags)
    )


def _read_set(value: Json) -> object:
    if type(value) is not list:
        raise _wrong_type(Tag.SET, "an array")
    members = _as_set(value)
    if members is not None and len(members) == len(value):
        return members
    distinct = {_identity(member): member for member in value}
    return members if _holds_all(members, distinct) else SetMembers(distinct.values())


def _read_map(value: Json) -> object:
    if type(value) is not list or not all(type(entry) is list for entry in value):
        raise _wrong_type(Tag.MAP, "an array of entries")
    entries = [_entry(entry) for entry in value]
    keys = _as_set([key for key, _ in entries])
    if keys is not None and len(keys) == len(entries):
        return Map(entries)
    distinct = {_identity(key): (key, item) for key, item in entries}
    return Map(entries) if _holds_all(keys, distinct) else MapEntries(distinct.values())


def _as_set(members: list[Any]) -> set[Any] | None:
    """The members as Python tells them apart; None if it cannot hash them."""
    if has_crafted_hashes(members):
        raise DecodeError("Invalid RPC serialized data: numbers chosen to collide when hashed.")
    try:
        return set(members)
    except TypeError:
        return None


def _identity(member: object) -> tuple[object, object]:
    """What JavaScript tells members apart by: 1 is not true, and an object is only itself."""
    try:
        hash(member)
    except TypeError:
        return None, id(member)
    return type(member) is bool, member


def _holds_all(members: set[Any] | None, distinct: dict[Any, Any]) -> bool:
    return members is not None and len(members) == len(distinct)


def _entry(entry: list[Any]) -> tuple[Any, Any]:
    """`new Map` takes entries of any length; what is missing is undefined."""
    key, item, *_ = (*entry, UNDEFINED, UNDEFINED)
    return key, item


_BUILT_IN: Final[dict[int, _Convert]] = {
    Tag.BIGINT: _read_bigint,
    Tag.DATE: _read_date,
    Tag.NAN: _read_nan,
    Tag.UNDEFINED: _read_undefined,
    Tag.URL: _read_url,
    Tag.REGEXP: _read_regexp,
    Tag.SET: _read_set,
    Tag.MAP: _read_map,
}
