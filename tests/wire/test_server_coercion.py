"""Smart coercion judged by the real `@orpc/json-schema`."""

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from tests.node_peer import ask_node, peers_installed

from rawr.http._coercer import Coercer
from rawr.schema import RegExp, Url
from rawr.wire.rpc import RPCSerializer

pytestmark = pytest.mark.node

SERIALIZER = RPCSerializer()


def theirs(cases: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    # JavaScript reads a moment without an offset as local time.
    monkeypatch.setenv("TZ", "UTC")
    answers: list[Any] = ask_node("peers/coercion.mjs", cases)
    return answers


def ours(case: dict[str, Any]) -> Any:
    return meaning(Coercer(case["schema"], case.get("components")).coerce(case["value"]))


def read(payload: Any) -> Any:
    return meaning(SERIALIZER.deserialize(payload))


def meaning(value: Any) -> Any:
    """Values told apart as JavaScript does, as far as the oracle's answer can."""
    if isinstance(value, dict):
        return type(value).__name__, {key: meaning(item) for key, item in value.items()}
    if isinstance(value, list | set | frozenset):
        return type(value).__name__, [meaning(item) for item in value]
    return _leaf(value)


def _leaf(value: Any) -> Any:
    match value:
        case Url():
            return "url", value.removesuffix("/")
        case RegExp():
            return "regexp", value.source or "(?:)", value.flags
        case bool():
            return value
        case int() | float():
            return None if math.isinf(value) else ("number", float(value))
        case _:
            return value


TEXTS = [
    "", " ", "1", " 1 ", "-1", "+1", "01", "1.0", "1.", ".5", "1.5", "1e3", "1e0", "0e5", "1e-2",
    "0x10", "0X1f", "-0x10", "0b1", "0o7", "Infinity", "-Infinity", "NaN", "1_000", "1,5", "12abc",
    "\u0661", "\u00a01\ufeff", "\x851", "\x1c1", "1.00000000000000000001", "100", "-0", "--1", "1e",
    "true", "TRUE", "on", "On", "yes", "1", "0", "off", "OFF", "false", "null", "undefined", "t",
    "2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.123Z", "2020-01-01T00:00Z",
    "2020-01-01T00:00:00.123456Z", "2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00-02:00",
    "2020-01-01T00:00:00", "2020-01-01T10:20", "2020-13-01", "2020-01-32", "2020-01", "2020",
    "--", "a-b-c", "2020-01-01T25:00:00Z", "2020-01-01T00:60Z",
    "123456789012345678901234567890", "007", "-5", "1n",
    "/a/", "/a\\/b/gi", "/a/gg", "/a/uv", "/a/x", "a", "//", "/a/G",
    "https://x.y", "https://x.y/z?q=1", "mailto:a@b", "x.y", "/x", "http://",
]  # fmt: skip

NATIVE = ["date", "bigint", "regexp", "url", "set", "map", "unknown"]

SCALARS: list[Any] = [
    *({"type": kind} for kind in ("null", "string", "number", "integer", "boolean")),
    {"type": ["number", "boolean"]},
    {"type": ["string", "number"]},
    {"type": ["integer", "null"]},
    {"const": 1},
    {"const": True},
    {"const": None},
    {"const": "1"},
    {"enum": [1, "on", False]},
    {"enum": ["a", 0, True]},
    {"type": "integer", "enum": [1, 100]},
    *({"x-native-type": name} for name in NATIVE),
    {"type": "string", "x-native-type": "date"},
    {"type": "string", "x-native-type": "bigint"},
    {"anyOf": [{"type": "number"}, {"type": "boolean"}]},
    {"anyOf": [{"type": "number"}, {"type": "string"}]},
    {"oneOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "null"}]},
    {"allOf": [{"type": "number"}, {"enum": [1, 1.5]}]},
    {"anyOf": [{"type": "integer"}], "oneOf": [{"type": "number"}]},
    {"not": {"type": "number"}, "anyOf": [{"type": "number"}]},
    {"$ref": "#/Number"},
    {"$ref": "#/Nowhere", "type": "number"},
    {"anyOf": [{"not": {"type": "string"}}, {"type": "boolean"}, {"x-native-type": "date"}]},
    True,
    False,
    {},
]

OTHER: list[Any] = [None, True, False, 0, 1, 1.5, -3, 2**53, [], {}, ["1"], {"a": "1"}, [[1, 2]]]

COMPONENTS = {"#/Number": {"type": "number"}}


def _scalar_cases() -> list[dict[str, Any]]:
    return [
        {"schema": schema, "value": value, "components": COMPONENTS}
        for schema in SCALARS
        for value in (*TEXTS, *OTHER)
    ]


def assert_alike(cases: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = map(read, theirs(cases, monkeypatch))
    wrong = [
        (case, ours(case), answer)
        for case, answer in zip(cases, answers, strict=True)
        if ours(case) != answer
    ]
    assert wrong == []


def test_every_scalar_is_coerced_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_alike(_scalar_cases(), monkeypatch)


CONTAINERS: list[tuple[Any, list[Any]]] = [
    ({"type": "array", "items": {"type": "number"}}, ["1", ["1"], ["1", "x"], [1], [], {"0": "1"}]),
    ({"type": "array"}, [["1"], []]),
    (
        {"type": "array", "prefixItems": [{"type": "number"}, {"type": "boolean"}]},
        [["1", "on"], ["1"], ["1", "on", "2"]],
    ),
    (
        {
            "type": "array",
            "prefixItems": [{"type": "number"}],
            "items": {"type": "boolean"},
        },
        [["1", "on", "off"]],
    ),
    (
        {
            "type": "array",
            "items": [{"type": "number"}],
            "additionalItems": {"type": "boolean"},
        },
        [["1", "on"]],
    ),
    ({"type": "object"}, [{"a": "1"}, ["1"], "a", None]),
    (
        {
            "type": "object",
            "properties": {"n": {"type": "number"}, "b": {"type": "boolean"}},
            "required": ["n"],
        },
        [{"n": "1", "b": "on"}, {"b": "on"}, {"n": "1", "x": "2"}, [], ["1"], {"n": None}],
    ),
    (
        {
            "type": "object",
            "properties": {"n": {"type": "number"}},
            "patternProperties": {"^x": {"type": "boolean"}, "y$": {"type": "number"}},
            "additionalProperties": {"type": "integer"},
        },
        [{"n": "1", "x": "on", "xy": "off", "ay": "1.5", "z": "2", "hasOwnProperty": "3"}],
    ),
    (
        {"type": "object", "properties": {"0": {"type": "number"}, "1": {"type": "boolean"}}},
        [["1", "on"], {"0": "1"}],
    ),
    (
        {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "number"}]},
        ["1", ["1"], ["x"]],
    ),
    (
        {
            "anyOf": [
                {"type": "object", "properties": {"k": {"const": "a"}, "v": {"type": "number"}}},
                {"type": "object", "properties": {"k": {"const": "b"}, "v": {"type": "boolean"}}},
            ]
        },
        [{"k": "a", "v": "1"}, {"k": "b", "v": "on"}, {"k": "c", "v": "1"}, {"k": "a", "v": "on"}],
    ),
    (
        {"allOf": [{"type": "object", "additionalProperties": {"type": "number"}}, True]},
        [{"a": "1"}],
    ),
    (
        {"x-native-type": "set", "type": "array", "items": {"type": "number"}},
        [["1", "2"], ["1", "1"], ["x"], {"a": 1}, [[1], [1]], [1, True, "1"]],
    ),
    (
        {
            "x-native-type": "map",
            "type": "array",
            "items": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]},
        },
        [[["a", "1"]], [["a", "1"], ["a", "2"]], [["a"]], ["ab"], [], [["a", "1"], ["b", "x"]]],
    ),
    (
        {"type": "object", "additionalProperties": {"$ref": "#/Number"}},
        [{"a": "1", "b": "x"}],
    ),
]  # fmt: skip


