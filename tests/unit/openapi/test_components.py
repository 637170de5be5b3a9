import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from openapi_spec_validator import validate
from pydantic import BaseModel, Field, create_model

from rawr.contract import Contract, post
from rawr.openapi import generate_openapi
from rawr.schema import Schema


def schemas(contract: type[Contract]) -> dict[str, Any]:
    made = generate_openapi(contract, published_only=False)
    validate(made)
    found: dict[str, Any] = made["components"]["schemas"]
    return found


def reference(contract: type[Contract], name: str, part: str) -> str:
    shown = generate_openapi(contract, published_only=False)["paths"][f"/{name}"]["post"]
    body = shown["requestBody"] if part == "input" else shown["responses"]["200"]
    text: str = body["content"]["application/json"]["schema"]["$ref"]
    return text.rpartition("/")[2]


def test_one_type_used_twice_is_one_component() -> None:
    class Thing(Schema):
        a: str

    class C(Contract):
        one = post("/one").input(Thing).output(Thing)
        two = post("/two").input(Thing)

    assert set(schemas(C)) == {"Thing"}


def test_two_types_of_one_name_are_numbered_in_order() -> None:
    first: Any = create_model("Thing", __base__=Schema, a=(str, ...))
    second: Any = create_model("Thing", __base__=Schema, b=(str, ...))

    class C(Contract):
        one = post("/one").input(first)
        two = post("/two").input(second)

    assert set(schemas(C)) == {"Thing", "Thing2"}
    assert reference(C, "one", "input") == "Thing"
    assert reference(C, "two", "input") == "Thing2"


def test_input_and_output_forms_of_one_type_are_told_apart() -> None:
    class Thing(Schema):
        a: Decimal

    class C(Contract):
        one = post("/one").input(Thing).output(Thing)

    assert set(schemas(C)) == {"ThingInput", "ThingOutput"}
    assert reference(C, "one", "output") == "ThingOutput"


def test_a_numbered_name_avoids_a_taken_one() -> None:
    first: Any = create_model("Thing", __base__=Schema, a=(str, ...))
    second: Any = create_model("Thing", __base__=Schema, b=(str, ...))
    other: Any = create_model("Thing2", __base__=Schema, c=(str, ...))

    class C(Contract):
        one = post("/one").input(first)
        two = post("/two").input(second)
        three = post("/three").input(other)

    assert set(schemas(C)) == {"Thing", "Thing2", "Thing2_"}
    assert reference(C, "three", "input") == "Thing2"


def test_types_that_differ_only_in_what_they_refer_to_are_two() -> None:
    inner: Any = create_model("Inner", __base__=Schema, a=(str, ...))
    other: Any = create_model("Inner", __base__=Schema, b=(str, ...))
    first: Any = create_model("Outer", __base__=Schema, inner=(inner, ...))
    second: Any = create_model("Outer", __base__=Schema, inner=(other, ...))

    class C(Contract):
        one = post("/one").input(first)
        two = post("/two").input(second)

    assert set(schemas(C)) == {"Inner", "Inner2", "Outer", "Outer2"}
    assert schemas(C)["Outer2"]["properties"]["inner"] == {"$ref": "#/components/schemas/Inner2"}


def test_recursive_types_refer_to_themselves() -> None:
    class C(Contract):
        one = post("/one").input(Tree)

    assert schemas(C)["Tree"]["properties"]["children"] == {
        "items": {"$ref": "#/components/schemas/Tree"},
        "type": "array",
    }


class Tree(Schema):
    children: "list[Tree]"


class Cat(Schema):
    kind: Literal["cat"]


class Dog(Schema):
    kind: Literal["dog"]


class Owner(Schema):
    pet: Cat | Dog = Field(discriminator="kind")


def test_discriminators_name_the_final_components() -> None:
    class C(Contract):
        one = post("/one").input(Owner)

    mapping = schemas(C)["Owner"]["properties"]["pet"]["discriminator"]["mapping"]
    assert mapping == {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}


def test_what_nothing_refers_to_is_left_out() -> None:
    class Thing(Schema):
        id: str

    class C(Contract):
        one = post("/one/{id}").input(Thing).output(str)

    assert "components" not in generate_openapi(C, published_only=False)


def test_titles_made_from_names_are_dropped_and_chosen_ones_kept() -> None:
    class Thing(BaseModel):
        some_name: str
        other: str = Field(title="Chosen")

    class C(Contract):
        one = post("/one").input(Thing)

    assert schemas(C)["Thing"]["properties"] == {
        "some_name": {"type": "string"},
        "other": {"title": "Chosen", "type": "string"},
    }


def test_native_types_are_named() -> None:
    class Thing(Schema):
        at: dt.datetime
        tags: set[str]

    class C(Contract):
        one = post("/one").input(Thing)

    properties = schemas(C)["Thing"]["properties"]
    assert properties["at"] == {
        "x-native-type": "date",
        "format": "date-time",
        "type": "string",
    }
    assert properties["tags"]["x-native-type"] == "set"


def test_generic_names_become_valid_keys() -> None:
    odd: Any = create_model("Odd Näme[int]", __base__=Schema, a=(str, ...))

    class C(Contract):
        one = post("/one").input(odd)

    assert set(schemas(C)) == {"Odd_N_me_int_"}
