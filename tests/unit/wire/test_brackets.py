"""Bracket notation, line by line of the protocol's table."""

import time
from typing import Any

import pytest

from rawr.schema import UNDEFINED, File
from rawr.wire import MAX_DEPTH, DecodeError
from rawr.wire.openapi import (
    MAX_ARRAY_INDEX,
    MAX_HOLES,
    OpenAPISerializer,
    flatten,
    parse_path,
    stringify_path,
    unflatten,
)


@pytest.mark.parametrize(
    ("name", "segments"),
    [
        ("a", ["a"]),
        ("a[b][c]", ["a", "b", "c"]),
        ("a[]", ["a", ""]),
        ("[]", ["", ""]),
        ("[a]", ["", "a"]),
        ("a[b[c]]", ["a", "b[c]"]),
        ("a[b]]", ["a", "b]"]),
        ("a[b]c", ["a[b]c"]),
        ("a[b]c[d]", ["a", "b]c[d"]),
        ("a[", ["a["]),
        ("a]", ["a]"]),
        ("a[b", ["a[b"]),
        ("a[b][", ["a[b]["]),
        (r"a[\[b\]]", ["a", "[b]"]),
        (r"a\[b[c]", ["a[b", "c"]),
        (r"a\[b\]", [r"a\[b\]"]),
        (r"a[b\\]", ["a", "b"]),
        ("", [""]),
    ],
)
def test_names_are_parsed(name: str, segments: list[str]) -> None:
    assert parse_path(name) == segments


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("a[]=1", {"a": ["1"]}),
        ("a[0]=x&a[2]=y", {"a": ["x", UNDEFINED, "y"]}),
        ("a[01]=1", {"a": {"01": "1"}}),
        ("a[-1]=1", {"a": {"-1": "1"}}),
        (f"a[{MAX_ARRAY_INDEX + 1}]=1", {"a": {"10000": "1"}}),
        ("a[0]=1&a[]=2", {"a": {"0": "1", "": "2"}}),
        ("a[]=1&a[b]=2", {"a": {"": "1", "b": "2"}}),
        ("a[]=1&a[]=2&a[b]=3", {"a": {"": ["1", "2"], "b": "3"}}),
        ("a[0]=1&a[b]=2", {"a": {"0": "1", "b": "2"}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=1&a=2", {"a": [{"b": "1"}, "2"]}),
        ("a[][b]=1", {"a": {"": {"b": "1"}}}),
        ("0=x&1=y", ["x", "y"]),
        ("=1", ["1"]),
        ("", {}),
    ],
)
def test_forms_are_unflattened(query: str, value: Any) -> None:
    pairs = [tuple(pair.split("=")) for pair in query.split("&")] if query else []
    assert unflatten([(name, text) for name, text in pairs]) == value


def test_the_largest_index_still_makes_an_array() -> None:
    array = unflatten([(str(MAX_ARRAY_INDEX), "x")])
    assert isinstance(array, list)
    assert len(array) == MAX_ARRAY_INDEX + 1


def test_a_file_is_a_leaf() -> None:
    file = File(b"x")
    assert unflatten([("a[f]", file), ("a[f]", "again")]) == {"a": {"f": [file, "again"]}}


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        ({"a": [1, {"b": True}], "g": ""}, [("a[0]", "1"), ("a[1][b]", "true"), ("g", "")]),
        ({"n": None, "u": UNDEFINED, "o": {}, "l": []}, []),
        ({"a[b]": {"\\": 1.5}}, [(r"a\[b\][\\]", "1.5")]),
        ([1e21, 2.0], [("0", "1e+21"), ("1", "2")]),
        ("x", [("", "x")]),
    ],
)
def test_values_become_query_parameters(value: Any, entries: list[tuple[str, str]]) -> None:
    assert list(OpenAPISerializer().serialize_query(value).entries) == entries


def test_files_stay_out_of_a_query() -> None:
    assert OpenAPISerializer().serialize_query({"f": File(b"")}).entries == ()


def test_leaves_have_the_names_of_their_places() -> None:
    assert list(flatten({"a": [None, {"b]": 1}]})) == [("a[0]", None), (r"a[1][b\]]", 1)]


def test_no_path_has_no_name() -> None:
    assert stringify_path([]) == ""


def test_a_name_that_nests_too_deep_is_refused() -> None:
    name = "a" + "[b]" * MAX_DEPTH
    with pytest.raises(DecodeError, match="nests deeper"):
        unflatten([(name, "x")])


def test_arrays_that_skip_too_much_are_refused() -> None:
    entries = [
        (f"a[b{n}][{MAX_ARRAY_INDEX}]", "x") for n in range(MAX_HOLES // MAX_ARRAY_INDEX + 1)
    ]
    with pytest.raises(DecodeError, match="skips more than"):
        unflatten(entries)


def test_time_is_linear_in_the_form() -> None:
    start = time.perf_counter()
    unflatten([("a[]", "x")] * 50_000)
    parse_path("a" + "[b]" * 100_000 + "\\" * 100_000)
    assert time.perf_counter() - start < 5
