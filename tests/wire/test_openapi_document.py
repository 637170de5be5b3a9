"""Our OpenAPI document of a contract against the one the real generator makes of an equal one."""

from typing import Any

import pytest
from pydantic import Field
from tests.node_peer import ask_node, peers_installed

from rawr.contract import Contract, TypedError, event_iterator, get, post, procedure, put
from rawr.openapi import generate_openapi
from rawr.schema import File, Schema, adapt

pytestmark = pytest.mark.node


class Ref(Schema):
    run_id: str


class Status(Schema):
    run_id: str
    is_terminal: bool


class RunNotFound(TypedError[Ref], code="RUN_NOT_FOUND", status=404):
    """Run not found."""


class NotFound(TypedError[None], code="NOT_FOUND"):
    """Nothing here."""


class Forbidden(TypedError[None], code="FORBIDDEN"):
    __doc__ = None


class Start(Schema):
    name: str


class Where(Schema):
    a: str


class Search(Schema):
    q: str
    limit: float = 10
    tags: list[str] = Field(default_factory=list)
    where: Where = Where(a="")


class Update(Schema):
    run_id: str
    note_id: str
    text: str
    stars: float = 0


class Download(Schema):
    path: str


class Upload(Schema):
    name: str
    file: File


class Params(Schema):
    id: str


class Query(Schema):
    q: str = ""


class Headers(Schema):
    key: str = Field(alias="x-key")


class Text(Schema):
    text: str


class Detailed(Schema):
    params: Params
    query: Query
    headers: Headers
    body: Text


class Location(Schema):
    location: str


class Found(Schema):
    status: Any = Field(json_schema_extra={"const": 200})
    body: Status


class Created(Schema):
    status: Any = Field(json_schema_extra={"const": 201})
    headers: Location
    body: Ref


class Number(Schema):
    n: float


Outcome: Any = Found | Created


class Nested(Contract):
    by_place = procedure().input(Number).output(float)


class Runs(Contract):
    start = (
        post("/runs")
        .input(Start)
        .output(Ref)
        .tag("runs")
        .route(summary="Start", success_status=202, success_description="Accepted")
    )
    get_status = (
        get("/runs/{runId}").input(Ref).output(Status).errors(RunNotFound, NotFound, Forbidden)
    )
    search = (
        get("/runs")
        .input(Search)
        .output(list[Status])
        .route(deprecated=True, description="All of them")
    )
    update = put("/runs/{runId}/notes/{noteId}").input(Update).output(Status)
    touch = post("/runs/{runId}/touch").input(Ref)
    watch = get("/runs/{runId}/events").input(Ref).streams(Status)
    download = get("/files/{+path}").input(Download).output(File)
    upload = post("/files").input(Upload).output(str)
    detailed = (
        post("/detailed/{id}")
        .input(Detailed)
        .output(Outcome)
        .route(input_structure="detailed", output_structure="detailed")
    )
    count = post("/count").input(event_iterator(Number)).output(float)
    tally = get("/tally").streams(Number, returns=Ref)
    maybe = get("/maybe").streams(Number, returns=adapt(Ref | None))
    sum = post("/sum").input(event_iterator(Number, returns=Status)).output(float)
    nested: Nested


def test_the_document_says_what_the_real_generator_says() -> None:
    if not peers_installed():
        pytest.fail("The npm peers are missing: run `python tests/node/install.py`")
    ours = generate_openapi(
        Runs,
        title="Runs",
        version="1.0.0",
        servers=["https://hq.example.com/api"],
        published_only=False,
    )
    theirs = ask_node("peers/openapi.mjs", None)
    components = ours.pop("components")["schemas"]
    assert _plain(ours, components) == _plain(theirs, {})


NOTHING = {"application/json": {"schema": {"anyOf": [{"not": {}}, {"not": {}}]}}}
"""How zod's `void` comes out; we describe no content where there is none."""

IMMATERIAL = {"title", "default", "x-native-type", "additionalProperties"}
"""What the schema libraries say differently of one and the same value."""


def _plain(node: Any, components: dict[str, Any]) -> Any:
    """References resolved, and what only words the same thing otherwise left out."""
    if isinstance(node, list):
        return [_plain(item, components) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(components[node["$ref"].rpartition("/")[2]], components)
    plain = {
        key: _plain(value, components)
        for key, value in node.items()
        if not (key in IMMATERIAL and "type" in node) and (key, value) != ("required", False)
    }
    if "const" in plain:
        plain.pop("type", None)
    if plain.get("content") in ({}, NOTHING):
        del plain["content"]
    return plain
