"""What the reader takes, and what it refuses from a hostile peer."""

import datetime as dt
import json
import time
from typing import Any

import pytest

from rawr.schema import UNDEFINED, File, RegExp, Url
from rawr.wire import (
    INVALID_DATE,
    MAX_DEPTH,
    DecodeError,
    FormData,
    Map,
    MapEntries,
    SetMembers,
    URLSearchParams,
)
from rawr.wire.rpc import CustomType, RPCSerializer

SERIALIZER = RPCSerializer()


def read(value: Any, *meta: list[Any]) -> Any:
    return SERIALIZER.deserialize({"json": value, "meta": list(meta)})


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'"text"', b"1", b'{"extra":1}', b'{"meta":null}']
)
def test_a_body_without_json_is_no_value(body: bytes) -> None:
    assert SERIALIZER.decode(body) is UNDEFINED


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"{",
        b"{'a':1}",
        b"NaN",
        b'{"json":NaN}',
        b'{"json":1}x',
        b"\xff",
        b'"\xff"',
        b'"\\ud800"',
        b'{"json":1,"meta":{}}',
        b'{"json":1,"meta":"x"}',
        b'{"json":1,"meta":[1]}',
        b'{"json":1,"meta":[null]}',
        b'{"json":' + b"1" * 5000 + b"}",
    ],
)
def test_a_malformed_body_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        SERIALIZER.decode(body)


@pytest.mark.parametrize("entry", [[], [8], [-1], ["date"], [None], [True], [1.5], [[1]], [{}]])
def test_unknown_tags_are_skipped(entry: list[Any]) -> None:
    assert read("x", entry) == "x"


@pytest.mark.parametrize(
    ("value", "entry", "expected"),
    [
        ("-12", [0], -12),
        ("9" * 4300, [0], int("9" * 4300)),
        ("2022-01-01T00:00:00.000Z", [1], dt.datetime(2022, 1, 1, tzinfo=dt.UTC)),
        ("2022-01-01", [1], dt.datetime(2022, 1, 1, tzinfo=dt.UTC)),
        ("2022-01-01T02:00+02:00", [1], dt.datetime(2022, 1, 1, tzinfo=dt.UTC)),
        (None, [1], INVALID_DATE),
        (None, [3], UNDEFINED),
        ("https://x.y/", [4], Url("https://x.y/")),
        ("/a/b/gi", [5], RegExp("a/b", "gi")),
        ([1, 2], [6], {1, 2}),
        ([[1, 2], [1]], [6], SetMembers([[1, 2], [1]])),
        ([1, True], [6], SetMembers([1, True])),
        ([1, 1, "a", "a"], [6], {1, "a"}),
        ([["a", 1]], [7], Map(a=1)),
        ([["a", 1], ["a", 2]], [7], Map(a=2)),
        ([[[1], 2]], [7], MapEntries([([1], 2)])),
        ([[1, "one"], [True, "yes"]], [7], MapEntries([(1, "one"), (True, "yes")])),
        ([["a"], []], [7], Map({"a": UNDEFINED, UNDEFINED: UNDEFINED})),
    ],
)
def test_tagged_values_are_read(value: Any, entry: list[Any], expected: Any) -> None:
    result = read(value, entry)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        (1, 0),
        (None, 0),
        ("", 0),
        ("007", 0),
        ("+1", 0),
        ("1.0", 0),
        ("0x1", 0),
        ("\u0661", 0),
        (" 1", 0),
        ("9" * 4301, 0),
        (1, 1),
        (True, 1),
        ([], 1),
        ("yesterday", 1),
        ("2022-13-01", 1),
        ("+010000-01-01T00:00:00.000Z", 1),
        ("0000-01-01T00:00:00.000Z", 1),
        ("2022-01-01T00:00:00", 1),
        ("2022-W01-1", 1),
        ("0001-01-01T00:00:00+02:00", 1),
        ("xxxxxxxxxxTxxxxxxxxxxxxZ", 1),
        (0, 2),
        ("", 2),
        (False, 3),
        ({}, 3),
        (1, 4),
        (None, 4),
        ("/relative", 4),
        ("http://", 4),
        (1, 5),
        ("a", 5),
        ("/a", 5),
        ("/a/x", 5),
        ("/a/gg", 5),
        ("/a/uv", 5),
        ("/a\nb/", 5),
        ("x/a/g", 5),
        ({}, 6),
        ("ab", 6),
        (None, 6),
        ({}, 7),
        ([1], 7),
        (["ab"], 7),
    ],
)
def test_a_value_its_tag_does_not_fit_is_refused(value: Any, tag: int) -> None:
    with pytest.raises(DecodeError, match="Invalid RPC serialized data"):
        read(value, [tag])


