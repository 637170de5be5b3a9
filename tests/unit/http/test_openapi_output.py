import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.http.kit import openapi_client

from rawr.contract import Contract, ORPCError, get, post
from rawr.http import OpenAPIHandler
from rawr.procedure import Router, implement
from rawr.schema import File, Schema
from rawr.testing.asgi import ASGIClient, ASGIResponse


class Item(Schema):
    at: dt.datetime
    tags: set[int]
    big: int


OUTPUTS: dict[str, Any] = {
    "text": "hi",
    "nothing": None,
    "file": File(b"abc", "text/plain", "a b.txt"),
    "form": {"title": "t", "files": [File(b"abc", "text/plain", "a.txt")], "yes": True},
    "detailed": {
        "status": 201,
        "headers": {"Location": "/x", "x-many": ["a", "b"], "x-none": None},
        "body": {"made": True},
    },
    "bare": {},
    "redirect": {"status": 302, "headers": {"location": "/elsewhere"}},
    "bad status": {"status": 404},
    "bad headers": {"headers": "none"},
    "not detailed": "text",
    "injected": {"headers": {"x-a": "b\r\nset-cookie: c=d"}},
}


class Outputs(Contract):
    item = get("/item").output(Item)
    compact = post("/compact").input(str).output(Any)
    created = post("/created").output(str).route(success_status=201)
    gone = post("/gone").route(success_status=204)
    detailed = post("/detailed").input(str).output(Any).route(output_structure="detailed")
    stream = get("/stream").streams(Item)
    broken_stream = get("/broken-stream").streams(str)
    failing = get("/failing")


def outputs() -> Router[None]:
    os = implement(Outputs)
    item = Item(at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC), tags={1}, big=2**60)

    @os.handler(Outputs.item)
    async def get_item(_context: None) -> Item:
        return item

    async def choose(_context: None, input: str) -> Any:
        return OUTPUTS[input]

    os.handler(Outputs.compact)(choose)
    os.handler(Outputs.detailed)(choose)

    @os.handler(Outputs.created)
    async def created(_context: None) -> str:
        return "made"

    @os.handler(Outputs.gone)
    async def gone(_context: None) -> None:
        return None

    @os.stream(Outputs.stream)
    async def stream(_context: None) -> AsyncIterator[Item]:
        yield item

    @os.stream(Outputs.broken_stream)
    async def broken_stream(_context: None) -> AsyncIterator[str]:
        yield "one"
        raise ORPCError("TEAPOT", status=418, data=1)

    @os.handler(Outputs.failing)
    async def failing(_context: None) -> None:
        raise ORPCError("CONFLICT", data={"at": dt.datetime(1970, 1, 1, tzinfo=dt.UTC)})

    return os.router()


async def ask(target: str, kind: str | None = None, **options: Any) -> ASGIResponse:
    body = b"" if kind is None else b'"%b"' % kind.encode()
    is_post = kind is not None or target in {"/api/created", "/api/gone"}
    client = openapi_client(outputs(), **options)
    return await client.request("POST" if is_post else "GET", target, body=body)


async def test_native_types_become_plain_json() -> None:
    response = await ask("/api/item")
    assert response.body == (
        b'{"at":"1970-01-01T00:00:00.000Z","tags":[1],"big":"1152921504606846976"}'
    )
    assert response.headers["content-type"] == "application/json"


async def test_text_is_a_json_string() -> None:
    response = await ask("/api/compact", "text")
    assert (response.headers["content-type"], response.body) == ("application/json", b'"hi"')


async def test_null_is_json_where_an_output_is_declared() -> None:
    assert (await ask("/api/compact", "nothing")).body == b"null"


async def test_the_success_status_is_the_routes() -> None:
    response = await ask("/api/created")
    assert (response.status, response.body) == (201, b'"made"')


async def test_no_output_is_an_empty_body_without_type_or_length() -> None:
    response = await ask("/api/gone")
    assert (response.status, response.body, response.raw_headers) == (204, b"", ())


async def test_a_file_travels_raw() -> None:
    response = await ask("/api/compact", "file")
    assert response.body == b"abc"
    assert response.headers == {
        "content-type": "text/plain",
        "content-length": "3",
        "content-disposition": "inline; filename=\"a b.txt\"; filename*=utf-8''a%20b.txt",
    }


async def test_nested_files_travel_as_a_form() -> None:
    response = await ask("/api/compact", "form")
    assert response.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (
        b'name="title"\r\n\r\nt\r\n',
        b'name="files[0]"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nabc\r\n',
        b'name="yes"\r\n\r\ntrue\r\n',
    ):
        assert part in response.body


async def test_a_detailed_output_chooses_status_and_headers() -> None:
    response = await ask("/api/detailed", "detailed")
    assert (response.status, response.body) == (201, b'{"made":true}')
    assert response.raw_headers == (
        (b"content-type", b"application/json"),
        (b"location", b"/x"),
        (b"x-many", b"a"),
        (b"x-many", b"b"),
        (b"content-length", b"13"),
    )


async def test_a_detailed_output_may_leave_everything_out() -> None:
    response = await ask("/api/detailed", "bare")
    assert (response.status, response.body) == (200, b"")


async def test_a_redirect_is_a_success() -> None:
    response = await ask("/api/detailed", "redirect")
    assert (response.status, response.headers["location"]) == (302, "/elsewhere")


@pytest.mark.parametrize("kind", ["bad status", "bad headers", "not detailed", "injected"])
async def test_a_wrong_detailed_output_is_our_failure(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = await ask("/api/detailed", kind)
    assert response.status == 500
    assert response.json()["message"] == "Internal server error"
    assert caplog.records[0].name == "rawr.http"


async def test_a_stream_carries_plain_json_and_no_empty_end() -> None:
    response = await ask("/api/stream")
    assert response.headers == {"content-type": "text/event-stream"}
    assert response.body == (
        b': \n\nevent: message\ndata: {"at":"1970-01-01T00:00:00.000Z","tags":[1],'
        b'"big":"1152921504606846976"}\n\n'
    )


async def test_an_error_ends_a_stream_as_plain_json() -> None:
    response = await ask("/api/broken-stream")
    assert response.body == (
        b': \n\nevent: message\ndata: "one"\n\nevent: error\ndata: {"defined":false,'
        b'"code":"TEAPOT","status":418,"message":"TEAPOT","data":1}\n\n'
    )


async def test_errors_are_plain_json() -> None:
    response = await ask("/api/failing")
    assert response.status == 409
    assert response.body == (
        b'{"defined":false,"code":"CONFLICT","status":409,"message":"Conflict",'
        b'"data":{"at":"1970-01-01T00:00:00.000Z"}}'
    )


async def test_error_bodies_may_be_replaced() -> None:
    def encode(error: ORPCError[Any]) -> object | None:
        return {"error": error.code} if error.code == "CONFLICT" else None

    client = ASGIClient(OpenAPIHandler(outputs(), encode_error_body=encode).asgi(prefix="/api"))
    assert (await client.request("GET", "/api/failing")).json() == {"error": "CONFLICT"}
    assert (await client.request("GET", "/api/nowhere")).json()["code"] == "NOT_FOUND"
