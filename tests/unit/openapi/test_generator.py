from collections.abc import Mapping
from typing import Any

import pytest
from openapi_spec_validator import validate

from rawr.contract import (
    Contract,
    ContractProcedure,
    MetaKey,
    TypedError,
    get,
    operation_spec,
    post,
    procedure,
)
from rawr.openapi import OpenAPIGeneratorError, Section, generate_openapi
from rawr.procedure import Call, Next, implement
from rawr.schema import Schema, adapt


class Ref(Schema):
    run_id: str


class Status(Schema):
    run_id: str
    is_terminal: bool


class NotFound(TypedError[Ref], code="RUN_NOT_FOUND", status=404):
    """Run not found."""


class Gone(TypedError[None], code="GONE", status=410):
    """It is gone."""


class Workflows(Contract, prefix="/invoicing", tags=["invoicing"]):
    get_status = get("/runs/{runId}").input(Ref).output(Status).errors(NotFound, Gone).publish()
    watch = get("/runs/{runId}/events").input(Ref).streams(Status).publish()
    internal = post("/internal").input(Ref).output(Status)


class Api(Contract):
    get_status = get("/status").output(Status).publish()


def document(*sources: Any, **options: Any) -> dict[str, Any]:
    made = generate_openapi(sources, **options)
    validate(made)
    return made


