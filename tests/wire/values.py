"""Random values of every wire type, the same on every run."""

import datetime as dt
import math
import struct
from random import Random
from typing import Any

from rawr.schema import UNDEFINED, RegExp, Url
from rawr.wire import INVALID_DATE, Map, SetMembers

_TEXT = 'az AZ09_-.~"\\/\b\f\n\r\t\x00\x1f\x7f\x85éß€\u2028\ufeff😀[]{}%&=+'
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_YEAR_9999_MS = 253402300799999
_YEAR_1_MS = -62135596800000


def text(random: Random) -> str:
    return "".join(random.choices(_TEXT, k=random.randrange(8)))


def key(random: Random) -> str:
    """Never digits alone: JavaScript objects put such keys first."""
    return "k" + text(random)


def finite_number(random: Random) -> float:
    while True:
        (number,) = struct.unpack("<d", random.randbytes(8))
        if math.isfinite(number):
            return float(number)


def number(random: Random) -> float | int:
    return random.choice(
        (
            lambda: random.randrange(-1000, 1000),
            lambda: random.uniform(-10, 10),
            lambda: finite_number(random),
            lambda: random.uniform(1, 10) * 10.0 ** random.randrange(-12, 25),
            lambda: random.choice((0.0, -0.0, 1.0, 2.0**53, 1e21, 1e-7, 5e-324, math.inf)),
            lambda: random.choice((2**53 - 1, 2**53, -(2**53), 10**30, -(10**40))),
        )
    )()


def moment(random: Random) -> dt.datetime:
    milliseconds = random.randint(_YEAR_1_MS, _YEAR_9999_MS)
    return _EPOCH + dt.timedelta(milliseconds=milliseconds)


def leaf(random: Random) -> Any:
    return random.choice(
        (
            lambda: None,
            lambda: random.random() < 0.5,
            lambda: text(random),
            lambda: number(random),
            lambda: moment(random),
            lambda: INVALID_DATE,
            lambda: math.nan,
            lambda: Url(f"https://example.com/{random.randrange(99)}?q=a%20b"),
            lambda: RegExp(
                random.choice((r"a\/b", "(?:)", "[/]+", r"\d+")), random.choice(("", "gi"))
            ),
        )
    )()


def value(random: Random, depth: int = 3) -> Any:
    if depth == 0 or random.random() < 0.4:
        return leaf(random)
    size = random.randrange(4)
    return random.choice(
        (
            lambda: {key(random): value(random, depth - 1) for _ in range(size)},
            lambda: [element(random, depth - 1) for _ in range(size)],
            lambda: {text(random) for _ in range(size)},
            lambda: {moment(random), random.randrange(9)},
            lambda: SetMembers([[element(random, depth - 1)] for _ in range(size)]),
            lambda: Map({text(random): value(random, depth - 1) for _ in range(size)}),
            lambda: (
                {random.randrange(99): value(random, depth - 1) for _ in range(1, size + 1)} or 1
            ),
        )
    )()


def element(random: Random, depth: int) -> Any:
    return UNDEFINED if random.random() < 0.1 else value(random, depth)


def canonical(value: Any) -> str:
    """Text that is equal for values that are the same on the wire, whatever a set's order."""
    if isinstance(value, dict):
        entries = (f"{canonical(key)}: {canonical(item)}" for key, item in value.items())
        return f"{type(value).__name__}{{{', '.join(entries)}}}"
    if isinstance(value, set):
        return f"set{sorted(map(canonical, value))}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}[{', '.join(map(canonical, value))}]"
    return repr(value)
