"""Schemas pydantic understands: models, dataclasses, TypedDicts and plain types."""

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Required

import pydantic
import pytest
from hypothesis import given, settings, strategies as st
from typing_extensions import TypedDict

from rawr.schema import (
    UNDEFINED,
    EmittedSchema,
    File,
    Issue,
    RegExp,
    Schema,
    SchemaError,
    Undefined,
    UndescribableType,
    Url,
    adapt,
)


class Line(Schema):
    unit_price: int
    tags: frozenset[str] = frozenset()


class Invoice(Schema):
    invoice_id: str
    lines: tuple[Line, ...] = ()
    due: dt.datetime | None = None


@dataclass
class Point:
    x: int
    y: int = 0


class Named(TypedDict):
    name: str
    age: NotRequired[int]


class Colour(Enum):
    RED = "red"


WIRE = {"invoiceId": "i1", "lines": [{"unitPrice": 2, "tags": ["a"]}]}


def issues_of(source: Any, value: object) -> tuple[Issue, ...]:
    with pytest.raises(SchemaError) as caught:
        adapt(source).validate(value)
    return caught.value.issues


def test_wire_names_are_camel_case_both_ways() -> None:
    invoice = adapt(Invoice).validate(WIRE)
    assert invoice == Invoice(invoice_id="i1", lines=(Line(unit_price=2, tags=frozenset({"a"})),))
    assert adapt(Invoice).dump(invoice) == {
        "invoiceId": "i1",
        "lines": ({"unitPrice": 2, "tags": frozenset({"a"})},),
        "due": None,
    }


def test_models_are_built_by_their_python_names() -> None:
    assert Invoice(invoice_id="i1").invoice_id == "i1"


def test_an_instance_is_taken_as_it_is() -> None:
    invoice = Invoice(invoice_id="i1")
    assert adapt(Invoice).validate(invoice) is invoice


def test_unknown_keys_are_refused() -> None:
    (issue,) = issues_of(Invoice, {**WIRE, "invoceId": "x"})
    assert (issue.path, issue.code) == (("invoceId",), "extra_forbidden")


def test_schemas_are_immutable() -> None:
    invoice = Invoice(invoice_id="i1")
    with pytest.raises(pydantic.ValidationError):
        invoice.invoice_id = "i2"  # type: ignore[misc]  # what is tested


def test_every_issue_is_reported_with_its_path_in_wire_names() -> None:
    issues = issues_of(Invoice, {"lines": [{"unitPrice": 1}, {"unitPrice": "x"}]})
    assert [(issue.path, issue.code) for issue in issues] == [
        (("invoiceId",), "missing"),
        (("lines", 1, "unitPrice"), "int_type"),
    ]


def test_an_error_tells_where_and_what() -> None:
    with pytest.raises(SchemaError, match=r"^lines\.0\.unitPrice: Field required$") as caught:
        adapt(Invoice).validate({"invoiceId": "i1", "lines": [{}]})
    assert caught.value.to_wire() == {
        "issues": [
            {
                "code": "missing",
                "message": "Field required",
                "path": ["lines", 0, "unitPrice"],
            }
        ]
    }


def test_errors_never_repeat_the_input() -> None:
    issues = issues_of(Invoice, {"invoiceId": ["hunter2"]})
    assert "hunter2" not in repr(issues)


