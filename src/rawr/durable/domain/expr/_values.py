"""Values and operators: the coercion tables of the dialect.

The dialect is CEL with three departures. A path that leads nowhere is *missing*, which every
operator answers in its own way instead of failing. Logic uses JavaScript truthiness and returns
the deciding operand. Numbers mix, and ``+`` joins a string with anything.

JSON numbers are doubles, as they are for the Inngest server: `from_json` makes them so where a
value leaves the event. Lists and maps written in the expression are `tuple` and `MapValue`, which
is how they are told from JSON ones.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from rawr.durable.domain.expr._errors import ExpressionTypeError


class Missing(Enum):
    """The value of a path that leads nowhere."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class UInt(int):
    """A CEL uint."""

    __slots__ = ()


class MapValue(dict[object, object]):
    """A map written in the expression itself."""

    __slots__ = ()


_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)
_NUMBERS = frozenset({int, float, UInt})
_PLAIN_POWERS = range(-4, 6)


def from_json(value: object) -> object:
    """A value read out of JSON data: its integers are doubles."""
    return float(value) if type(value) is int else value


def is_unknown(value: object) -> bool:
    """True for null and missing."""
    return value is None or value is MISSING


def is_truthy(value: object) -> bool:
    """JavaScript truthiness: null, missing, false, 0, NaN and "" are falsy."""
    if isinstance(value, bool):
        return value
    if type(value) in _NUMBERS or type(value) is str:
        return bool(value) and value == value  # noqa: PLR0124 - NaN is the one unequal to itself
    return not is_unknown(value)