def operation(made: Mapping[str, Any], method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = made["paths"][path][method]
    return found


def test_only_published_procedures_are_shown() -> None:
    assert list(document(Workflows)["paths"]) == [
        "/invoicing/runs/{runId}",
        "/invoicing/runs/{runId}/events",
    ]


def test_everything_is_shown_when_asked_for() -> None:
    assert "/invoicing/internal" in document(Workflows, published_only=False)["paths"]


def test_a_router_is_described_by_its_contract() -> None:
    os = implement(Api)

    @os.handler(Api.get_status)
    async def get_status(_context: None) -> Status:
        return Status(run_id="r", is_terminal=True)

    assert generate_openapi(os.router()) == generate_openapi(Api)


def test_equal_contracts_give_equal_documents_key_order_included() -> None:
    sections = (Section(source=Workflows, namespace=("w",)), Api)
    assert repr(generate_openapi(sections)) == repr(generate_openapi(sections))


def test_sections_share_one_document() -> None:
    made = document(
        Section(source=Api, prefix="/api/orpc"),
        Section(source=Workflows, prefix="/api/workflows", namespace=("workflows",)),
    )
    assert list(made["paths"]) == [
        "/api/orpc/status",
        "/api/workflows/invoicing/runs/{runId}",
        "/api/workflows/invoicing/runs/{runId}/events",
    ]
    shown = operation(made, "get", "/api/workflows/invoicing/runs/{runId}")
    assert shown["operationId"] == "workflows.getStatus"
    assert shown["tags"] == ["invoicing"]


def test_schemas_are_shared_components_with_wire_names() -> None:
    made = document(Workflows)
    assert made["components"]["schemas"]["Status"]["properties"] == {
        "runId": {"type": "string"},
        "isTerminal": {"type": "boolean"},
    }
    content = operation(made, "get", "/invoicing/runs/{runId}")["responses"]["200"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}


def test_errors_are_grouped_by_status_with_an_undefined_one_beside() -> None:
    responses = operation(document(Workflows), "get", "/invoicing/runs/{runId}")["responses"]
    assert list(responses) == ["200", "404", "410"]
    declared, undefined = responses["404"]["content"]["application/json"]["schema"]["oneOf"]
    assert declared["properties"]["defined"] == {"const": True}
    assert declared["properties"]["code"] == {"const": "RUN_NOT_FOUND"}
    assert declared["properties"]["message"] == {"type": "string", "default": "Run not found."}
    assert declared["properties"]["data"] == {"$ref": "#/components/schemas/Ref"}
    assert undefined == {"$ref": "#/components/schemas/UndefinedError"}


def test_a_stream_is_described_event_by_event() -> None:
    shown = operation(document(Workflows), "get", "/invoicing/runs/{runId}/events")
    events = shown["responses"]["200"]["content"]["text/event-stream"]["schema"]["oneOf"]
    assert [event["properties"]["event"]["const"] for event in events] == [
        "message",
        "done",
        "error",
    ]
    assert events[0]["properties"]["data"] == {"$ref": "#/components/schemas/Status"}


def test_what_a_stream_returns_is_described_at_its_end() -> None:
    class Sums(Contract, publish=True):
        must = get("/must").streams(Status, returns=Ref)
        may = get("/may").streams(Status, returns=adapt(Ref | None))

    shown = [operation(document(Sums), "get", path) for path in ("/must", "/may")]
    contents = [one["responses"]["200"]["content"]["text/event-stream"] for one in shown]
    must, may = (content["schema"]["oneOf"][1] for content in contents)
    assert must["properties"]["data"] == {"$ref": "#/components/schemas/Ref"}
    assert (must["required"], may["required"]) == (["event", "data"], ["event"])


def test_the_document_may_carry_fields_of_its_own() -> None:
    made = document(
        Workflows,
        title="HQ",
        version="3",
        description="All of it",
        servers=["https://a.example", {"url": "https://b.example", "description": "b"}],
        base={
            "security": [{"bearer": []}],
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "info": {"contact": {"name": "ops"}},
        },
    )
    assert made["info"] == {
        "title": "HQ",
        "version": "3",
        "description": "All of it",
        "contact": {"name": "ops"},
    }
    assert made["servers"][0] == {"url": "https://a.example"}
    assert made["security"] == [{"bearer": []}]
    assert set(made["components"]) == {"securitySchemes", "schemas"}


def test_a_document_without_schemas_has_no_components() -> None:
    class Bare(Contract):
        ping = get("/ping").publish()

    assert document(Bare) == {
        "openapi": "3.1.1",
        "info": {"title": "API Reference", "version": "0.0.0"},
        "paths": {
            "/ping": {"get": {"operationId": "ping", "responses": {"200": {"description": "OK"}}}}
        },
    }


def test_an_override_replaces_or_edits_an_operation() -> None:
    def secure(shown: dict[str, Any]) -> dict[str, Any]:
        return {**shown, "security": [{"bearer": []}]}

    class Overridden(Contract):
        whole = get("/whole").output(Status).route(spec={"responses": {}}).publish()
        edited = get("/edited").output(Status).route(spec=secure).publish()

    made = generate_openapi(Overridden)
    assert operation(made, "get", "/whole") == {"responses": {}}
    assert operation(made, "get", "/edited")["security"] == [{"bearer": []}]
    assert operation(made, "get", "/edited")["operationId"] == "edited"


def test_an_override_may_refer_to_components_of_the_documents_base() -> None:
    override = {"responses": {"200": {"$ref": "#/components/responses/Mine"}}}

    class Overridden(Contract):
        whole = get("/whole").route(spec=override).publish()

    mine = {"responses": {"Mine": {"description": "mine"}}}
    made = document(Overridden, base={"components": mine})
    assert operation(made, "get", "/whole") == override


class One(Schema):
    id: str


class Problems(Contract):
    no_input = get("/a/{id}")
    not_required = post("/b/{id}").input(dict[str, str])
    too_many = post("/c/{id}/{other}").input(One)
    scalar_get = get("/d").input(int)
    detailed_input = post("/e").input(int).route(input_structure="detailed")
    detailed_params = post("/f/{id}").input(One).route(input_structure="detailed")
    detailed_output = post("/g").output(int).route(output_structure="detailed")
    same_route = post("/h/{x}").input(dict[str, Any]).route(spec={"responses": {}})
    same_route_too = post("/h/{y}").route(spec={"responses": {}})
    same_id = post("/i").route(operation_id="sameId")
    same_id_too = post("/j").route(operation_id="sameId")


def test_every_procedure_that_cannot_be_described_is_named() -> None:
    with pytest.raises(OpenAPIGeneratorError) as caught:
        generate_openapi(Problems, published_only=False)
    reasons = {problem.procedure: problem.reason for problem in caught.value.problems}
    assert list(reasons) == [
        "noInput",
        "notRequired",
        "tooMany",
        "scalarGet",
        "detailedInput",
        "detailedParams",
        "detailedOutput",
        "sameRouteToo",
        "sameIdToo",
    ]
    assert "requires each of them: id" in reasons["noInput"]
    assert "must be an object; got integer" in reasons["scalarGet"]
    assert reasons["sameRouteToo"] == "its route POST /h/{y} is that of sameRoute too"
    assert reasons["sameIdToo"] == "its operation id 'sameId' is that of sameId too"
    assert str(caught.value).startswith("Cannot describe:\nnoInput: ")


def test_a_procedure_without_a_path_lies_at_its_place() -> None:
    class Inner(Contract):
        ping = procedure().publish()

    class Outer(Contract):
        some_inner: Inner

    assert list(document(Outer)["paths"]) == ["/someInner/ping"]


@operation_spec({"security": [{"bearer": []}]})
class Denied(TypedError[None], code="UNAUTHORIZED"):
    """Sign in first."""


def test_errors_and_middleware_may_add_to_the_operations_they_are_part_of() -> None:
    def noted(shown: dict[str, Any]) -> dict[str, Any]:
        return {**shown, "x-audited": True}

    @operation_spec(noted)
    async def audit(call: Call[None], next: Next[None]) -> object:
        return await next(call)

    class Guarded(Contract):
        mine = get("/mine").errors(Denied).publish()
        whole = get("/whole").errors(Denied).route(spec={"responses": {}}).publish()
        open = get("/open").publish()

    os = implement(Guarded)
    for contract in (Guarded.mine, Guarded.whole):
        os.handler(contract)(_nothing)
    os.use(audit).handler(Guarded.open)(_nothing)
    made = generate_openapi(os.router())
    assert operation(made, "get", "/mine")["security"] == [{"bearer": []}]
    assert operation(made, "get", "/whole") == {"responses": {}, "security": [{"bearer": []}]}
    assert operation(made, "get", "/open")["x-audited"] is True
    assert "x-audited" not in operation(generate_openapi(Guarded), "get", "/open")


async def _nothing(context: None) -> None:
    return None


def test_a_filter_keeps_what_an_audience_may_see() -> None:
    audience = MetaKey[str]("audience", default="public")

    class Mixed(Contract, publish=True):
        shown = get("/shown")
        hidden = get("/hidden").meta(audience("partners"))

    def for_public(place: ContractProcedure) -> bool:
        return audience.of(place.contract) == "public"

    assert list(generate_openapi(Mixed, filter=for_public)["paths"]) == ["/shown"]