def test_errors_have_no_foreign_cause() -> None:
    with pytest.raises(SchemaError) as caught:
        adapt(int).validate("x")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("source", "wire", "value"),
    [
        (int, 1, 1),
        (int, 2**70, 2**70),
        (str, "x", "x"),
        (bool, True, True),
        (None, None, None),
        (list[int], [1], [1]),
        (set[int], {1}, {1}),
        (set[int], [1, 1], {1}),
        (frozenset[str], {"a"}, frozenset({"a"})),
        (tuple[int, str], [1, "a"], (1, "a")),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict[int, str], {1: "a"}, {1: "a"}),
        (int | None, None, None),
        (Literal["a", "b"], "a", "a"),
        (Colour, "red", Colour.RED),
        (Point, {"x": 1}, Point(1)),
        (Point, Point(1, 2), Point(1, 2)),
        (Named, {"name": "n"}, {"name": "n"}),
        (dt.datetime, "2022-01-01T00:00:00Z", dt.datetime(2022, 1, 1, tzinfo=dt.UTC)),
        (dt.date, "2022-01-01", dt.date(2022, 1, 1)),
        (dt.timedelta, "PT1S", dt.timedelta(seconds=1)),
        (Decimal, "1.50", Decimal("1.50")),
        (uuid.UUID, "00000000-0000-0000-0000-000000000001", uuid.UUID(int=1)),
        (Url, "https://x.y/", Url("https://x.y/")),
        (RegExp, RegExp("a", "i"), RegExp("a", "i")),
        (RegExp, "/a/i", RegExp("a", "i")),
        (File, File(b"x"), File(b"x")),
        (Annotated[int, pydantic.Field(ge=1)], 1, 1),
        (Any, {"a": [1]}, {"a": [1]}),
        (object, UNDEFINED, UNDEFINED),
        (int | Undefined, UNDEFINED, UNDEFINED),
    ],
    ids=str,
)
def test_plain_types_are_schemas(source: Any, wire: object, value: object) -> None:
    result = adapt(source).validate(wire)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (int, "x"),
        (int, 1.5),
        (str, 1),
        (str, UNDEFINED),
        (int, UNDEFINED),
        (list[str], [UNDEFINED]),
        (str | None, UNDEFINED),
        (None, 1),
        (Literal["a"], "b"),
        (Point, {"y": 1}),
        (Named, {}),
        (Named, {"name": "n", "age": "x"}),
        (File, {"content": b"x"}),
        (RegExp, "a"),
        (Annotated[int, pydantic.Field(ge=1)], 0),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(source: Any, value: object) -> None:
    assert issues_of(source, value)


def test_dumping_leaves_native_values_to_the_codec() -> None:
    moment = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
    values = [moment, {1}, b"x", Decimal(1), uuid.UUID(int=1), File(b"x"), RegExp("a"), UNDEFINED]
    assert adapt(list[Any]).dump(values) == values


def test_a_url_stays_a_url() -> None:
    class Link(Schema):
        href: Url

    dumped = adapt(Link).dump(adapt(Link).validate({"href": "https://x.y/"}))
    assert isinstance(dumped, dict)
    assert type(dumped["href"]) is Url


def test_files_and_patterns_stay_whole_inside_models() -> None:
    class Upload(Schema):
        files: list[File]
        pattern: RegExp
        note: str | Undefined = UNDEFINED

    upload = Upload(files=[File(b"x", "text/plain", "x.txt")], pattern=RegExp("a", "g"))
    assert adapt(Upload).dump(upload) == {
        "files": [File(b"x", "text/plain", "x.txt")],
        "pattern": RegExp("a", "g"),
        "note": UNDEFINED,
    }


def test_input_and_output_have_schemas_of_their_own() -> None:
    class Both(Schema):
        amount: Decimal

    read, written = (adapt(Both).json_schema(mode)["properties"] for mode in ("input", "output"))  # type: ignore[arg-type]  # a literal
    assert {"type": "number"} in read["amount"]["anyOf"]  # type: ignore[index]  # a mapping
    assert written["amount"]["type"] == "string"  # type: ignore[index]  # a mapping


def test_json_schemas_speak_wire_names_and_refer_to_components() -> None:
    schema = adapt(Invoice).json_schema()
    properties: Any = schema["properties"]
    assert properties["lines"]["items"] == {"$ref": "#/components/schemas/Line"}
    assert list(properties) == ["invoiceId", "lines", "due"]
    own = adapt(Invoice).json_schema(ref_template="#/$defs/{model}")
    assert "#/$defs/Line" in str(own)