def equal(left: object, right: object) -> bool:
    """``==``: numbers compare across types, missing equals null, other types never mix."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return left == right
    if is_unknown(left) or is_unknown(right):
        return is_unknown(left) and is_unknown(right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return len(left) == len(right) and all(
            equal(value, lookup(right, key)) and has_key(right, key) for key, value in left.items()
        )
    return type(left) is type(right) and left == right


def compare(operator: str, left: object, right: object) -> bool:
    """``< <= > >=``: missing sorts below everything, null as the zero of the other type.

    Raises:
        ExpressionTypeError: the two types have no order.
    """
    if left is MISSING or right is MISSING:
        return operator in ({"<", "<="} if left is MISSING else {">", ">="})
    left, right = _zero_for(left, right), _zero_for(right, left)
    mixed_numbers = type(left) in _NUMBERS and type(right) in _NUMBERS
    if not mixed_numbers and (type(left) is not type(right) or type(left) not in _ORDERED):
        raise ExpressionTypeError(f"{describe(left)} {operator} {describe(right)} has no order")
    return _COMPARISONS[operator](left, right)


_ORDERED = frozenset({bool, str, bytes, datetime, timedelta})
_COMPARISONS: Mapping[str, Callable[..., bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_ZEROS: Mapping[type, object] = {
    int: 0, float: 0, UInt: 0, str: "", bytes: b"", bool: False,
    timedelta: timedelta(), datetime: datetime(1970, 1, 1, tzinfo=UTC), type(None): 0,
}  # fmt: skip


def _zero_for(value: object, other: object) -> object:
    return _ZEROS.get(type(other)) if value is None else value


def contains(container: object, value: object) -> bool:
    """``in``: an item of a list or a key of a map.

    Raises:
        ExpressionTypeError: the container is neither.
    """
    if is_unknown(container) or value is MISSING:
        return False
    if isinstance(container, list | tuple):
        return any(equal(item, value) for item in container)
    if isinstance(container, dict):
        return has_key(container, value)
    raise ExpressionTypeError(f"{describe(container)} holds nothing that `in` could find")


def lookup(container: object, key: object) -> object:
    """``container[key]``; missing where there is no such thing."""
    if isinstance(container, dict):
        if not has_key(container, key):
            return MISSING
        found = container[key]
        return found if isinstance(container, MapValue) else from_json(found)
    if isinstance(container, list | tuple) and type(key) in _NUMBERS:
        return _item(container, key)
    return MISSING


def has_key(container: dict[object, object], key: object) -> bool:
    """True if a map has the key; 1, 1u and 1.0 are one key, true is another."""
    if type(key) is str:
        return key in container
    if type(key) is not bool and type(key) not in _NUMBERS:
        return False
    is_bool = type(key) is bool
    return key in container and any(
        found == key and (type(found) is bool) is is_bool for found in container
    )


def _item(items: list[object] | tuple[object, ...], key: object) -> object:
    assert isinstance(key, int | float)
    if not math.isfinite(key) or key != int(key) or not 0 <= key < len(items):
        return MISSING
    found = items[int(key)]
    return found if isinstance(items, tuple) else from_json(found)


def add(left: object, right: object) -> object:  # noqa: PLR0911 - a table of type pairs
    """``+``: drops null and missing, joins a string with anything, else arithmetic.

    Raises:
        ExpressionTypeError: the two types cannot be added.
    """
    if is_unknown(left):
        return right
    if is_unknown(right):
        return left
    if type(left) is str or type(right) is str:
        return to_text(left) + to_text(right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return (*_items(left), *_items(right))
    if type(left) is bytes and type(right) is bytes:
        return left + right
    if isinstance(left, timedelta | datetime) or isinstance(right, timedelta | datetime):
        return _shift_time("+", left, right)
    return arithmetic("+", left, right)


def subtract(left: object, right: object) -> object:
    """``-`` on numbers, timestamps and durations; false where an operand is null or missing.

    Raises:
        ExpressionTypeError: the two types cannot be subtracted.
    """
    if isinstance(left, timedelta | datetime) and isinstance(right, timedelta | datetime):
        return _shift_time("-", left, right)
    return arithmetic("-", left, right)


def _shift_time(operator: str, left: object, right: object) -> object:
    try:
        return left + right if operator == "+" else left - right  # type: ignore[operator] # unfit pairs raise TypeError below
    except (TypeError, OverflowError) as error:
        raise ExpressionTypeError(
            f"{describe(left)} {operator} {describe(right)} is not defined or out of range"
        ) from error


def arithmetic(operator: str, left: object, right: object) -> object:
    """``+ - * / %`` on numbers; false where an operand is null or missing.

    Raises:
        ExpressionTypeError: an operand is no number, the result does not fit in 64 bits, or an
            integer is divided by zero.
    """
    if is_unknown(left) or is_unknown(right):
        return False
    kinds = {type(left), type(right)}
    if not kinds <= _NUMBERS or kinds == {int, UInt}:
        raise ExpressionTypeError(f"{describe(left)} {operator} {describe(right)} is not defined")
    assert isinstance(left, int | float)
    assert isinstance(right, int | float)
    if operator == "%":
        left, right = _whole(left), _whole(right)
    if isinstance(left, float) or isinstance(right, float):
        return _float_arithmetic(operator, float(left), float(right))
    result = _INTEGER_ARITHMETIC[operator](left, right)
    return _fit_uint(result) if UInt in kinds else fit_int(result)


def negate(value: object) -> object:
    """Unary ``-``; false for null and missing.

    Raises:
        ExpressionTypeError: the operand is no int or double, or its negative overflows.
    """
    if is_unknown(value):
        return False
    if type(value) is float:
        return -value
    if type(value) is int:
        return fit_int(-value)
    if type(value) is timedelta:
        return -value
    raise ExpressionTypeError(f"-{describe(value)} is not defined")


def invert(value: object) -> bool:
    """``!``; false for null and missing, like every function of them.

    Raises:
        ExpressionTypeError: the operand is no bool.
    """
    if is_unknown(value):
        return False
    if type(value) is not bool:
        raise ExpressionTypeError(f"!{describe(value)} is not defined; compare it first")
    return not value


def fit_int(value: int) -> int:
    """The value if it is an int64.

    Raises:
        ExpressionTypeError: it is not.
    """
    if value not in _INT64:
        raise ExpressionTypeError("integer overflow")
    return value


def _fit_uint(value: int) -> UInt:
    if value not in _UINT64:
        raise ExpressionTypeError("unsigned integer overflow")
    return UInt(value)


def _whole(value: float) -> int:
    if not math.isfinite(value) or value != int(value):
        raise ExpressionTypeError("% takes whole numbers")
    return UInt(value) if type(value) is UInt else int(value)


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise ExpressionTypeError("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_INTEGER_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda left, right: int(left) + int(right),
    "-": lambda left, right: int(left) - int(right),
    "*": lambda left, right: int(left) * int(right),
    "/": _divide,
    "%": lambda left, right: left - right * _divide(left, right),
}


def _float_arithmetic(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            if right:
                return left / right
            is_nan = math.isnan(left) or left == 0
            return math.nan if is_nan else math.copysign(math.inf, left) * math.copysign(1, right)


def _items(values: list[object] | tuple[object, ...]) -> tuple[object, ...]:
    return values if isinstance(values, tuple) else tuple(map(from_json, values))


def to_text(value: object) -> str:  # noqa: PLR0911 - a table of types
    """A value as ``+`` joins it to a string and as keys are written: Go's ``%v``."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value)
        case None | Missing.MISSING:
            return "<nil>"
        case list() | tuple():
            return f"[{' '.join(to_text(from_json(item)) for item in value)}]"
        case dict():
            entries = sorted(
                (to_text(key), to_text(from_json(found))) for key, found in value.items()
            )
            return f"map[{' '.join(f'{key}:{text}' for key, text in entries)}]"
        case bytes():
            return f"[{' '.join(map(str, value))}]"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return f"{_float_text(value.total_seconds())}s"
        case _:
            return str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    shortest = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(shortest.exponent, int)
    digits = "".join(map(str, shortest.digits))
    sign = "-" if shortest.sign else ""
    power = len(digits) + shortest.exponent - 1
    if value and not _PLAIN_POWERS.start <= power < _PLAIN_POWERS.stop:
        head = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{head}e{power:+03d}"
    return sign + format(Decimal(repr(value)).normalize(), "f").lstrip("-")


def describe(value: object) -> str:
    """The CEL name of a value's type, for messages and ``type()``."""
    for python_type, name in _TYPE_NAMES:
        if isinstance(value, python_type):
            return name
    return "null_type" if value is None else "missing"


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "bool"), (UInt, "uint"), (int, "int"), (float, "double"), (str, "string"),
    (bytes, "bytes"), (list, "list"), (tuple, "list"), (dict, "map"),
    (datetime, "google.protobuf.Timestamp"), (timedelta, "google.protobuf.Duration"),
)  # fmt: skip
