"""Maps and URLs that pydantic declares, as they are dumped."""

import datetime as dt
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pydantic
import pytest
from pydantic import AnyUrl, Field, HttpUrl, PostgresDsn
from typing_extensions import TypedDict

import rawr.schema._native
from rawr.schema import File, KeyedDict, Map, RegExp, Schema, SchemaError, Url, adapt, produced
from rawr.wire.rpc import RPCSerializer


class Color(Enum):
    RED = "red"


class Size(StrEnum):
    BIG = "big"


class Inner(Schema):
    numbers: dict[int, AnyUrl] = Field(default_factory=dict)
    words: dict[str, int] = Field(default_factory=dict)


class Outer(Schema):
    inner: Inner
    many: list[Inner] = Field(default_factory=list)
    pairs: tuple[dict[UUID, int], ...] = ()
    self: "Outer | None" = None
    file: File | None = None


@pytest.mark.parametrize(
    "keys",
    [
        int,
        float,
        bool,
        UUID,
        dt.date,
        Color,
        Literal[1, 2],
        int | float,
        int | None,
        tuple[int, str],
        Annotated[int, Field(gt=0)],
    ],
)
def test_an_empty_dict_of_other_keys_than_text_is_a_map(keys: Any) -> None:
    dumped = adapt(dict[keys, int]).dump({})
    assert type(dumped) is KeyedDict
    assert RPCSerializer().encode(dumped) == b'{"json":[],"meta":[[7]]}'


@pytest.mark.parametrize("keys", [str, Size, Any, Literal["a"], int | str, str | None])
def test_a_dict_whose_keys_may_be_text_stays_a_dict(keys: Any) -> None:
    assert type(adapt(dict[keys, int]).dump({})) is dict


def test_maps_are_found_wherever_they_are() -> None:
    value = Outer(
        inner=Inner(numbers={1: AnyUrl("https://x.y")}),
        many=[Inner()],
        pairs=({}, {UUID(int=1): 1}),
        self=Outer(inner=Inner()),
        file=File(b"x"),
    )
    dumped: Any = adapt(Outer).dump(value)
    assert dumped["inner"] == {"numbers": {1: "https://x.y/"}, "words": {}}
    maps = [dumped["inner"]["numbers"], dumped["many"][0]["numbers"], *dumped["pairs"]]
    maps.append(dumped["self"]["inner"]["numbers"])
    assert [type(item) for item in maps] == [KeyedDict] * 5
    assert type(dumped["inner"]["words"]) is dict
    assert dumped["file"] == File(b"x")


def test_fields_may_be_named_as_core_schemas_name_theirs() -> None:
    names = ["default", "metadata", "members", "type", "schema_", "fields", "choices", "function"]
    model: Any = pydantic.create_model("Named", **dict.fromkeys(names, (dict[int, int], {})))
    dumped: Any = adapt(model).dump(model())
    assert {name: type(item) for name, item in dumped.items()} == dict.fromkeys(names, KeyedDict)


def test_dataclasses_typed_dicts_and_unions_have_maps_too() -> None:
    @dataclass
    class Point:
        at: dict[int, int]

    class Moved(TypedDict):
        points: dict[dt.date, Point]

    class Cat(Schema):
        kind: Literal["cat"] = "cat"
        lives: dict[int, str] = Field(default_factory=dict)

    class Dog(Schema):
        kind: Literal["dog"] = "dog"
        lives: dict[str, str] = Field(default_factory=dict)

    moved: Any = adapt(Moved).dump({"points": {dt.date(2020, 1, 1): Point({})}})
    assert type(moved["points"]) is KeyedDict
    assert type(moved["points"][dt.date(2020, 1, 1)]["at"]) is KeyedDict
    pet = adapt(Annotated[Cat | Dog, Field(discriminator="kind")])
    dumped: list[Any] = [pet.dump(Cat()), pet.dump(Dog())]
    assert [type(item["lives"]) for item in dumped] == [KeyedDict, dict]


def test_a_serializer_of_the_models_own_is_kept() -> None:
    class Own(Schema):
        numbers: dict[int, int] = Field(default_factory=dict)

        @pydantic.field_serializer("numbers")
        def listed(self, value: dict[int, int]) -> list[int]:
            return sorted(value)

    class Around(Schema):
        own: Own
        other: dict[int, int] = Field(default_factory=dict)

    assert adapt(Around).dump(Around(own=Own(numbers={2: 0, 1: 0}))) == {
        "own": {"numbers": [1, 2]},
        "other": {},
    }


