"""Each kind of change between two documents, and whether it breaks callers."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from rawr.openapi import Change, compare_openapi

Document = dict[str, Any]
Edit = Callable[[Document], object]


def document() -> Document:
    return {
        "openapi": "3.1.1",
        "info": {"title": "HQ", "version": "1.0.0"},
        "servers": [{"url": "https://hq.example"}],
        "security": [{"bearer": []}],
        "paths": {
            "/runs/{runId}": {
                "get": {
                    "operationId": "getRun",
                    "summary": "A run",
                    "parameters": [
                        {
                            "name": "runId",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string", "maxLength": 128},
                        },
                        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    ],
                    "responses": {
                        "200": {
                            "description": "OK",
                            "headers": {"X-Total": {"required": True, "schema": {}}},
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/Run"}}
                            },
                        },
                        "404": failure("RUN_NOT_FOUND", {"type": "string"}),
                    },
                },
                "post": {
                    "operationId": "changeRun",
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Edit"}}
                        }
                    },
                    "responses": {"200": {"description": "OK"}},
                },
            }
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Run": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "id": {"type": "string"},
                        "status": {"enum": ["queued", "done"], "type": "string"},
                        "children": {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/Run"},
                        },
                        "note": {"type": "string"},
                    },
                    "required": ["id", "status"],
                },
                "Edit": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "note": {"type": "string", "maxLength": 10},
                        "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
                        "target": {
                            "anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}],
                        },
                        "count": {"type": "integer", "minimum": 1},
                    },
                    "required": ["note"],
                },
            },
        },
    }


def failure(code: str, data: Any) -> Document:
    typed = {
        "type": "object",
        "properties": {"code": {"const": code}, "data": data},
        "required": ["code", "data"],
    }
    other = {"type": "object", "properties": {"defined": {"const": False}}}
    return {
        "description": "error",
        "content": {"application/json": {"schema": {"oneOf": [typed, other]}}},
    }


def changes(edit: Edit) -> tuple[Change, ...]:
    old = document()
    new = copy.deepcopy(old)
    edit(new)
    return compare_openapi(old, new)


def reverse(edit: Edit) -> tuple[Change, ...]:
    new = document()
    old = copy.deepcopy(new)
    edit(old)
    return compare_openapi(old, new)


def get(doc: Document) -> Document:
    operation: Document = doc["paths"]["/runs/{runId}"]["get"]
    return operation


def post(doc: Document) -> Document:
    operation: Document = doc["paths"]["/runs/{runId}"]["post"]
    return operation


def run(doc: Document) -> Document:
    schema: Document = doc["components"]["schemas"]["Run"]
    return schema


def edit(doc: Document) -> Document:
    schema: Document = doc["components"]["schemas"]["Edit"]
    return schema


def rename_path(doc: Document) -> None:
    item = doc["paths"].pop("/runs/{runId}")
    item["get"]["parameters"][0]["name"] = "id"
    doc["paths"]["/runs/{id}"] = item


def move_error(doc: Document) -> None:
    doc["paths"]["/runs/{runId}"]["get"]["responses"]["410"] = get(doc)["responses"].pop("404")


BREAKING: dict[str, tuple[Edit, str, str]] = {
    "operation-removed": (
        lambda d: d["paths"]["/runs/{runId}"].pop("post"),
        "operation",
        "it is gone",
    ),
    "operation-renamed": (
        lambda d: get(d).update(operationId="readRun"),
        "operation",
        "its operationId is 'readRun', not 'getRun': clients name their methods so",
    ),
    "parameter-removed": (
        lambda d: get(d)["parameters"].pop(),
        "query parameter limit",
        "the parameter is gone",
    ),
    "parameter-required": (
        lambda d: get(d)["parameters"][1].update(required=True),
        "query parameter limit",
        "the parameter is required now",
    ),
    "parameter-renamed": (
        rename_path,
        "path parameter runId",
        "the parameter is called id now: clients name it so",
    ),
    "parameter-style": (
        lambda d: get(d)["parameters"][1].update(style="deepObject"),
        "query parameter limit",
        "it is written in another way: style changed",
    ),
    "required-parameter-added": (
        lambda d: get(d)["parameters"].append(
            {"name": "x-tenant", "in": "header", "required": True}
        ),
        "header parameter x-tenant",
        "the parameter is new and required",
    ),
    "body-removed": (lambda d: post(d).pop("requestBody"), "request body", "the body is gone"),
    "body-required": (
        lambda d: post(d)["requestBody"].update(required=True),
        "request body",
        "the body is required now",
    ),
    "media-type-removed": (
        lambda d: post(d)["requestBody"].update(content={"text/plain": {}}),
        "request body",
        "application/json is no longer one of its media types",
    ),
    "required-field-added": (
        lambda d: (edit(d)["properties"].update(who={}), edit(d)["required"].append("who")),
        "request body who",
        "the field is new and required",
    ),
    "field-required": (
        lambda d: edit(d)["required"].append("count"),
        "request body count",
        "the field is required now",
    ),
    "field-removed": (
        lambda d: run(d)["properties"].pop("note"),
        "response 200 note",
        "the field is gone",
    ),
    "field-optional": (
        lambda d: run(d)["required"].remove("status"),
        "response 200 status",
        "the field may be absent now",
    ),
    "limit": (
        lambda d: edit(d)["properties"]["note"].update(maxLength=5),
        "request body note",
        "maxLength is 5, not 10",
    ),
    "pattern": (
        lambda d: edit(d)["properties"]["note"].update(pattern="^a"),
        "request body note",
        "pattern is '^a', where there was none",
    ),
    "type": (
        lambda d: edit(d)["properties"]["count"].update(type="string"),
        "request body count",
        "it is a string, not an integer",
    ),
    "value-removed": (
        lambda d: edit(d)["properties"]["tags"]["items"].update(enum=["a"]),
        "request body tags[]",
        "value 'b' is gone",
    ),
    "value-added": (
        lambda d: run(d)["properties"]["status"]["enum"].append("failed"),
        "response 200 status",
        "value 'failed' is new",
    ),
    "variant-removed": (
        lambda d: edit(d)["properties"]["target"]["anyOf"].pop(),
        "request body target",
        "null is no longer one of its forms",
    ),
    "variant-added": (
        lambda d: run(d)["properties"].update(note={"type": ["string", "null"]}),
        "response 200 note",
        "null is a new form of it",
    ),
    "response-removed": (
        lambda d: get(d)["responses"].pop("200"),
        "response 200",
        "it is no longer answered",
    ),
    "response-added": (
        lambda d: get(d)["responses"].update({"202": {"description": "Accepted"}}),
        "response 202",
        "it is a new success status",
    ),
    "header-removed": (
        lambda d: get(d)["responses"]["200"].pop("headers"),
        "response 200 header x-total",
        "the header is gone",
    ),
    "header-optional": (
        lambda d: get(d)["responses"]["200"]["headers"]["X-Total"].pop("required"),
        "response 200 header x-total",
        "the header may be absent now",
    ),
    "error-status": (move_error, "error RUN_NOT_FOUND", "its status is 410, not 404"),
    "authentication": (
        lambda d: get(d).update(security=[{"bearer": ["admin"]}]),
        "authentication",
        "bearer is not enough any more; it asks for bearer (admin)",
    ),
    "security-scheme": (
        lambda d: d["components"]["securitySchemes"]["bearer"].update(scheme="basic"),
        "security scheme bearer",
        "its scheme changed",
    ),
    "servers": (lambda d: d.pop("servers"), "servers", "https://hq.example is gone"),
}

HARMLESS: dict[str, Edit] = {
    "operation-added": lambda d: d["paths"].update({"/new": {"get": {}}}),
    "parameter-added": lambda d: get(d)["parameters"].append({"name": "after", "in": "query"}),
    "parameter-optional": lambda d: d,
    "field-added": lambda d: run(d)["properties"].update(more={}),
    "error-added": lambda d: get(d)["responses"].update({"409": failure("CONFLICT", {})}),
    "error-removed": lambda d: get(d)["responses"].pop("404"),
    "deprecation": lambda d: get(d).update(deprecated=True),
    "documentation": lambda d: get(d).update(summary="One run"),
    "default": lambda d: edit(d)["properties"]["count"].update(default=1),
    "opened": lambda d: edit(d).pop("additionalProperties"),
    "value-added": lambda d: edit(d)["properties"]["tags"]["items"]["enum"].append("c"),
    "value-removed": lambda d: run(d)["properties"]["status"]["enum"].remove("done"),
    "limit": lambda d: edit(d)["properties"]["count"].update(minimum=0),
    "variant-added": lambda d: edit(d)["properties"]["target"]["anyOf"].append({"type": "integer"}),
    "field-optional": lambda d: edit(d).update(required=[]),
    "field-required": lambda d: run(d)["required"].append("note"),
    "media-type-added": lambda d: post(d)["requestBody"]["content"].update({"text/plain": {}}),
    "header-added": lambda d: get(d)["responses"]["200"]["headers"].update({"ETag": {}}),
    "authentication": lambda d: get(d).update(security=[{}]),
    "servers": lambda d: d["servers"].append({"url": "https://two.example"}),
}


@pytest.mark.parametrize("kind", sorted(BREAKING))
def test_it_breaks_callers(kind: str) -> None:
    edited, where, reason = BREAKING[kind]
    found = [(item.kind, item.where, item.reason) for item in changes(edited) if item.is_breaking]
    assert (kind, where, reason) in found


@pytest.mark.parametrize("kind", sorted(HARMLESS.keys() - {"parameter-optional"}))
def test_callers_need_not_notice(kind: str) -> None:
    found = changes(HARMLESS[kind])
    assert {item.kind for item in found} == {kind}
    assert not any(item.is_breaking for item in found)


@pytest.mark.parametrize(
    ("edited", "kind"),
    [
        (lambda d: get(d)["parameters"][1].update(required=True), "parameter-optional"),
        (lambda d: post(d)["requestBody"].update(required=True), "body-optional"),
    ],
)
def test_asking_for_less_breaks_nobody(edited: Edit, kind: str) -> None:
    assert [(item.kind, item.is_breaking) for item in reverse(edited)] == [(kind, False)]


def test_an_optional_body_may_be_added_and_a_required_one_not() -> None:
    def remove(doc: Document) -> None:
        post(doc).pop("requestBody")

    assert [(item.kind, item.is_breaking) for item in reverse(remove)] == [("body-added", False)]


def test_equal_documents_have_no_changes() -> None:
    assert changes(lambda _doc: None) == ()


def test_a_change_says_its_operation_its_place_and_its_reason_on_one_line() -> None:
    [change] = changes(lambda d: edit(d)["properties"]["note"].update(maxLength=5))
    assert str(change) == (
        "POST /runs/{runId} (changeRun): request body note: maxLength is 5, not 10"
    )


def test_breaking_changes_come_first() -> None:
    def both(doc: Document) -> None:
        get(doc)["deprecated"] = True
        post(doc)["operationId"] = "other"

    assert [item.is_breaking for item in changes(both)] == [True, False]


def test_a_renamed_component_is_one_harmless_change() -> None:
    def rename(doc: Document) -> None:
        schemas = doc["components"]["schemas"]
        schemas["Task"] = schemas.pop("Run")
        reference = {"$ref": "#/components/schemas/Task"}
        schemas["Task"]["properties"]["children"]["items"] = reference
        get(doc)["responses"]["200"]["content"]["application/json"]["schema"] = reference

    [change] = changes(rename)
    assert (change.kind, change.operation, change.is_breaking) == (
        "documentation",
        "document",
        False,
    )


def test_a_value_inside_itself_is_compared_once() -> None:
    def deepen(doc: Document) -> None:
        run(doc)["properties"]["id"]["format"] = "uuid"

    [change] = changes(deepen)
    assert change.where == "response 200 id"


def test_the_data_of_an_error_is_an_output() -> None:
    def widen(doc: Document) -> None:
        get(doc)["responses"]["404"] = failure("RUN_NOT_FOUND", {"type": ["string", "null"]})

    [change] = changes(widen)
    assert (change.where, change.is_breaking) == ("error RUN_NOT_FOUND data", True)


def test_what_one_schema_does_depends_on_who_makes_the_value() -> None:
    def share(doc: Document) -> None:
        body = {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}
        post(doc)["requestBody"]["content"] = body

    def grow(doc: Document) -> None:
        share(doc)
        run(doc)["properties"]["status"]["enum"].append("failed")

    old, new = document(), document()
    share(old)
    grow(new)
    found = {item.operation: item.is_breaking for item in compare_openapi(old, new)}
    assert found == {"GET /runs/{runId}": True, "POST /runs/{runId}": False}


@pytest.mark.parametrize(
    ("old", "new", "is_breaking"),
    [
        ([{"bearer": []}], [{"bearer": []}, {"cookie": []}], False),
        ([{"bearer": []}, {"cookie": []}], [{"bearer": []}], True),
        ([{"bearer": []}], [{"bearer": [], "cookie": []}], True),
        ([{"bearer": ["read", "write"]}], [{"bearer": ["read"]}], False),
        (None, [{"bearer": []}], True),
        ([{"bearer": []}], None, False),
        ([{}], [{"bearer": []}, {}], False),
    ],
)
def test_less_proof_is_enough_and_more_breaks(old: Any, new: Any, is_breaking: bool) -> None:
    before, after = document(), document()
    before["security"], after["security"] = old, new
    found = compare_openapi(before, after)
    assert {(item.kind, item.is_breaking) for item in found} == {("authentication", is_breaking)}
    assert len(found) == 2


def test_parameters_of_the_path_belong_to_each_of_its_operations() -> None:
    def lift(doc: Document) -> None:
        item = doc["paths"]["/runs/{runId}"]
        item["parameters"] = [item["get"]["parameters"].pop(0)]

    found = changes(lift)
    assert [(item.operation, item.kind) for item in found] == [
        ("POST /runs/{runId}", "required-parameter-added")
    ]


def test_that_every_operation_may_fail_otherwise_is_no_news_to_callers() -> None:
    undefined = {"type": "object", "properties": {"defined": {"const": False}}}

    def declare(doc: Document) -> None:
        content = {"application/json": {"schema": undefined}}
        get(doc)["responses"]["default"] = {"description": "error", "content": content}

    found = changes(declare)
    assert [(item.kind, item.where) for item in found] == [("response-added", "response default")]
    assert not any(item.is_breaking for item in (*found, *reverse(declare)))
