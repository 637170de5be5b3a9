"""The golden transcripts, and the Python values the recorded peers had.

`tests/node/record.mjs` writes the transcripts (`npm run record` in tests/node); its values
are in `tests/node/peers.mjs`, under the same names as here.
"""

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rawr.schema import UNDEFINED, File, RegExp, Url
from rawr.wire import INVALID_DATE, Map, MapEntries, SetMembers

DIRECTORY = Path(__file__).parent / "golden"

DAY = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

VALUES: dict[str, Any] = {
    "undefined": UNDEFINED,
    "null": None,
    "true": True,
    "text": 'é"\\\n\u2028😀',
    "zero": 0,
    "negativeZero": -0.0,
    "float": 1.5,
    "wholeFloat": 3.0,
    "largeFloat": 1e21,
    "smallFloat": 1e-7,
    "infinity": math.inf,
    "maxSafeInteger": 2**53 - 1,
    "bigint": 123456789012345678901,
    "negativeBigint": -(2**53),
    "date": DAY,
    "dateWithMilliseconds": dt.datetime(1999, 12, 31, 23, 59, 59, 7000, tzinfo=dt.UTC),
    "invalidDate": INVALID_DATE,
    "nan": math.nan,
    "url": Url("https://x.y/z?q=1"),
    "regexp": RegExp(r"a\/b", "gi"),
    "set": {1},
    # JavaScript's 1n is a bigint however small; a Python int is one only where it must be.
    "map": Map({"k": 1, "d": DAY}),
    "emptyMap": Map(),
    "emptyObject": {},
    "emptyArray": [],
    "undefinedProperty": {"here": 1, "gone": UNDEFINED},
    "setOfObjects": SetMembers([{"at": DAY}, [1]]),
    "mapWithAnyKeys": MapEntries([(DAY, "at"), ({1}, "set")]),
    "undefinedInArray": [UNDEFINED, 1, UNDEFINED],
    "nested": {"list": [{"at": DAY, "deep": {"set": SetMembers([Map({"k": [EPOCH]})])}}]},
    "everything": {
        "s": "x",
        "big": 123,
        "d": DAY,
        "inv": INVALID_DATE,
        "nan": math.nan,
        "inf": math.inf,
        "neg0": -0.0,
        "arr": [UNDEFINED, 1],
        "url": Url("https://x.y/z?q=1"),
        "re": RegExp(r"a\/b", "gi"),
        "map": Map({"k": 1, EPOCH: "v"}),
        "nul": None,
    },
}

SMALL_BIGINTS = {"map", "setOfObjects", "mapWithAnyKeys", "undefinedInArray", "everything"}
"""Values with a JavaScript bigint that Python writes as the number it is."""

FILES: dict[str, Any] = {
    "root": File(b"hello", "text/plain", 'hé"llo.txt'),
    "blob": File(b"abc", "image/png", "blob"),
    "untyped": File(b"x", "", "x"),
    "empty": File(b"", "application/pdf", "empty.bin"),
    "nested": {
        "files": [
            File(b"one", "text/plain", "1.txt"),
            {"at": DAY, "two": File(b"two", "application/octet-stream", "blob")},
        ],
        "n": 1,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One side of a recorded exchange."""

    headers: Mapping[str, str]
    body: str
    status: int = 0
    target: str = ""
    method: str = ""

    @property
    def content(self) -> bytes:
        return self.body.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recorded exchange."""

    name: str
    request: Message
    response: Message


def load(name: str) -> list[Any]:
    cases: list[Any] = json.loads((DIRECTORY / f"{name}.json").read_text())
    return cases


def cases(name: str) -> dict[str, Case]:
    return {
        case["name"]: Case(
            name=case["name"],
            request=Message(**case["request"]),
            response=Message(**case["response"]),
        )
        for case in load(name)
    }
