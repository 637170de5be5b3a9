import datetime as dt
from enum import Enum
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from pydantic import Field
from tests.unit.http.kit import openapi_client

from rawr.contract import Contract, get, post, put
from rawr.procedure import Router, implement
from rawr.schema import File, Schema


class Colour(Enum):
    RED = "red"


class Query(Schema):
    id: int
    flag: bool = False
    day: dt.date | None = None
    tags: list[str] = Field(default_factory=list)
    where: dict[str, str] = Field(default_factory=dict)
    colour: Colour | None = None
    key: UUID | None = None


class Headers(Schema):
    content_type: str


class Detailed(Schema):
    params: dict[str, str]
    query: dict[str, Any]
    body: Any = None


class DetailedHeaders(Schema):
    headers: dict[str, str | list[str]]


class ClosedHeaders(Schema):
    class Known(Schema):
        etag: str

    headers: Known


class Inputs(Contract):
    query = get("/q/{id}").input(Query).output(Query)
    any_query = get("/q").input(Any).output(Any)
    body = post("/b").input(Any).output(Any)
    with_params = put("/b/{id}").input(Any).output(Any)
    detailed = post("/d/{id}").input(Detailed).output(Detailed).route(input_structure="detailed")
    headers = (
        get("/h").input(DetailedHeaders).output(DetailedHeaders).route(input_structure="detailed")
    )
    closed = get("/c").input(ClosedHeaders).output(str).route(input_structure="detailed")
    nothing = get("/n")


def inputs() -> Router[None]:
    os = implement(Inputs)

    async def reflect(_context: None, input: Any) -> Any:
        return input

    for contract in (
        Inputs.query,
        Inputs.any_query,
        Inputs.body,
        Inputs.with_params,
        Inputs.detailed,
        Inputs.headers,
    ):
        os.handler(contract)(reflect)

    @os.handler(Inputs.closed)
    async def closed(_context: None, input: ClosedHeaders) -> str:
        return input.headers.etag

    @os.handler(Inputs.nothing)
    async def nothing(_context: None) -> None:
        return None

    return os.router()


async def ask(method: str, target: str, body: bytes = b"", content_type: str | None = None) -> Any:
    headers = {} if content_type is None else {"content-type": content_type}
    response = await openapi_client(inputs()).request(method, target, headers=headers, body=body)
    assert response.status == 200, response.text
    return response.json()


async def test_query_text_becomes_what_the_schema_asks_for() -> None:
    query = (
        "flag=true&day=2026-01-02&tags=a&tags=b&where[x]=1&colour=red"
        "&key=00000000-0000-0000-0000-000000000001"
    )
    assert await ask("GET", f"/api/q/7?{query}") == {
        "id": 7,
        "flag": True,
        "day": "2026-01-02",
        "tags": ["a", "b"],
        "where": {"x": "1"},
        "colour": "red",
        "key": "00000000-0000-0000-0000-000000000001",
    }


async def test_path_parameters_win_over_the_query() -> None:
    assert (await ask("GET", "/api/q/7?id=8"))["id"] == 7


async def test_get_without_a_query_is_an_empty_object() -> None:
    assert await ask("GET", "/api/q") == {}


async def test_bracket_notation_builds_objects_and_arrays() -> None:
    query = quote("a[b][c]", safe="") + "=1&l[]=x&l[]=y&m[0][n]=z&s=+%2B"
    assert await ask("GET", f"/api/q?{query}") == {
        "a": {"b": {"c": "1"}},
        "l": ["x", "y"],
        "m": [{"n": "z"}],
        "s": " +",
    }


async def test_the_query_of_other_methods_is_ignored() -> None:
    assert await ask("POST", "/api/b?x=1", b'{"y":2}') == {"y": 2}


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        (None, b'{"a":1}', {"a": 1}),
        ("application/json", b"[1]", [1]),
        ("application/x-www-form-urlencoded", b"a[b]=1&c=x+y", {"a": {"b": "1"}, "c": "x y"}),
        ("text/plain", b"hello", "hello"),
        (
            "multipart/form-data; boundary=B",
            b'--B\r\nContent-Disposition: form-data; name="a[0]"\r\n\r\nx\r\n--B--\r\n',
            {"a": ["x"]},
        ),
    ],
)
async def test_bodies_are_read_by_their_type(
    content_type: str | None, body: bytes, value: object
) -> None:
    assert await ask("POST", "/api/b", body, content_type) == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"id":"body","x":1}', {"id": "7", "x": 1}),
        (b"", {"id": "7"}),
        (b"[1]", {"id": "7"}),
        (b"null", {"id": "7"}),
    ],
)
async def test_path_parameters_win_over_the_body(body: bytes, value: object) -> None:
    assert await ask("PUT", "/api/b/7", body) == value


async def test_detailed_input_keeps_its_parts_apart() -> None:
    assert await ask("POST", "/api/d/7?id=8&a[b]=1", b'{"id":9}') == {
        "params": {"id": "7"},
        "query": {"id": "8", "a": {"b": "1"}},
        "body": {"id": 9},
    }


async def test_detailed_input_without_a_body_leaves_it_to_the_schema() -> None:
    assert (await ask("POST", "/api/d/7"))["body"] is None


async def test_detailed_headers_are_lower_case_and_listed_where_repeated() -> None:
    response = await openapi_client(inputs()).request(
        "GET", "/api/h", headers=[("X-A", "1"), ("X-B", "1"), ("X-B", "2"), ("X-B", "3")]
    )
    assert response.json() == {"headers": {"x-a": "1", "x-b": ["1", "2", "3"]}}


async def test_a_closed_headers_schema_gets_only_what_it_knows() -> None:
    response = await openapi_client(inputs()).request(
        "GET", "/api/c", headers={"etag": "e", "user-agent": "test"}
    )
    assert response.json() == "e"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=B", b"--B\r\nno end"),
    ],
)
async def test_malformed_bodies_are_refused(content_type: str, body: bytes) -> None:
    response = await openapi_client(inputs()).request(
        "POST", "/api/b", headers={"content-type": content_type}, body=body
    )
    assert response.status == 400
    assert response.json()["message"].startswith("Malformed request.")


async def test_invalid_input_names_the_parameter() -> None:
    response = await openapi_client(inputs()).request("GET", "/api/q/seven?flag=perhaps")
    assert response.status == 400
    issues = response.json()["data"]["issues"]
    assert [issue["path"] for issue in issues] == [["id"], ["flag"]]


async def test_a_procedure_without_input_takes_any_request() -> None:
    response = await openapi_client(inputs()).request("GET", "/api/n?x=1")
    assert (response.status, response.body) == (200, b"")


class Upload(Contract):
    upload = post("/u").input(File).output(str)


async def test_a_raw_body_is_a_file() -> None:
    os = implement(Upload)

    @os.handler(Upload.upload)
    async def upload(_context: None, input: File) -> str:
        return f"{input.name} {input.media_type} {input.content!r}"

    response = await openapi_client(os.router()).request(
        "POST",
        "/api/u",
        headers={"content-type": "image/png", "content-disposition": 'inline; filename="a.png"'},
        body=b"png",
    )
    assert response.json() == "a.png image/png b'png'"
