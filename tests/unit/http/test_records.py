"""Model instances that are written without a dump are written as if they had been dumped."""

import datetime as dt
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

import pydantic
import pytest
from hypothesis import given, strategies as st
from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    computed_field,
    field_serializer,
    model_serializer,
    model_validator,
)

from rawr.contract import Contract, procedure
from rawr.http import OpenAPICodec, Response, RPCCodec
from rawr.http._codec import JsonForm
from rawr.http._operation import Operations
from rawr.procedure import Procedure, Router
from rawr.schema import UNDEFINED, DirectSchema, Schema, SchemaAdapter, Undefined, Url, adapt
from rawr.schema._record import Record
from rawr.wire.openapi import OpenAPISerializer
from rawr.wire.rpc import RPCSerializer


class Color(StrEnum):
    RED = "red"


class Plain(BaseModel):
    text: str
    flag: bool = True
    number: int | None = None
    when: dt.datetime | None = None
    color: Color = Color.RED


class Renamed(Schema):
    run_id: str
    is_done: bool | None = None
    some_number: int | Undefined = UNDEFINED


class Lasting(Plain):
    @cached_property
    def length(self) -> int:
        return len(self.text)


class More(Plain):
    more: str = "more"


class PostInit(Plain):
    def model_post_init(self, context: Any, /) -> None:
        self.flag = False


class SameAlias(BaseModel):
    first: str = Field(default="1", serialization_alias="x")
    between: str = "2"
    second: str = Field(default="3", serialization_alias="x")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    text: str = ""


class Again(BaseModel):
    model_config = ConfigDict(revalidate_instances="always")
    text: str = Field(default="", min_length=3)


class Hidden(BaseModel):
    text: str = ""
    secret: str = Field(default="secret", exclude=True)


class HiddenIf(BaseModel):
    text: str = Field(default="", exclude_if=lambda value: value == "")


class Computed(BaseModel):
    text: str = ""

    @computed_field
    def twice(self) -> str:
        return self.text * 2


class FieldSerialized(BaseModel):
    text: str = ""

    @field_serializer("text")
    def _shout(self, value: str) -> str:
        return value.upper()


class AnnotatedSerialized(BaseModel):
    text: Annotated[str, PlainSerializer(lambda value: f"<{value}>")] | None = ""


class ModelSerialized(BaseModel):
    text: str = ""

    @model_serializer
    def _dump(self) -> dict[str, str]:
        return {"t": self.text}


class Checked(BaseModel):
    text: str = ""

    @model_validator(mode="after")
    def _check(self) -> "Checked":
        if self.text == "bad":
            raise ValueError("bad")
        return self


class Linked(BaseModel):
    link: AnyUrl | str = ""


class Deleted(BaseModel):
    text: Annotated[str, AfterValidator(str.strip)] = ""
    flag: bool = True


def constructed(kind: type[BaseModel], **members: object) -> BaseModel:
    return kind.model_construct(None, **members)


def stray(model: BaseModel, **members: object) -> BaseModel:
    model.__dict__.update(members)
    return model


def without(model: BaseModel, name: str) -> BaseModel:
    del model.__dict__[name]
    return model


LEAVES: st.SearchStrategy[object] = st.one_of(
    st.text(),
    st.text(st.characters(codec=None)),
    st.booleans(),
    st.none(),
    st.integers(),
    st.integers(2**53 - 2, 2**53 + 2),
    st.floats(),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.just(UNDEFINED),
    st.sampled_from(Color),
    st.lists(st.integers(), max_size=2),
    st.builds(Url, st.just("https://example.com")),
    st.binary(max_size=3),
)


def operation_form(kind: Any, *, is_rpc: bool) -> tuple[SchemaAdapter[Any], JsonForm]:
    contract = procedure().output(kind)

    async def handler(_context: None) -> None:
        return None

    class Records(Contract):
        it = contract

    (operation,) = Operations(Router(Records, {"it": Procedure(contract, handler)}))
    codec = RPCCodec(RPCSerializer()) if is_rpc else OpenAPICodec(OpenAPISerializer(), None)
    form = codec.json_form(operation)
    assert form is not None
    return adapt(kind), form


