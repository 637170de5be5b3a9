"""Plain JSON, lossily."""

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from rawr.schema import UNDEFINED, File, KeyedDict, RegExp, Url
from rawr.wire import INVALID_DATE, EncodeError, FormData, Map, MapEntries, SetMembers
from rawr.wire.openapi import CustomJson, OpenAPISerializer

SERIALIZER = OpenAPISerializer()
DAY = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)


class Color(Enum):
    RED = "red"


class Name(str):
    __slots__ = ()


@dataclass
class Plain:
    at: dt.datetime


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"d": DAY, "u": UNDEFINED}, '{"d":"2022-01-01T00:00:00.000Z"}'),
        ([INVALID_DATE, float("nan"), UNDEFINED, float("inf")], "[null,null,null,null]"),
        (2**53, '"9007199254740992"'),
        (SetMembers([1]), "[1]"),
        (frozenset({1}), "[1]"),
        ({"a": 1}.keys(), '["a"]'),
        (Map(a=1), '[["a",1]]'),
        (MapEntries([([1], 2)]), "[[[1],2]]"),
        ({1: "a"}, '[[1,"a"]]'),
        ({Name("k"): Name("v")}, '{"k":"v"}'),
        (OrderedDict(a=1), '{"a":1}'),
        (MappingProxyType({"a": 1}), '{"a":1}'),
        (range(2), "[0,1]"),
        (Url("https://x.y/"), '"https://x.y/"'),
        (RegExp("a", "g"), '"/a/g"'),
        (Decimal("1.0"), '"1.0"'),
        (dt.date(2022, 1, 1), '"2022-01-01"'),
        (dt.timedelta(hours=1), '"PT1H"'),
        (Color.RED, '"red"'),
        (Plain(at=DAY), '{"at":"2022-01-01T00:00:00.000Z"}'),
        (1.0, "1"),
    ],
)
def test_values_become_plain_json(value: object, text: str) -> None:
    assert SERIALIZER.encode(value).decode() == text


def test_no_value_is_no_body() -> None:
    assert SERIALIZER.encode(UNDEFINED) == b""
    assert SERIALIZER.decode(b"") is UNDEFINED
    assert SERIALIZER.encode_item(UNDEFINED) is None


def _cycle() -> list[Any]:
    cycle: list[Any] = []
    cycle.append(cycle)
    return cycle


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"raw", "File"),
        (object(), "output schema"),
        (_cycle(), "contains itself"),
        ([10**4300], "4300 digits"),
        ({"f": File(b"")}, "send it alone"),
    ],
)
def test_what_cannot_travel_is_refused_with_advice(value: object, message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        SERIALIZER.encode(value)


def test_a_custom_type_is_serialized_as_it_says() -> None:
    serializer = OpenAPISerializer(
        [CustomJson(type=Point, serialize=lambda point: {"at": [point.x, point.y]})]
    )
    assert serializer.encode([Point(1, 2)]) == b'[{"at":[1,2]}]'


def test_a_custom_type_that_serializes_to_nothing_is_refused() -> None:
    serializer = OpenAPISerializer([CustomJson(type=Point, serialize=lambda _: UNDEFINED)])
    with pytest.raises(EncodeError, match="UNDEFINED"):
        serializer.encode([Point(1, 2)])


def test_a_file_is_a_body_of_its_own_and_nested_files_a_form() -> None:
    file = File(b"x")
    assert SERIALIZER.serialize_body(file) is file
    assert SERIALIZER.serialize_body([file, {"b": True}]) == FormData(
        (("0", file), ("1[b]", "true"))
    )


@pytest.mark.parametrize(
    ("value", "pairs", "objects"),
    [
        ({1: "a", 2.5: "b"}, [[1, "a"], [2.5, "b"]], {"1": "a", "2.5": "b"}),
        ({DAY: 1}, [["2022-01-01T00:00:00.000Z", 1]], {"2022-01-01T00:00:00.000Z": 1}),
        ({True: UNDEFINED, None: 1}, [[True, None], [None, 1]], {"null": 1}),
        ({Color.RED: {"at": DAY}}, [["red", {"at": DAY}]], {"red": {"at": DAY}}),
        ({(1, 2): 3}, [[[1, 2], 3]], [[[1, 2], 3]]),
        ({}, [], {}),
    ],
    ids=str,
)
def test_dicts_with_other_keys_than_text_are_pairs_or_objects(
    value: dict[Any, Any], pairs: object, objects: object
) -> None:
    declared = KeyedDict(value)
    assert SERIALIZER.serialize(declared) == SERIALIZER.serialize(pairs)
    writing_objects = OpenAPISerializer(keyed_as_objects=True)
    assert writing_objects.serialize(declared) == SERIALIZER.serialize(objects)
    assert writing_objects.serialize(Map(value)) == SERIALIZER.serialize(pairs)


def test_a_model_that_dumps_to_itself_is_told_apart_from_deep_values() -> None:
    with pytest.raises(EncodeError, match=r"pydantic\.types\.SecretStr has no form on the wire"):
        SERIALIZER.serialize({"secret": SecretStr("x")})
