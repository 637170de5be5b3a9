"""msgspec Structs as schemas."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rawr.schema import File, RegExp, SchemaError, UndescribableType, Url, adapt


class Line(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    unit_price: int
    tags: set[str] = msgspec.field(default_factory=set)


class Invoice(msgspec.Struct, rename="camel"):
    invoice_id: str
    lines: list[Line] = []
    due: dt.datetime | None = None
    source: Url | None = None
    file: File | None = None
    pattern: RegExp | None = None
    note: str | msgspec.UnsetType = msgspec.UNSET


def issue_of(value: object) -> tuple[tuple[str | int, ...], str]:
    with pytest.raises(SchemaError) as caught:
        adapt(Invoice).validate(value)
    (issue,) = caught.value.issues
    return issue.path, issue.message


def test_structs_travel_both_ways_in_wire_names() -> None:
    wire = {"invoiceId": "i", "lines": [{"unitPrice": 1, "tags": ["a"]}]}
    invoice = adapt(Invoice).validate(wire)
    assert invoice == Invoice("i", [Line(1, {"a"})])
    assert adapt(Invoice).dump(invoice) == {
        "invoiceId": "i",
        "lines": [{"unitPrice": 1, "tags": ["a"]}],
        "due": None,
        "source": None,
        "file": None,
        "pattern": None,
    }


def test_native_values_stay_themselves() -> None:
    moment = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
    wire = {
        "invoiceId": "i",
        "lines": [],
        "due": moment,
        "source": Url("https://x.y/"),
        "file": File(b"x"),
        "pattern": RegExp("a"),
    }
    assert adapt(Invoice).dump(adapt(Invoice).validate(wire)) == wire


def test_text_becomes_a_url_where_one_is_declared() -> None:
    invoice = adapt(Invoice).validate({"invoiceId": "i", "source": "https://x.y/"})
    assert type(invoice.source) is Url


def test_an_instance_is_taken_as_it_is() -> None:
    invoice = Invoice("i")
    assert adapt(Invoice).validate(invoice) is invoice


@pytest.mark.parametrize(
    ("wire", "path", "message"),
    [
        ({}, (), "missing required field `invoiceId`"),
        ({"invoiceId": 1}, ("invoiceId",), "Expected `str`, got `int`"),
        (
            {"invoiceId": "i", "lines": [{"unitPrice": 1}, {"unitPrice": "x"}]},
            ("lines", 1, "unitPrice"),
            "Expected `int`, got `str`",
        ),
        (
            {"invoiceId": "i", "lines": [{"unitPrice": 1, "x": 1}]},
            ("lines", 0),
            "unknown field `x`",
        ),
        ({"invoiceId": "i", "file": 1}, ("file",), "Expected `File`, got `int`"),
        ({"invoiceId": "i", "source": 1}, ("source",), "Expected `Url`, got `int`"),
        ("x", (), "Expected `object`, got `str`"),
    ],
)
def test_an_issue_tells_where_and_what(
    wire: object, path: tuple[str | int, ...], message: str
) -> None:
    found, text = issue_of(wire)
    assert found == path
    assert message in text


def test_structs_describe_themselves_with_components() -> None:
    schema = adapt(Invoice).json_schema()
    properties: Any = schema["properties"]
    assert schema["title"] == "Invoice"
    assert properties["lines"]["items"] == {"$ref": "#/components/schemas/Line"}
    assert schema["$defs"]["Line"]["properties"]["unitPrice"] == {"type": "integer"}  # type: ignore[index]  # a mapping
    assert {"type": "string", "contentMediaType": "*/*"} in properties["file"]["anyOf"]


def test_a_struct_without_parts_needs_no_definitions() -> None:
    assert "$defs" not in adapt(Line).json_schema()


def test_an_unknown_type_in_a_struct_has_no_schema() -> None:
    class Odd(msgspec.Struct):
        value: complex

    with pytest.raises(TypeError):
        adapt(Odd).json_schema()


def test_adapters_name_their_struct() -> None:
    assert repr(adapt(Line)) == f"MsgspecAdapter({Line!r})"


@pytest.mark.parametrize(
    ("source", "wire", "value"),
    [
        (list[Line], [{"unitPrice": 1, "tags": []}], [Line(1)]),
        (dict[str, Line], {"a": {"unitPrice": 1, "tags": []}}, {"a": Line(1)}),
        (Line | None, {"unitPrice": 1, "tags": []}, Line(1)),
        (Line | None, None, None),
        (tuple[Line, ...], ({"unitPrice": 1, "tags": []},), (Line(1),)),
    ],
    ids=str,
)
def test_types_made_of_structs_are_schemas(source: Any, wire: object, value: object) -> None:
    adapter = adapt(source)
    assert adapter.validate(wire) == value
    assert adapter.validate(value) == value
    assert adapter.dump(value) == wire
    assert adapter.json_schema()


def test_issues_inside_lists_of_structs_have_paths() -> None:
    with pytest.raises(SchemaError) as caught:
        adapt(list[Line]).validate([{"unitPrice": 1}, {"unitPrice": "x"}])
    assert caught.value.issues[0].path == (1, "unitPrice")


def test_a_type_json_schema_has_no_form_for_is_named() -> None:
    class Hook(msgspec.Struct):
        call: Callable[[], int]

    with pytest.raises(UndescribableType, match=r"Hook has no JSON Schema: type .* not supported"):
        adapt(Hook).json_schema()