def outcome(write: Callable[[Any], bytes | Response], value: object) -> object:
    try:
        written = write(value)
    except Exception as error:  # noqa: BLE001 - whatever fails has to fail on both ways
        return type(error)
    return written if isinstance(written, bytes) else written.body


def outcomes(kind: Any, value: object) -> Iterator[tuple[object, object]]:
    for is_rpc in (True, False):
        schema, form = operation_form(kind, is_rpc=is_rpc)
        assert isinstance(schema, DirectSchema)
        make: Any = form.record_writer
        write = schema.writer(form.encode, make)
        dumped = schema.writer(form.encode, lambda _kind, _names, otherwise: otherwise)
        yield outcome(write, value), outcome(dumped, value)


@given(text=LEAVES, flag=LEAVES, number=LEAVES, color=LEAVES)
def test_any_members_are_written_as_dumped(
    text: object, flag: object, number: object, color: object
) -> None:
    value = constructed(Plain, text=text, flag=flag, number=number, color=color)
    for written, dumped in outcomes(Plain, value):
        assert written == dumped


@given(run_id=LEAVES, is_done=LEAVES)
def test_any_renamed_members_are_written_as_dumped(run_id: object, is_done: object) -> None:
    value = constructed(Renamed, run_id=run_id, is_done=is_done)
    for written, dumped in outcomes(Renamed, value):
        assert written == dumped


VALUES: dict[str, tuple[Any, object]] = {
    "plain": (Plain, Plain(text="a")),
    "renamed": (Renamed, Renamed(run_id="a", is_done=True, some_number=1)),
    "a dict": (Plain, {"text": "a", "color": "red"}),
    "a wrong dict": (Plain, {"text": 1}),
    "none": (Plain, None),
    "a subclass": (Plain, More(text="a", color=Color.RED)),
    "a cached property": (Lasting, stray(Lasting(text="a"), length=1)),
    "a stray member": (Renamed, stray(Renamed(run_id="a"), more="more")),
    "a missing member": (Deleted, without(Deleted(text="a"), "flag")),
    "another order": (Deleted, constructed(Deleted, flag=False, text="b")),
    "one for another": (Deleted, stray(without(Deleted(), "flag"), more=1)),
    "after initialization": (PostInit, PostInit(text="a")),
    "the same alias": (SameAlias, SameAlias()),
    "open": (Open, Open.model_validate({"text": "a", "more": "b"})),
    "validated again": (Again, constructed(Again, text="a")),
    "hidden": (Hidden, Hidden(text="a")),
    "hidden at times": (HiddenIf, HiddenIf()),
    "computed": (Computed, Computed(text="a")),
    "a field with a serializer": (FieldSerialized, FieldSerialized(text="a")),
    "a type with a serializer": (AnnotatedSerialized, AnnotatedSerialized(text="a")),
    "a model with a serializer": (ModelSerialized, ModelSerialized(text="a")),
    "a validator": (Checked, constructed(Checked, text="bad")),
    "a link": (Linked, Linked(link="https://example.com")),
    "text where a link may be": (Linked, constructed(Linked, link="text")),
    "a root model": (RootModel[str], RootModel[str]("a")),
    "an optional model": (Plain | None, Plain(text="a")),
}


@pytest.mark.parametrize(("kind", "value"), VALUES.values(), ids=VALUES)
def test_every_model_is_written_as_dumped(kind: Any, value: object) -> None:
    for written, dumped in outcomes(kind, value):
        assert written == dumped


@pytest.mark.parametrize("kind", [Plain, Renamed, More, PostInit, SameAlias, Deleted])
def test_plain_models_are_records(kind: type[BaseModel]) -> None:
    record = Record.of(pydantic.TypeAdapter(kind).core_schema)
    assert record is not None
    assert record.kind is kind
    assert list(record.names) == list(kind.model_fields)


@pytest.mark.parametrize(
    "kind",
    [
        *(Open, Again, Hidden, HiddenIf, Computed, FieldSerialized, AnnotatedSerialized),
        *(ModelSerialized, Checked, RootModel[str], Plain | None, list[Plain], str),
    ],
    ids=str,
)
def test_what_is_dumped_in_its_own_way_is_no_record(kind: Any) -> None:
    assert Record.of(pydantic.TypeAdapter(kind).core_schema) is None
