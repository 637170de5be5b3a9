"""JSON's own types pass for themselves alone; what JSON has no type for is text, as ever."""

import datetime as dt
import enum
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

import msgspec
import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from typing_extensions import TypedDict

from rawr.schema import (
    UNDEFINED,
    Map,
    ProducedSchema,
    RegExp,
    Schema,
    SchemaError,
    Url,
    adapt,
    produced as producer,
)


class Size(enum.IntEnum):
    SMALL = 1


class Colour(enum.StrEnum):
    RED = "red"


class Line(Schema):
    amount: int
    note: str | None = None


class Lax(BaseModel):
    model_config = ConfigDict(strict=False)
    amounts: list[int]
    line: Line | None = None


class Told(Schema):
    amount: Annotated[int, Field(strict=False)]
    other: int = 0


class Mapping(TypedDict):
    amount: int
    flag: NotRequired[bool]


@dataclass
class Record:
    amount: int


class Struct(msgspec.Struct):
    amount: int
    flag: bool = False
    price: float = 0.0


ID = UUID("00000000-0000-4000-8000-000000000001")

ACCEPTED: list[tuple[Any, object, object]] = [
    (bool, True, True),
    (int, 5, 5),
    (int, 5.0, 5),
    (int, 10**30, 10**30),
    (int, str(2**64), 2**64),
    (int, str(-(2**53)), -(2**53)),
    (int | None, str(2**64), 2**64),
    (Annotated[int, Field(ge=1)], 5.0, 5),
    (float, 5, 5.0),
    (float, 5.5, 5.5),
    (str, "5", "5"),
    (str, Url("https://a.b"), "https://a.b"),
    (int | None, 5.0, 5),
    (int | str, "5", "5"),
    (list[int], [1, 2.0], [1, 2]),
    (tuple[int, str], [1, "a"], (1, "a")),
    (set[int], [1, 1], {1}),
    (frozenset[str], ["a"], frozenset("a")),
    (dict[str, int], {"a": 1.0}, {"a": 1}),
    (dict[int, int], {"1": 2}, {1: 2}),
    (dict[int, int], Map({1: 2.0}), {1: 2}),
    (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
    (dt.datetime, "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    (dt.time, "03:04:05", dt.time(3, 4, 5)),
    (dt.timedelta, "PT1S", dt.timedelta(seconds=1)),
    (UUID, str(ID), ID),
    (UUID, ID, ID),
    (Decimal, "1.5", Decimal("1.5")),
    (Decimal, 1, Decimal(1)),
    (Size, 1, Size.SMALL),
    (Colour, "red", Colour.RED),
    (Literal[5, "a"], 5.0, 5),
    (Url, "https://a.b", Url("https://a.b")),
    (RegExp, RegExp("a", "i"), RegExp("a", "i")),
    (bytes, "a", b"a"),
    (Annotated[int, BeforeValidator(int)], "5", 5),
    (Any, {"a": 5.0}, {"a": 5.0}),
    (Line, {"amount": 5.0}, Line(amount=5)),
    (Line, Line(amount=5), Line(amount=5)),
    (Mapping, {"amount": 5}, {"amount": 5}),
    (Record, {"amount": 5}, Record(5)),
    (Struct, {"amount": 5.0, "price": 5.0}, Struct(5, price=5.0)),
    (list[Struct], [{"amount": 5.0}], [Struct(5)]),
]
REFUSED: list[tuple[Any, object]] = [
    (bool, "yes"),
    (bool, "true"),
    (bool, 1),
    (bool, 0),
    (StrictBool, "yes"),
    (int, "5"),
    (int, 5.5),
    (int, str(2**53 - 1)),
    (int, "0" * 20),
    (int, "9" * 5000),
    (Annotated[int, Field(strict=True)], 5.0),
    (int, True),
    (int, float("inf")),
    (float, "5"),
    (float, True),
    (str, 5),
    (str, True),
    (str, b"5"),
    (int | None, "5"),
    (list[int], ["5"]),
    (list[int], "5"),
    (tuple[int, str], ["1", "a"]),
    (set[int], ["1"]),
    (dict[str, int], {"a": "1"}),
    (dict[int, int], {"1": "2"}),
    (Annotated[int, Field(ge=1)], "5"),
    (Annotated[int, Field(ge=1)], 0.0),
    (Size, "1"),
    (Size, 2),
    (dt.date, "yesterday"),
    (UUID, "1"),
    (Url, 5),
    (Line, {"amount": "5"}),
    (Line, {"amount": 5, "note": 5}),
    (Mapping, {"amount": 5, "flag": "yes"}),
    (Record, {"amount": "5"}),
    (Struct, {"amount": "5"}),
    (Struct, {"amount": 5.5}),
    (Struct, {"amount": 5, "flag": 1.0}),
]


@pytest.mark.parametrize(("source", "value", "expected"), ACCEPTED, ids=str)
def test_json_passes_for_what_it_is(source: Any, value: object, expected: object) -> None:
    given = adapt(source).validate(value)
    assert (type(given), given) == (type(expected), expected)


@pytest.mark.parametrize(("source", "value"), REFUSED, ids=str)
def test_json_passes_for_nothing_else(source: Any, value: object) -> None:
    with pytest.raises(SchemaError):
        adapt(source).validate(value)


def test_a_lax_model_is_lax_in_its_own_fields_only() -> None:
    adapter = adapt(Lax)
    assert adapter.validate({"amounts": ["5", 6]}).amounts == [5, 6]
    with pytest.raises(SchemaError, match=r"^line\.amount: Input should be a valid integer$"):
        adapter.validate({"amounts": [], "line": {"amount": "5"}})


def test_a_lax_field_is_lax_alone() -> None:
    adapter = adapt(Told)
    assert adapter.validate({"amount": "5"}).amount == 5
    with pytest.raises(SchemaError, match=r"^other: Input should be a valid integer$"):
        adapter.validate({"amount": "5", "other": "6"})


def test_what_is_wrong_beside_a_whole_number_is_still_told() -> None:
    with pytest.raises(SchemaError, match=r"^note: Input should be a valid string$"):
        adapt(Line).validate({"amount": 5.0, "note": 5})


def test_a_value_within_itself_is_refused() -> None:
    value: list[object] = [5.0]
    value.append(value)
    with pytest.raises(SchemaError):
        adapt(list[int]).validate(value)


def test_what_python_makes_is_taken_as_python_would() -> None:
    adapter = adapt(Line)
    assert isinstance(adapter, ProducedSchema)
    assert producer(adapter)({"amount": Decimal(5)}) == Line(amount=5)
    with pytest.raises(SchemaError, match=r"^amount: Field required$"):
        producer(adapter)({})
    assert producer(adapt(Struct))({"amount": 5}) == Struct(5)


def test_undefined_is_no_text() -> None:
    with pytest.raises(SchemaError):
        adapt(str).validate(UNDEFINED)