@pytest.mark.parametrize(
    "path",
    [
        ["gone"],
        ["list", 2],
        ["list", -1],
        ["list", "length"],
        ["list", "01"],
        ["list", True],
        ["text", 0],
        ["__proto__"],
        ["__class__"],
        ["list", "append"],
        [None],
        [1.5],
        [[]],
        ["list", 10**30],
    ],
)
def test_a_path_must_be_an_own_key(path: list[Any]) -> None:
    with pytest.raises(DecodeError, match="does not exist"):
        read({"list": [None, None], "text": "x"}, [2, *path])


def test_number_keys_and_text_indexes_are_found_as_in_javascript() -> None:
    assert read({"1": "5"}, [0, 1]) == {"1": 5}
    assert read(["5"], [0, "0"]) == [5]


def test_nothing_is_tagged_twice() -> None:
    with pytest.raises(DecodeError):
        read("1", [0], [0])


@pytest.mark.parametrize("tag", [6, 7])
def test_a_built_container_is_closed(tag: int) -> None:
    with pytest.raises(DecodeError, match="does not exist"):
        read([[None, None]], [tag], [2, 0, 0])


def test_what_was_not_tagged_is_left_alone() -> None:
    value = {"a": ["2022-01-01T00:00:00.000Z", {"b": None}]}
    assert read(value, [1, "a", 0]) == {"a": [dt.datetime(2022, 1, 1, tzinfo=dt.UTC), {"b": None}]}


def test_an_expression_is_compiled_only_when_asked() -> None:
    hostile = read("/(?<name>a+)+$/v", [5])
    assert hostile == RegExp("(?<name>a+)+$", "v")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5_000, 200_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_that_nests_too_deep_is_refused(depth: int, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    with pytest.raises(DecodeError, match="deeper"):
        SERIALIZER.decode(opening * depth + "1" + closing * depth)


def test_json_may_be_wide_and_as_deep_as_the_limit() -> None:
    wide = b"[" + b",".join([b"[[]]"] * 1000) + b"]"
    assert SERIALIZER.decode(b'{"json":' + wide + b"}") == [[[]]] * 1000
    levels = MAX_DEPTH - 1
    assert SERIALIZER.decode(b'{"json":' + b"[" * levels + b"]" * levels + b"}")


@pytest.mark.parametrize("tag", [6, 7])
def test_numbers_chosen_to_collide_are_refused_quickly(tag: int) -> None:
    modulus = 2**61 - 1
    numbers = [str(modulus * n) for n in range(1, 50_000)]
    value: list[Any] = [[number, 1] for number in numbers] if tag == 7 else numbers
    paths = [[0, n, 0] if tag == 7 else [0, n] for n in range(len(numbers))]
    payload = json.dumps({"json": value, "meta": [*paths, [tag]]})
    start = time.perf_counter()
    with pytest.raises(DecodeError, match="collide"):
        SERIALIZER.decode(payload)
    assert time.perf_counter() - start < 5


def test_many_large_numbers_that_do_not_collide_are_a_set() -> None:
    numbers = [str(2**70 + n) for n in range(200)]
    meta = [[0, n] for n in range(200)]
    assert read(numbers, *meta, [6]) == {2**70 + n for n in range(200)}


@pytest.mark.parametrize("error", [TypeError, ValueError, KeyError])
def test_a_custom_type_may_refuse_its_value(error: type[Exception]) -> None:
    def refuse(_json: object) -> object:
        raise error("no")

    custom = CustomType(tag=20, type=complex, serialize=str, deserialize=refuse)
    with pytest.raises(DecodeError, match="type 20 refuses"):
        RPCSerializer([custom]).deserialize({"json": 1, "meta": [[20]]})


def form(data: Any, *files: File | str) -> FormData:
    fields = [(str(index), file) for index, file in enumerate(files)]
    return FormData((("data", data if isinstance(data, str) else json.dumps(data)), *fields))


def test_files_go_to_their_places_before_tags_are_read() -> None:
    file = File(b"x", "a/b", "n")
    body = form({"json": {"s": [{}]}, "maps": [["s", 0]], "meta": [[6, "s"]]}, file)
    assert SERIALIZER.deserialize_body(body) == {"s": {file}}
    assert SERIALIZER.deserialize_body(form({"json": {}, "maps": [[]]}, file)) == file


@pytest.mark.parametrize(
    "body",
    [
        FormData(),
        FormData((("data", File(b"{}")),)),
        form("{"),
        form("null"),
        form({"json": {}, "maps": [[]]}),
        form({"json": {}, "maps": [[]]}, "text, not a file"),
        form({"json": {}, "maps": [["gone"]]}, File(b"")),
        form({"json": {}, "maps": {}}, File(b"")),
        form({"json": {}, "maps": [1]}, File(b"")),
    ],
)
def test_a_broken_form_is_refused(body: FormData) -> None:
    with pytest.raises(DecodeError):
        SERIALIZER.deserialize_body(body)


@pytest.mark.parametrize("body", [UNDEFINED, "text", File(b""), URLSearchParams(), [1]])
def test_other_bodies_hold_no_value(body: object) -> None:
    assert SERIALIZER.deserialize_body(body) is UNDEFINED