@pytest.mark.parametrize("kind", [AnyUrl, HttpUrl, HttpUrl | int])
def test_a_pydantic_url_is_dumped_as_a_url(kind: Any) -> None:
    adapter = adapt(kind)
    dumped = adapter.dump(adapter.validate("https://x.y"))
    assert (type(dumped), dumped) == (Url, "https://x.y/")
    assert RPCSerializer().encode(dumped) == b'{"json":"https://x.y/","meta":[[4]]}'
    assert adapter.validate(dumped) == adapter.validate("https://x.y")


def test_another_member_of_a_union_with_a_url_is_itself() -> None:
    assert adapt(HttpUrl | int).dump(3) == 3


def test_a_dsn_is_text() -> None:
    adapter = adapt(PostgresDsn)
    dumped = adapter.dump(adapter.validate("postgres://a:1,b:2/db"))
    assert (type(dumped), dumped) == (str, "postgres://a:1,b:2/db")


def test_a_map_is_described_as_it_is_sent_and_as_it_is_taken() -> None:
    adapter = adapt(dict[int, str])
    assert adapter.json_schema("output") == {
        "type": "array",
        "items": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
        "x-native-type": "map",
    }
    assert adapter.json_schema("input")["type"] == "object"
    assert adapt(dict[str, str]).json_schema("output")["type"] == "object"


def test_types_without_maps_are_dumped_by_pydantics_own_serializer() -> None:
    adapter: Any = adapt(list[int])
    adapter.dump([1])
    assert adapter._dump == adapter._type_adapter.serializer.to_python


def test_an_older_pydantic_core_is_asked_without_the_option(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = rawr.schema._native.SchemaSerializer

    def older(schema: Any, config: Any = None) -> Any:
        return real(schema, config)

    monkeypatch.setattr(rawr.schema._native, "SchemaSerializer", older)
    assert type(adapt(dict[int, int]).dump({})) is KeyedDict


class Indexed(Schema):
    by_number: dict[int, "Indexed"] = Field(default_factory=dict)
    words: Map[str, int]


PAIRS = {"byNumber": [[1, {"words": [["a", 1]]}]], "words": [["b", 2]]}
OBJECTS = {"byNumber": {"1": {"words": {"a": 1}}}, "words": {"b": 2}}


@pytest.mark.parametrize("value", [PAIRS, OBJECTS], ids=["pairs", "objects"])
@pytest.mark.parametrize("read", [adapt(Indexed).validate, produced(adapt(Indexed))])
def test_maps_are_read_from_pairs_and_objects(read: Any, value: object) -> None:
    indexed = read(value)
    assert indexed == Indexed(by_number={1: Indexed(words=Map(a=1))}, words=Map(b=2))
    assert type(indexed.words) is Map


def test_keys_of_pairs_may_be_what_python_cannot_hash() -> None:
    grid = adapt(dict[tuple[int, tuple[int, int]], str])
    assert grid.validate([[[1, [2, 3]], "a"]]) == {(1, (2, 3)): "a"}


@pytest.mark.parametrize(
    "value", [[[1]], [[1, "a", 2]], ["ab"], [[{}, "a"]], [1], "ab", [["x", "a"]]], ids=str
)
def test_other_lists_are_no_maps(value: object) -> None:
    with pytest.raises(SchemaError):
        adapt(dict[int, str]).validate(value)


def test_lists_of_pairs_are_no_dicts_with_text_keys() -> None:
    with pytest.raises(SchemaError):
        adapt(dict[str, int]).validate([["a", 1]])


def test_strictness_reaches_into_maps() -> None:
    with pytest.raises(SchemaError, match="valid integer"):
        adapt(dict[int, int]).validate([[1, "1"]])
    assert adapt(dict[int, int]).validate([[1, 2.0]]) == {1: 2}


def test_a_declared_map_stays_one() -> None:
    words = adapt(Map[str, int])
    assert type(words.dump(Map(a=1))) is Map
    assert type(adapt(Map).dump(Map())) is Map
    pair = {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "integer"}],
        "minItems": 2,
        "maxItems": 2,
    }
    described = {"type": "array", "items": pair, "x-native-type": "map"}
    assert [words.json_schema("input"), words.json_schema("output")] == [described] * 2
    with pytest.raises(SchemaError):
        words.validate([["a", "1"]])


@pytest.mark.parametrize("text", ["/a+/gi", "/a\\/b/", "//"])
def test_a_regular_expression_may_be_the_text_json_has_of_it(text: str) -> None:
    assert str(adapt(RegExp).validate(text)) == text
    assert adapt(str | RegExp).validate(text) == text


@pytest.mark.parametrize("text", ["a", "/a", "/a/x", "/a\n/"])
def test_other_text_is_no_regular_expression(text: str) -> None:
    with pytest.raises(SchemaError):
        adapt(RegExp).validate(text)