def test_the_schema_of_an_optional_field_invents_no_default() -> None:
    class Optional(Schema):
        n: int | Undefined = UNDEFINED
        k: int = 3

    properties: Any = adapt(Optional).json_schema()["properties"]
    assert properties["n"] == {"anyOf": [{"type": "integer"}, {"not": {}}], "title": "N"}
    assert properties["k"]["default"] == 3


@pytest.mark.parametrize(
    ("source", "schema"),
    [
        (File, {"type": "string", "contentMediaType": "*/*"}),
        (RegExp, {"type": "string", "format": "regex", "x-native-type": "regexp"}),
        (Url, {"type": "string", "format": "uri", "x-native-type": "url"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_native_types_describe_themselves(source: Any, schema: dict[str, object]) -> None:
    assert adapt(source).json_schema() == schema


def test_adapting_is_lazy_and_an_adapter_is_kept() -> None:
    adapter = adapt("NotYetDefined")
    assert adapt(adapter) is adapter
    assert repr(adapt(int)) == "PydanticAdapter(<class 'int'>)"


def test_an_own_adapter_is_a_schema() -> None:
    class Upper:
        def validate(self, value: object) -> str:
            return str(value).upper()

        def dump(self, value: str) -> object:
            return value.lower()

        def json_schema(self, mode: str = "input", *, ref_template: str = "") -> dict[str, object]:
            return {"type": "string"}

    class Inherited(Upper):
        pass

    for adapter in (Upper(), Inherited()):
        assert adapt(adapter) is adapter


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON_LIKE)
def test_untyped_values_pass_through_unchanged(value: object) -> None:
    adapter = adapt(Any)
    assert adapter.dump(adapter.validate(value)) == value


@settings(deadline=None)
@given(
    invoice_id=st.text(),
    prices=st.lists(st.tuples(st.integers(), st.frozensets(st.text())), max_size=3),
    due=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
)
def test_what_is_dumped_validates_to_the_same(
    invoice_id: str, prices: list[tuple[int, frozenset[str]]], due: dt.datetime | None
) -> None:
    lines = tuple(Line(unit_price=price, tags=tags) for price, tags in prices)
    invoice = Invoice(invoice_id=invoice_id, lines=lines, due=due)
    adapter = adapt(Invoice)
    assert adapter.validate(adapter.dump(invoice)) == invoice


@settings(deadline=None)
@given(JSON_LIKE)
def test_nothing_but_a_schema_error_comes_of_bad_input(value: object) -> None:
    if value != {}:
        assert issues_of(Invoice, value)


def test_what_is_emitted_requires_defaults_too() -> None:
    class Parts(Schema):
        given: str
        defaulted: int = 1
        made: list[str] = pydantic.Field(default_factory=list)
        absent: str | Undefined = UNDEFINED
        hidden: str = pydantic.Field(default="", exclude=True)

    assert adapt(Parts).json_schema("output")["required"] == ["given"]
    assert always_there(Parts) == ["given", "defaulted", "made"]


def test_an_optional_key_of_a_typed_dict_stays_optional() -> None:
    class Parts(TypedDict, total=False):
        given: Required[str]
        may_lack: str

    assert always_there(Parts) == ["given"]


def always_there(source: Any) -> object:
    adapter = adapt(source)
    assert isinstance(adapter, EmittedSchema)
    return adapter.emitted_json_schema()["required"]


@pytest.mark.parametrize("mode", ["input", "output"])
def test_a_type_json_schema_has_no_form_for_is_named(mode: Any) -> None:
    class Callback:
        pass

    with pytest.raises(UndescribableType, match=r"Callback\] has no JSON Schema") as caught:
        adapt(list[Callback]).json_schema(mode)
    assert caught.value.source == list[Callback]
    assert caught.value.__cause__ is not None
