"""What travels, how it is tagged, and what is refused."""

import datetime as dt
from collections import OrderedDict, deque
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest

from rawr.schema import UNDEFINED, File, RegExp, Schema, Url
from rawr.wire import EncodeError, FormData, Map, MapEntries, SetMembers
from rawr.wire.rpc import CustomType, RPCSerializer

SERIALIZER = RPCSerializer()
DAY = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)


def encoded(value: object) -> str:
    return SERIALIZER.encode(value).decode()


def test_no_value_is_an_empty_object() -> None:
    assert encoded(UNDEFINED) == "{}"


def test_undefined_properties_are_left_out_and_undefined_elements_tagged() -> None:
    assert encoded({"a": UNDEFINED, "b": [UNDEFINED]}) == '{"json":{"b":[null]},"meta":[[3,"b",0]]}'


def test_containers_are_tagged_after_their_children() -> None:
    value = {"set": SetMembers([Map({"k": DAY})])}
    assert SERIALIZER.serialize(value)["meta"] == [
        [1, "set", 0, 0, 1],
        [7, "set", 0],
        [6, "set"],
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (float("inf"), "null"),
        (float("-inf"), "null"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (123456789012345680000.0, "123456789012345680000"),
        (2**53 - 1, "9007199254740991"),
    ],
)
def test_numbers_look_as_javascript_writes_them(number: float, text: str) -> None:
    assert encoded(number) == f'{{"json":{text}}}'


def test_integers_past_the_safe_range_are_bigints() -> None:
    assert encoded([2**53, -(2**53)]) == (
        '{"json":["9007199254740992","-9007199254740992"],"meta":[[0,0],[0,1]]}'
    )


def test_dates_are_utc_with_three_digits_of_milliseconds() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    assert SERIALIZER.serialize(dt.datetime(2022, 1, 1, 2, 0, 0, 7999, tzinfo=zone)) == {
        "json": "2022-01-01T00:00:00.007Z",
        "meta": [[1]],
    }
    assert SERIALIZER.serialize(dt.datetime(7, 1, 1, tzinfo=dt.UTC))["json"].startswith("0007-")


def test_a_naive_datetime_is_refused_with_advice() -> None:
    with pytest.raises(EncodeError, match=r"datetime\.now\(UTC\)"):
        encoded(dt.datetime(2022, 1, 1))  # noqa: DTZ001 - a naive one is the point


def test_a_date_past_the_years_of_utc_is_refused() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    with pytest.raises(EncodeError, match="years"):
        encoded(dt.datetime(1, 1, 1, tzinfo=zone))


class Color(Enum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class Name(str):
    __slots__ = ()


class Pair(NamedTuple):
    left: int
    right: int


class StrictModel(Schema):
    run_id: str


@dataclass
class Plain:
    at: dt.datetime


class Struct(msgspec.Struct):
    n: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2022, 1, 2), '"2022-01-02"'),
        (dt.time(1, 2, 3), '"01:02:03"'),
        (dt.timedelta(days=1, seconds=3723, microseconds=500_000), '"P1DT1H2M3.5S"'),
        (dt.timedelta(), '"PT0S"'),
        (-dt.timedelta(seconds=1), '"-PT1S"'),
        (Decimal("1.50"), '"1.50"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Color.RED, '"red"'),
        (Size.SMALL, "1"),
        (Name("n"), '"n"'),
        ({Name("k"): 1}, '{"k":1}'),
        (Pair(1, 2), "[1,2]"),
        (deque([1]), "[1]"),
        (range(2), "[0,1]"),
        (OrderedDict(a=1), '{"a":1}'),
        (StrictModel(run_id="r"), '{"runId":"r"}'),
        (Struct(n=1), '{"n":1}'),
    ],
)
def test_pythons_own_types_travel_as_json(value: object, text: str) -> None:
    assert encoded(value) == f'{{"json":{text}}}'


def test_a_model_keeps_its_native_leaves() -> None:
    assert SERIALIZER.serialize(Plain(at=DAY))["meta"] == [[1, "at"]]


