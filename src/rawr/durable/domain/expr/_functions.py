"""The functions of the dialect: CEL's standard ones and the engine's own."""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rawr.durable.domain.durations import DurationError, parse_duration, parse_instant_ms
from rawr.durable.domain.expr._errors import ExpressionTypeError
from rawr.durable.domain.expr._regex import PatternError, compile_pattern
from rawr.durable.domain.expr._runtime import Scope
from rawr.durable.domain.expr._values import UInt, describe, fit_int, is_unknown, to_text

_Body: TypeAlias = Callable[..., object]
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One name: how many operands it takes, how it may be called, and what it answers.

    The receiver of a method call is its first operand. `of_unknown` is the answer where an
    operand is null or missing.
    """

    body: _Body
    arity: tuple[int, ...] = (1,)
    as_function: bool = True
    as_method: bool = False
    of_unknown: object = False
    accepts_unknown: bool = False

    def __call__(self, scope: Scope, operands: list[object]) -> object:
        if not self.accepts_unknown and any(map(is_unknown, operands)):
            return self.of_unknown
        for operand in operands:
            scope.touch(operand)
        return self.body(scope, *operands)


def _text(value: object, name: str) -> str:
    if type(value) is not str:
        raise ExpressionTypeError(f"{name}() is not defined for {describe(value)}")
    return value


def _on_texts(name: str, body: Callable[..., object]) -> _Body:
    return lambda _scope, *operands: body(*(_text(operand, name) for operand in operands))


def _size(_scope: Scope, value: object) -> int:
    if isinstance(value, str | bytes | list | tuple | dict):
        return len(value)
    raise ExpressionTypeError(f"size() is not defined for {describe(value)}")


def _matches(scope: Scope, value: object, pattern: object) -> bool:
    text = _text(value, "matches")
    try:
        compiled = compile_pattern(_text(pattern, "matches"))
    except PatternError as error:
        raise ExpressionTypeError(f"matches(): {error}") from error
    return compiled.search(text, scope.spend)


def _int(_scope: Scope, value: object) -> int:
    match value:
        case bool():
            raise ExpressionTypeError("int() is not defined for bool")
        case int():
            return fit_int(int(value))
        case float() if math.isfinite(value):
            return fit_int(int(value))
        case datetime():
            return int(value.timestamp())
        case str():
            return fit_int(_parsed(int, value, "int"))
        case _:
            raise ExpressionTypeError(f"int() is not defined for this {describe(value)}")


def _uint(scope: Scope, value: object) -> UInt:
    number = int(value) if type(value) is UInt else _uint_number(scope, value)
    if not 0 <= number < 1 << 64:
        raise ExpressionTypeError("unsigned integer overflow")
    return UInt(number)


def _uint_number(scope: Scope, value: object) -> int:
    if type(value) is float and math.isfinite(value):
        return int(value)
    if type(value) is str:
        return _parsed(int, value, "uint")
    return _int(scope, value)


def _double(_scope: Scope, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is str:
        return _parsed(float, value, "double")
    raise ExpressionTypeError(f"double() is not defined for {describe(value)}")


def _parsed(convert: Callable[[str], _Number], text: str, name: str) -> _Number:
    try:
        if "_" in text or text != text.strip():
            raise ValueError(text)  # noqa: TRY301 - Python reads more spellings than CEL
        return convert(text)
    except ValueError as error:
        raise ExpressionTypeError(f"{name}() cannot read {text[:40]!r}") from error


def _string(_scope: Scope, value: object) -> str:
    if isinstance(value, bytes):
        return _decoded(value, "string")
    if isinstance(value, list | tuple | dict):
        raise ExpressionTypeError(f"string() is not defined for {describe(value)}")
    return to_text(value)


def _bool(_scope: Scope, value: object) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "True": True, "TRUE": True, "t": True, "1": True,
             "false": False, "False": False, "FALSE": False, "f": False, "0": False}  # fmt: skip
    if type(value) is str and value in known:
        return known[value]
    raise ExpressionTypeError(f"bool() is not defined for this {describe(value)}")


def _bytes(_scope: Scope, value: object) -> bytes:
    return value if isinstance(value, bytes) else _text(value, "bytes").encode()


def _decoded(value: bytes, name: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise ExpressionTypeError(f"{name}() needs UTF-8") from error


def _b64decode(text: str) -> str:
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ExpressionTypeError("b64decode() needs base64") from error
    return _decoded(value, "b64decode")


def _json_parse(text: str) -> object:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExpressionTypeError("json_parse() needs JSON") from error
    return float(parsed) if type(parsed) is int else parsed


def _timestamp(ms: float) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    except (OverflowError, ValueError) as error:
        raise ExpressionTypeError("the time is out of range") from error


def _date(_scope: Scope, value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _timestamp(value)
    try:
        return _timestamp(parse_instant_ms(_text(value, "date")))
    except DurationError as error:
        raise ExpressionTypeError(f"date(): {error}") from error


def _standard_timestamp(scope: Scope, value: object) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _timestamp(value * 1_000)
    return _date(scope, value)


def _duration(value: object, name: str) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(_text(value, name))
    except DurationError as error:
        raise ExpressionTypeError(f"{name}(): {error}") from error


def _now(scope: Scope) -> datetime:
    return _timestamp(scope.now_ms())


def _now_shifted(name: str, direction: int) -> _Body:
    def body(scope: Scope, value: object) -> datetime:
        return _timestamp(scope.now_ms() + direction * (_duration(value, name) / _MILLISECOND))

    return body


_MILLISECOND = timedelta(milliseconds=1)


def _zone(name: object) -> tzinfo:
    text = _text(name, "time zone")
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ExpressionTypeError(f"{text[:40]!r} is not a time zone") from error


def _calendar(name: str, read: Callable[[datetime], int]) -> _Body:
    def body(_scope: Scope, value: object, zone: object = "UTC") -> int:
        if not isinstance(value, datetime):
            raise ExpressionTypeError(f"{name}() is not defined for {describe(value)}")
        return read(value.astimezone(_zone(zone)))

    return body


def _clock(name: str, read: Callable[[datetime], int], unit: timedelta) -> _Body:
    calendar = _calendar(name, read)

    def body(scope: Scope, value: object, zone: object = "UTC") -> int:
        if not isinstance(value, timedelta):
            return int(str(calendar(scope, value, zone)))
        whole = abs(value) // unit
        return -whole if value < timedelta() else whole

    return body


def _accessor(body: _Body) -> Function:
    return Function(body=body, arity=(1, 2), as_function=False, as_method=True)


def _string_method(name: str, body: Callable[[str, str], bool]) -> Function:
    return Function(body=_on_texts(name, body), arity=(2,), as_function=False, as_method=True)


_CALENDAR: Mapping[str, Callable[[datetime], int]] = {
    "getFullYear": lambda t: t.year,
    "getMonth": lambda t: t.month - 1,
    "getDate": lambda t: t.day,
    "getDayOfMonth": lambda t: t.day - 1,
    "getDayOfWeek": lambda t: t.isoweekday() % 7,
    "getDayOfYear": lambda t: t.timetuple().tm_yday - 1,
}
_CLOCK: Mapping[str, tuple[Callable[[datetime], int], timedelta]] = {
    "getHours": (lambda t: t.hour, timedelta(hours=1)),
    "getMinutes": (lambda t: t.minute, timedelta(minutes=1)),
    "getSeconds": (lambda t: t.second, timedelta(seconds=1)),
    "getMilliseconds": (lambda t: t.microsecond // 1_000, _MILLISECOND),
}

FUNCTIONS: Mapping[str, Function] = {
    "size": Function(body=_size, as_method=True, of_unknown=0),
    "contains": _string_method("contains", lambda text, part: part in text),
    "startsWith": _string_method("startsWith", str.startswith),
    "endsWith": _string_method("endsWith", str.endswith),
    "matches": Function(body=_matches, arity=(2,), as_method=True),
    "int": Function(body=_int),
    "uint": Function(body=_uint),
    "double": Function(body=_double),
    "string": Function(body=_string),
    "bool": Function(body=_bool),
    "bytes": Function(body=_bytes),
    "dyn": Function(body=lambda _scope, value: value, accepts_unknown=True),
    "type": Function(body=lambda _scope, value: describe(value), accepts_unknown=True),
    "timestamp": Function(body=_standard_timestamp),
    "duration": Function(body=lambda _scope, value: _duration(value, "duration")),
    "lowercase": Function(body=_on_texts("lowercase", str.lower)),
    "uppercase": Function(body=_on_texts("uppercase", str.upper)),
    "b64decode": Function(body=_on_texts("b64decode", _b64decode)),
    "json_parse": Function(body=_on_texts("json_parse", _json_parse)),
    "date": Function(body=_date),
    "now": Function(body=_now, arity=(0,)),
    "now_plus": Function(body=_now_shifted("now_plus", 1)),
    "now_minus": Function(body=_now_shifted("now_minus", -1)),
    **{name: _accessor(_calendar(name, read)) for name, read in _CALENDAR.items()},
    **{name: _accessor(_clock(name, read, unit)) for name, (read, unit) in _CLOCK.items()},
}

CONVERSIONS = frozenset({"int", "uint", "double"})
"""The only functions an expression under the restrictive policy may call."""
