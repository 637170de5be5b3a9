"""What is wrong with an input is told in words of JSON."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import AnyUrl, Field, field_validator

from rawr.schema import File, RegExp, Schema, SchemaError, adapt


class Line(Schema):
    amount: int


class Order(Schema):
    title: str

    @field_validator("title")
    @classmethod
    def _is_said(cls, title: str) -> str:
        if not title.strip():
            raise ValueError("say what it is")
        return title


def refusal(source: Any, value: object) -> str:
    with pytest.raises(SchemaError) as refused:
        adapt(source).validate(value)
    return refused.value.issues[0].message


@pytest.mark.parametrize(
    ("source", "value", "said"),
    [
        (Line, 5, "Input should be an object"),
        (dict[str, int], [], "Input should be an object"),
        (list[int], {}, "Input should be an array"),
        (set[int], "x", "Input should be an array"),
        (frozenset[int], "x", "Input should be an array"),
        (tuple[int, str], "x", "Input should be an array"),
        (None, 1, "Input should be null"),
        (Decimal, "x", "Input should be a decimal number"),
        (Decimal, True, "Input should be a decimal number"),
        (UUID, 5, "Input should be a UUID, as a string"),
        (AnyUrl, 5, "Input should be a URL, as a string"),
        (File, 5, "Input should be a file"),
        (RegExp, 5, "Input should be a regular expression"),
        (date, 5, "Input should be a date without a time of day"),
        (bytes, 5, "Input should be a string or binary data"),
        (timedelta, "x", "Input should be a valid duration, invalid digit in duration"),
        (
            Annotated[list[int], Field(max_length=1)],
            [1, 2],
            "Array should have at most 1 item after validation, not 2",
        ),
        (
            Annotated[dict[str, int], Field(min_length=1)],
            {},
            "Object should have at least 1 item after validation, not 0",
        ),
    ],
)
def test_no_type_of_python_is_named(source: Any, value: object, said: str) -> None:
    assert refusal(source, value) == said


@pytest.mark.parametrize(
    ("source", "value", "said"),
    [
        (int, "x", "Input should be a valid integer"),
        (str, 5, "Input should be a valid string"),
        (Line, {}, "Field required"),
        (Annotated[int, Field(ge=1)], 0, "Input should be greater than or equal to 1"),
    ],
)
def test_what_is_plain_stays(source: Any, value: object, said: str) -> None:
    assert refusal(source, value) == said


def test_a_validator_of_the_author_speaks_for_itself() -> None:
    assert refusal(Order, {"title": " "}) == "say what it is"
