from collections.abc import Sequence
from typing import Any, Literal

import pytest
from openapi_spec_validator import validate
from pydantic import ConfigDict

from rawr.contract import (
    Contract,
    ProcedureContract,
    TypedError,
    event_iterator,
    get,
    post,
    put,
)
from rawr.openapi import OpenAPIGeneratorError, generate_openapi
from rawr.schema import File, Schema


def describe(contract: ProcedureContract[Any, Any], **options: Any) -> dict[str, Any]:
    made = type("Single", (Contract,), {"single": contract})
    document = generate_openapi(made, published_only=False, **options)
    validate(document)
    (path,) = document["paths"].values()
    (operation,) = path.values()
    found: dict[str, Any] = operation
    return found


class Text(Schema):
    text: str


class Optional(Schema):
    id: str
    text: str = ""


class Query(Schema):
    q: str
    ids: list[int] | int = 0
    where: Text | None = None


class Picture(Schema):
    name: str
    file: File


def test_query_parameters_allow_what_bracket_notation_needs() -> None:
    parameters = describe(get("/q").input(Query))["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["q", "ids", "where"]
    assert [parameter.get("style") for parameter in parameters] == [None, None, "deepObject"]
    assert [parameter.get("required", False) for parameter in parameters] == [True, False, False]
    assert all(parameter["allowReserved"] for parameter in parameters)


def test_path_parameters_are_split_from_the_body() -> None:
    shown = describe(put("/things/{id}").input(Optional))
    assert shown["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    assert "required" not in shown["requestBody"]
    schema = shown["requestBody"]["content"]["application/json"]["schema"]
    assert list(schema["properties"]) == ["text"]


def test_a_body_of_path_parameters_alone_is_no_body() -> None:
    class Ref(Schema):
        id: str

    assert "requestBody" not in describe(post("/things/{id}").input(Ref))


def test_an_input_that_may_be_null_is_not_required() -> None:
    optional: Any = Text | None
    assert "required" not in describe(post("/x").input(optional))["requestBody"]
    assert describe(post("/x").input(Text))["requestBody"]["required"] is True


class Vague(TypedError[object], code="VAGUE"):
    """Something."""


@pytest.mark.parametrize(
    ("contract", "what"),
    [
        (post("/x").input(object), "its input may be anything"),
        (post("/x").output(object), "its output may be anything"),
        (post("/x").output(Any), "its output may be anything"),  # type: ignore[call-overload]  # Any is no type
        (post("/x").streams(object), "its output may be anything"),
        (post("/x").input(event_iterator(object)), "its input may be anything"),
        (post("/x").errors(Vague), "the data of its error VAGUE may be anything"),
    ],
)
def test_nothing_degrades_to_an_empty_schema(
    contract: ProcedureContract[Any, Any], what: str
) -> None:
    assert reason(contract).startswith(what)


def test_anything_is_described_as_such_where_that_is_wanted() -> None:
    shown = describe(post("/x").input(object).output(object), allow_anything=True)
    assert "requestBody" not in shown
    assert shown["responses"]["200"]["content"] == {"application/json": {"schema": {}}}


class Callback:
    """Nothing a document can describe."""


class Holder(Schema):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    callback: Callback


@pytest.mark.parametrize(
    ("contract", "named"),
    [
        (post("/x").input(Callback), "Callback has no JSON Schema"),
        (post("/x").output(Holder), "Holder has no JSON Schema"),
        (post("/x").streams(Callback), "Callback has no JSON Schema"),
    ],
)
def test_a_type_without_a_json_schema_is_named(
    contract: ProcedureContract[Any, Any], named: str
) -> None:
    assert named in reason(contract)


def test_an_event_iterator_is_a_body_of_events() -> None:
    shown = describe(post("/x").input(event_iterator(Text)).output(int))
    events = shown["requestBody"]["content"]["text/event-stream"]["schema"]["oneOf"]
    assert shown["requestBody"]["required"] is True
    assert [event["properties"]["event"] for event in events] == [
        {"const": "message"},
        {"const": "done"},
        {"const": "error"},
    ]
    assert events[0]["properties"]["data"] == {"$ref": "#/components/schemas/Text"}


@pytest.mark.parametrize(
    "contract",
    [
        get("/x").input(event_iterator(Text)),
        put("/x/{id}").input(event_iterator(Text)),
        post("/x").input(event_iterator(Text)).route(input_structure="detailed"),
    ],
)
def test_an_event_iterator_leaves_no_room_for_other_inputs(
    contract: ProcedureContract[Any, Any],
) -> None:
    assert reason(contract).startswith("its input is an event iterator, which is a whole body")


class Missing(TypedError[Text], code="MISSING", status=404):
    """Missing."""


def test_errors_that_are_not_declared_may_have_a_response_of_their_own() -> None:
    responses = describe(post("/x").errors(Missing), default_error=True)["responses"]
    undefined = {"$ref": "#/components/schemas/UndefinedError"}
    assert list(responses) == ["200", "404", "default"]
    assert responses["default"] == {
        "description": "Any other error",
        "content": {"application/json": {"schema": undefined}},
    }
    assert responses["404"]["content"]["application/json"]["schema"]["oneOf"][1] == undefined


def test_error_bodies_may_have_a_form_of_their_own() -> None:
    def problem(errors: Sequence[type[TypedError[Any]]], status: int) -> dict[str, Any] | None:
        codes = [error.code for error in errors]
        return {"type": "object", "title": f"{status} {codes}"} if status == 404 else None

    class Taken(TypedError[None], code="TAKEN", status=409):
        """Taken."""

    shown = describe(post("/x").errors(Missing, Taken), error_body_schema=problem)["responses"]
    assert shown["404"]["content"]["application/json"]["schema"]["title"] == "404 ['MISSING']"
    assert "oneOf" in shown["409"]["content"]["application/json"]["schema"]


def test_unions_of_objects_are_one_set_of_parameters() -> None:
    class A(Schema):
        kind: Literal["a"]
        shared: str

    class B(Schema):
        kind: Literal["b"]
        shared: str
        only_b: int

    union: Any = A | B
    parameters = {p["name"]: p for p in describe(get("/u").input(union))["parameters"]}
    assert parameters["kind"]["schema"]["anyOf"][0]["const"] == "a"
    assert parameters["kind"]["required"] is True
    assert parameters["shared"]["schema"] == {"type": "string"}
    assert "required" not in parameters["onlyB"]


def test_a_root_file_is_the_media_type_itself() -> None:
    shown = describe(post("/f").input(File).output(File))
    file = {"type": "string", "contentMediaType": "*/*"}
    assert shown["requestBody"]["content"] == {"*/*": {"schema": file}}
    assert shown["responses"]["200"]["content"] == {"*/*": {"schema": file}}


def test_a_nested_file_may_travel_in_a_form() -> None:
    content = describe(post("/f").input(Picture))["requestBody"]["content"]
    assert list(content) == ["application/json", "multipart/form-data"]


def test_a_file_or_something_else_has_both_media_types() -> None:
    either: Any = File | Text
    content = describe(post("/f").input(either))["requestBody"]["content"]
    assert list(content) == ["*/*", "application/json"]


def test_detailed_input_goes_where_its_parts_belong() -> None:
    class Params(Schema):
        id: str

    class Detailed(Schema):
        params: Params
        query: Text
        headers: Text
        body: Text | None = None

    shown = describe(put("/d/{id}").input(Detailed).route(input_structure="detailed"))
    assert [(p["in"], p["name"]) for p in shown["parameters"]] == [
        ("path", "id"),
        ("query", "text"),
        ("header", "text"),
    ]
    assert "required" not in shown["requestBody"]


def test_detailed_outputs_are_responses_by_status() -> None:
    class Headers(Schema):
        location: str

    class Found(Schema):
        status: Literal[200]
        body: Text

    class Made(Schema):
        """Made it."""

        status: Literal[201]
        headers: Headers

    outcome: Any = Found | Made
    responses = describe(post("/o").output(outcome).route(output_structure="detailed"))["responses"]
    assert list(responses) == ["200", "201"]
    assert responses["201"]["headers"] == {
        "location": {"required": True, "schema": {"type": "string"}}
    }
    assert "content" not in responses["201"]


def reason(contract: ProcedureContract[Any, Any]) -> str:
    with pytest.raises(OpenAPIGeneratorError) as caught:
        describe(contract)
    (problem,) = caught.value.problems
    return problem.reason


class BadStatus(Schema):
    status: int


class ErrorStatus(Schema):
    status: Literal[404]


class BadHeaders(Schema):
    headers: str


class BadQuery(Schema):
    query: str


class WithStatus(Schema):
    status: Literal[200]
    body: str


Twice: Any = WithStatus | Literal["x"]


@pytest.mark.parametrize("output", [BadStatus, ErrorStatus, BadHeaders, str, Twice])
def test_a_detailed_output_needs_its_form(output: Any) -> None:
    contract = post("/o").output(output).route(output_structure="detailed")
    assert reason(contract).startswith("its output structure is detailed")


def test_detailed_outputs_need_different_statuses() -> None:
    class Other(Schema):
        body: int

    outcome: Any = WithStatus | Other
    contract = post("/o").output(outcome).route(output_structure="detailed")
    assert reason(contract) == "two of its outputs have the status 200"


def test_a_detailed_query_is_an_object() -> None:
    contract = post("/o").input(BadQuery).route(input_structure="detailed")
    assert reason(contract).startswith("its input structure is detailed")


def test_a_union_that_is_not_of_objects_makes_no_parameters() -> None:
    union: Any = Text | int
    assert reason(get("/u").input(union)) == (
        "it is read with GET, so its input must be an object; got anyOf"
    )


def test_an_intersection_of_objects_is_one_set_of_parameters() -> None:
    class Both(Schema):
        model_config = ConfigDict(
            json_schema_extra={"allOf": [{"type": "object", "properties": {"b": {"const": 1}}}]}
        )
        a: str

    parameters = describe(get("/u").input(Both))["parameters"]
    assert {parameter["name"] for parameter in parameters} == {"a", "b"}


def test_a_rest_parameter_is_shown_as_a_plain_one() -> None:
    class Rest(Schema):
        path: str

    made = type("Single", (Contract,), {"single": get("/files/{+path}").input(Rest)})
    assert list(generate_openapi(made, published_only=False)["paths"]) == ["/files/{path}"]


def test_detailed_input_may_have_no_body() -> None:
    class Params(Schema):
        id: str

    class Detailed(Schema):
        params: Params

    shown = describe(put("/d/{id}").input(Detailed).route(input_structure="detailed"))
    assert [parameter["name"] for parameter in shown["parameters"]] == ["id"]
    assert "requestBody" not in shown


def test_head_is_read_with_its_path_alone() -> None:
    class Ref(Schema):
        id: str

    shown = describe(get("/h/{id}").input(Ref).route(method="HEAD"))
    assert [parameter["in"] for parameter in shown["parameters"]] == ["path"]
    assert "requestBody" not in shown


def test_path_parameters_cannot_be_split_from_an_object_with_rules_of_its_own() -> None:
    class Either(Schema):
        model_config = ConfigDict(json_schema_extra={"minProperties": 2})
        id: str
        other: str = ""

    assert "requires each of them: id" in reason(post("/e/{id}").input(Either))
