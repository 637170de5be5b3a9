import datetime as dt
import time
from typing import Any

import msgspec
import pytest
from pydantic import ConfigDict

from rawr.contract import Contract, get, post, procedure
from rawr.http import OpenAPIHandler, RPCHandler
from rawr.http._coercer import Coercer
from rawr.http._natives import to_integer, to_number
from rawr.http.plugins import SmartCoercion
from rawr.procedure import Router, implement
from rawr.schema import UNDEFINED, RegExp, Schema, SchemaMode, Undefined, Url, adapt
from rawr.testing.asgi import ASGIClient
from rawr.wire import Map


class Search(msgspec.Struct, rename="camel"):
    page_size: int
    deep: bool = False
    price: float | None = None
    tags: list[int] = []


class Node(Schema):
    model_config = ConfigDict(strict=True)

    n: int
    label: int | str = 0
    child: "Node | None" = None
    flag: bool | Undefined = UNDEFINED


class Things(Contract):
    search = get("/things").input(Search).output(Search)
    tree = post("/tree").input(Node).output(Node)
    ping = get("/ping").output(str)


os = implement(Things)


@os.handler(Things.search)
async def search(context: None, input: Search) -> Search:
    return input


@os.handler(Things.tree)
async def tree(context: None, input: Node) -> Node:
    return input


@os.handler(Things.ping)
async def ping(context: None) -> str:
    return "pong"


def router() -> Router[None]:
    return os.router()


def client(*plugins: SmartCoercion) -> ASGIClient:
    return ASGIClient(OpenAPIHandler(router(), plugins=plugins).asgi())


async def test_queries_become_what_the_schema_asks_for() -> None:
    target = "/things?pageSize=10&deep=ON&price=1.50&tags[0]=7&tags[1]=8"
    response = await client(SmartCoercion()).request("GET", target)
    assert response.json() == {"pageSize": 10, "deep": True, "price": 1.5, "tags": [7, 8]}
    assert (await client().request("GET", target)).json() == response.json()


async def test_plain_json_becomes_what_the_schema_asks_for_with_the_plugin_only() -> None:
    body = b'{"n":"1","flag":"true"}'
    coerced = await client(SmartCoercion()).request("POST", "/tree", body=body)
    assert coerced.json() == {"n": 1, "label": 0, "child": None, "flag": True}
    assert (await client().request("POST", "/tree", body=body)).status == 400


async def test_forms_are_coerced_through_shared_and_recursive_schemas() -> None:
    body = b"n=1&label=5&child[n]=2&child[label]=x&child[flag]=true"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = await client(SmartCoercion()).request("POST", "/tree", headers=headers, body=body)
    child = {"n": 2, "label": "x", "child": None, "flag": True}
    assert response.json() == {"n": 1, "label": "5", "child": child}


async def test_what_cannot_be_coerced_is_reported_as_it_was() -> None:
    response = await client(SmartCoercion()).request("GET", "/things?pageSize=ten")
    assert response.status == 400
    assert response.json()["data"]["issues"][0]["path"] == ["pageSize"]


async def test_a_procedure_without_input_has_nothing_to_coerce() -> None:
    response = await client(SmartCoercion()).request("GET", "/ping?x=1")
    assert response.json() == "pong"


class Counting:
    described = 0

    def validate(self, value: object) -> Any:
        return value

    def dump(self, value: Any) -> object:
        return value

    def json_schema(self, mode: SchemaMode = "input", *, ref_template: str = "") -> dict[str, Any]:
        self.described += 1
        return {"type": "integer"}


async def test_a_schema_is_described_once_and_the_rpc_protocol_coerces_too() -> None:
    schema = Counting()
    contract: Any = type("Counted", (Contract,), {"echo": procedure().input(schema).output(schema)})
    counted: Any = implement(contract)

    @counted.handler(contract.echo)
    async def echo(context: None, input: Any) -> Any:
        return input

    handler = RPCHandler(counted.router(), plugins=[SmartCoercion()])
    rpc = ASGIClient(handler.asgi())
    assert schema.described == 0
    for text in ("1", "2"):
        response = await rpc.request("POST", "/echo", body=b'{"json":"%b"}' % text.encode())
        assert response.json() == {"json": int(text)}
    assert schema.described == 1


def test_values_of_python_types_pass_through() -> None:
    moment = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    coercer = Coercer.of(adapt(dict[str, dt.datetime]))
    value = {"a": moment}
    assert coercer.coerce(value) is value
    assert coercer.coerce(UNDEFINED) is UNDEFINED


def test_missing_properties_that_may_be_missing_satisfy() -> None:
    coercer = Coercer({"anyOf": [{"type": "object", "properties": {"a": {"type": "number"}}}, {}]})
    value = {"a": UNDEFINED}
    assert coercer.coerce(value) is value


def test_whole_numbers_are_exact_however_large() -> None:
    assert to_integer("123456789012345678901234567890") == 123456789012345678901234567890
    assert to_integer("9" * 5000) == "9" * 5000
    assert to_number("1e400") == float("inf")