def test_containers_are_coerced_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [
        {"schema": schema, "value": value, "components": COMPONENTS}
        for schema, values in CONTAINERS
        for value in values
    ]
    assert_alike(cases, monkeypatch)


def random_schema(random: Random, depth: int) -> Any:
    if not depth or random.random() < 0.25:
        return random.choice(SCALARS)

    def inner() -> Any:
        return random_schema(random, depth - 1)

    base = inner()
    return random.choice(
        (
            lambda: {random.choice(("anyOf", "oneOf")): [inner() for _ in range(3)]},
            lambda: {"allOf": [inner(), inner()]},
            lambda: {"type": "array", "items": inner()},
            lambda: {"type": "array", "prefixItems": [inner(), inner()], "items": inner()},
            lambda: random_object_schema(random, inner),
            lambda: {**base, "not": inner()} if isinstance(base, dict) else base,
            lambda: {"$ref": "#/Number"},
        )
    )()


def random_object_schema(random: Random, inner: Callable[[], Any]) -> Any:
    properties = {name: inner() for name in random.sample("abc", 2)}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if random.random() < 0.5:
        schema["required"] = random.sample("abc", 1)
    if random.random() < 0.5:
        schema["additionalProperties"] = inner()
    return schema


def random_value(random: Random, depth: int) -> Any:
    kind = random.choice(["text", "text", "other", "list", "dict"]) if depth else "text"
    match kind:
        case "list":
            return [random_value(random, depth - 1) for _ in range(random.randrange(4))]
        case "dict":
            names = random.sample("abcd", random.randrange(4))
            return {name: random_value(random, depth - 1) for name in names}
        case "other":
            return random.choice(OTHER)
        case _:
            return random.choice(TEXTS)


def test_any_schema_coerces_any_value_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(31)
    cases = []
    while len(cases) < 4000:
        schema = random_schema(random, 3)
        if isinstance(schema, dict):
            value = random_value(random, 3)
            cases.append({"schema": schema, "value": value, "components": COMPONENTS})
    assert_alike(cases, monkeypatch)