def test_a_dict_with_any_other_key_is_a_map() -> None:
    assert encoded({1: "a", "b": 2}) == '{"json":[[1,"a"],["b",2]],"meta":[[7]]}'
    assert encoded({"in": {DAY: 1}}) == (
        '{"json":{"in":[["2022-01-01T00:00:00.000Z",1]]},"meta":[[1,"in",0,0],[7,"in"]]}'
    )


def test_entries_with_keys_python_cannot_hash_are_a_map() -> None:
    assert encoded(MapEntries([([1], 2)])) == '{"json":[[[1],2]],"meta":[[7]]}'


@pytest.mark.parametrize("view", [{"a": 1}.keys(), frozenset({"a"}), {"a"}])
def test_sets_of_every_kind_are_sets(view: object) -> None:
    assert encoded(view) == '{"json":["a"],"meta":[[6]]}'


def test_an_expression_is_escaped_where_it_must_be() -> None:
    assert SERIALIZER.serialize(RegExp("a/b\n", "g"))["json"] == r"/a\/b\n/g"


@pytest.mark.parametrize("url", ["example.com", "", "https://", "/path", " https://x"])
def test_a_url_nobody_could_parse_is_refused(url: str) -> None:
    with pytest.raises(EncodeError, match="absolute URL"):
        encoded(Url(url))


class Opaque:
    pass


def _cycle() -> list[Any]:
    cycle: list[Any] = []
    cycle.append(cycle)
    return cycle


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"raw", "File"),
        (Opaque(), "output schema"),
        (object, "output schema"),
        (_cycle(), "contains itself"),
        ("\ud800", "surrogate"),
        ({"\ud800": 1}, "surrogate"),
        ([10**4300], "4300 digits"),
        (File(b""), "send it alone"),
    ],
)
def test_what_cannot_travel_is_refused_with_advice(value: object, message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        encoded(value)


class Point(NamedTuple):
    x: int
    y: int


POINT = CustomType(
    tag=20,
    type=Point,
    serialize=lambda point: {"x": point.x, "y": point.y},
    deserialize=lambda json: Point(json["x"], json["y"]),
)


def test_a_custom_type_goes_both_ways() -> None:
    serializer = RPCSerializer([POINT])
    content = serializer.encode({"at": [Point(1, 2**60)]})
    assert content.decode() == (
        '{"json":{"at":[{"x":1,"y":"1152921504606846976"}]},"meta":[[0,"at",0,"y"],[20,"at",0]]}'
    )
    assert serializer.decode(content) == {"at": [Point(1, 2**60)]}
    assert repr(serializer.decode(content)).startswith("{'at': [Point(")


def test_a_custom_type_that_serializes_to_nothing_is_refused() -> None:
    silent = CustomType(tag=20, type=Point, serialize=lambda _: UNDEFINED, deserialize=repr)
    with pytest.raises(EncodeError, match="UNDEFINED"):
        RPCSerializer([silent]).encode([Point(1, 2)])


def test_custom_tags_must_be_unique_and_types_no_json() -> None:
    with pytest.raises(ValueError, match="unique"):
        RPCSerializer([POINT, POINT])
    text = CustomType(tag=21, type=str, serialize=str, deserialize=str)
    with pytest.raises(ValueError, match="JSON already"):
        RPCSerializer([text])


def test_a_custom_type_may_replace_a_built_in_one() -> None:
    moment = CustomType(
        tag=1, type=dt.datetime, serialize=dt.datetime.isoformat, deserialize=lambda _: "replaced"
    )
    serializer = RPCSerializer([moment])
    assert serializer.encode(DAY) == b'{"json":"2022-01-01T00:00:00+00:00","meta":[[1]]}'
    assert serializer.decode(serializer.encode(DAY)) == "replaced"


def test_files_are_taken_out_and_their_places_noted() -> None:
    body = SERIALIZER.serialize_body({"a": [File(b"x"), 1], "b": File(b"y")})
    data = '{"json":{"a":[{},1],"b":{}},"maps":[["a",0],["b"]]}'
    assert body == FormData((("data", data), ("0", File(b"x")), ("1", File(b"y"))))