def test_an_impossible_date_stays_text() -> None:
    coercer = Coercer({"x-native-type": "date"})
    for text in ("2020-02-30", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+23:59"):
        assert isinstance(coercer.coerce(text), str) is (text != "9999-12-31T23:59:59+00:00")


def test_a_pattern_python_does_not_know_matches_nothing() -> None:
    schema = {"type": "object", "patternProperties": {r"\p{L}": {"type": "number"}}}
    assert Coercer(schema).coerce({"a": "1"}) == {"a": "1"}


def test_branches_of_branches_do_not_add_up_without_end() -> None:
    nested: Any = "1"
    for _ in range(200):
        nested = [nested]
    anything = {
        "anyOf": [
            {"type": "object", "additionalProperties": {"$ref": "#"}},
            {"type": "array", "items": {"$ref": "#"}},
        ]
    }
    began = time.process_time()
    assert Coercer(anything, {"#": anything}).coerce(nested) is nested
    assert time.process_time() - began < 5


def test_a_schema_that_leads_to_itself_changes_nothing() -> None:
    itself = {"$ref": "#"}
    assert Coercer(itself, {"#": itself}).coerce("1") == "1"


def test_words_nobody_knows_say_nothing() -> None:
    assert Coercer({"x-native-type": "odd", "type": "odd"}).coerce("1") == "1"


def day(hour: int = 0) -> dt.datetime:
    return dt.datetime(2020, 1, 1, hour, tzinfo=dt.UTC)


PAIRS = {"type": "array", "prefixItems": [{"type": "number"}], "items": {"type": "boolean"}}
LEGACY = {"type": "array", "items": [{"type": "number"}], "additionalItems": {"type": "boolean"}}

# Judged by the real coercer in tests/wire/test_server_coercion.py; here to be read.
TABLE: list[tuple[Any, Any, Any]] = [
    ({"type": "number"}, "1.50", 1.5),
    ({"type": "number"}, " 1e3 ", 1000),
    ({"type": "number"}, "0x10", "0x10"),
    ({"type": "number"}, "", ""),
    ({"type": "integer"}, "1.0", 1),
    ({"type": "integer"}, "1.5", "1.5"),
    ({"type": "integer"}, "1e3", "1e3"),
    ({"type": "integer"}, "0x10", 16),
    ({"type": "boolean"}, "On", True),
    ({"type": "boolean"}, "FALSE", False),
    ({"type": "boolean"}, "1", "1"),
    ({"type": "null"}, "null", "null"),
    ({"const": 1}, "1", 1),
    ({"const": 1}, True, True),
    ({"enum": ["a", True]}, "on", True),
    ({"enum": ["a", True]}, "b", "b"),
    ({"type": ["integer", "boolean"]}, "true", True),
    ({"x-native-type": "date"}, "2020-01-01", day()),
    ({"x-native-type": "date"}, "2020-01-01T02:00:00+02:00", day()),
    ({"x-native-type": "date"}, "2020-01-01T00:00:00-02:00", "2020-01-01T00:00:00-02:00"),
    ({"x-native-type": "date"}, "2020-01-01T10:00", day(10)),
    ({"x-native-type": "date"}, 5, 5),
    ({"x-native-type": "bigint"}, "12345678901234567890", 12345678901234567890),
    ({"x-native-type": "bigint"}, "007", "007"),
    ({"x-native-type": "bigint"}, 5.0, 5),
    ({"x-native-type": "regexp"}, "/a/gi", RegExp("a", "gi")),
    ({"x-native-type": "regexp"}, "/a/gg", "/a/gg"),
    ({"x-native-type": "url"}, "https://x.y/z", Url("https://x.y/z")),
    ({"x-native-type": "url"}, "x.y", "x.y"),
    ({"x-native-type": "set"}, [1, 2], {1, 2}),
    ({"x-native-type": "set"}, [1, 1], [1, 1]),
    ({"x-native-type": "set"}, "a", "a"),
    ({"x-native-type": "map"}, [["a", 1]], Map({"a": 1})),
    ({"x-native-type": "map"}, [["a", 1], ["a", 2]], [["a", 1], ["a", 2]]),
    ({"x-native-type": "map"}, [["a"]], [["a"]]),
    (PAIRS, ["1", "on"], [1, True]),
    (LEGACY, ["1", "on"], [1, True]),
    ({"type": "array", "items": {"type": "number"}}, "5", "5"),
    ({"type": "object", "properties": {"0": {"type": "number"}}}, ["1"], {"0": 1}),
    ({"type": "object", "patternProperties": {"^n": {"type": "number"}}}, {"n1": "1"}, {"n1": 1}),
    ({"allOf": [{"type": "number"}, {"const": 1}]}, "1", 1),
    ({"anyOf": [{"type": "number"}, {"type": "string"}]}, "1", "1"),
    ({"anyOf": [{"type": "number"}, {"type": "boolean"}]}, "x", "x"),
    ({"anyOf": [{"type": "number", "not": {"const": 1}}, {"type": "integer"}]}, "1", 1),
]


@pytest.mark.parametrize(("schema", "value", "expected"), TABLE)
def test_values_become_what_the_schema_asks_for(schema: Any, value: Any, expected: Any) -> None:
    coerced = Coercer(schema).coerce(value)
    assert (type(coerced), coerced) == (type(expected), expected)
