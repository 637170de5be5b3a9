"""Where the parts of an input go (OpenAPI protocol, compact and detailed structures)."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.client.fakes import FakeTransport, plain

from rawr.client import HTTPRequest, OpenAPILink, create_client
from rawr.client._openapi import OpenAPILinkCodec
from rawr.client._url import LinkURL
from rawr.contract import Contract, LinkCall, Method, ProcedureContract, delete, get, post
from rawr.schema import UNDEFINED, File, Schema
from rawr.wire import EncodeError
from rawr.wire.openapi import OpenAPISerializer

CODEC = OpenAPILinkCodec(LinkURL("https://hq/api"), OpenAPISerializer())
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def request_of(
    contract: ProcedureContract[Any, Any], input: object, headers: dict[str, str] | None = None
) -> HTTPRequest:
    call = LinkCall(path=("things", "find it"), contract=contract, input=input)
    return CODEC.encode(call, headers or {})


@pytest.mark.parametrize(
    ("path", "input", "url"),
    [
        ("/a/{id}", {"id": "x y/z"}, "/a/x%20y%2Fz"),
        ("/a/{+rest}", {"rest": "x/y"}, "/a/x%2Fy"),
        ("/a/{id}/b/{n}", {"id": "x", "n": 1}, "/a/x/b/1"),
        ("/a/{id}", {"id": True}, "/a/true"),
        ("/a/{id}", {"id": 1.0}, "/a/1"),
        ("/a/{id}", {"id": 2**64}, "/a/18446744073709551616"),
        ("/a/{id}", {"id": EPOCH}, "/a/1970-01-01T00%3A00%3A00.000Z"),
        ("//a//b/", UNDEFINED, "/a/b"),
        (None, UNDEFINED, "/things/find%20it"),
        ("/a/x{id}", UNDEFINED, "/a/x{id}"),
    ],
)
def test_paths_are_filled_and_tidied(path: str | None, input: object, url: str) -> None:
    assert request_of(delete(path), input).url == f"https://hq/api{url}"


@pytest.mark.parametrize("value", [None, UNDEFINED, "", [], ["a"], {"a": 1}, File(b"x")])
def test_a_path_parameter_is_text_or_a_number(value: object) -> None:
    with pytest.raises(EncodeError, match=r"things\.find it: the path .* needs text or a number"):
        request_of(get("/a/{id}"), {"id": value})


@pytest.mark.parametrize("input", [UNDEFINED, "x", [1]])
def test_path_parameters_need_an_object(input: object) -> None:
    with pytest.raises(EncodeError, match="input must be an object with named fields"):
        request_of(get("/a/{id}"), input)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reads_have_no_body(method: Method) -> None:
    request = request_of(get("/a").route(method=method), {"q": [1, 2], "deep": {"x": EPOCH}})
    assert request.url == (
        "https://hq/api/a?q%5B0%5D=1&q%5B1%5D=2&deep%5Bx%5D=1970-01-01T00%3A00%3A00.000Z"
    )
    assert (request.method, request.body, request.headers) == (method, None, {})


def test_an_input_of_parameters_only_has_no_body() -> None:
    request = request_of(post("/a/{id}"), {"id": 1})
    assert (request.body, request.headers) == (None, {})


def test_the_content_type_is_the_bodys() -> None:
    request = request_of(post("/a"), {"n": 1}, {"content-type": "text/x", "x-a": "1"})
    assert request.headers == {"content-type": "application/json", "x-a": "1"}


DETAILED = post("/a/{id}").route(input_structure="detailed")


def test_detailed_parts_go_where_they_belong() -> None:
    request = request_of(
        DETAILED,
        {
            "params": {"id": 1},
            "query": {"q": "x"},
            "headers": {"X-One": "1", "x-many": ["a", "b"], "x-number": 5, "x-none": None},
            "body": [1],
        },
        {"x-one": "link"},
    )
    assert request.url == "https://hq/api/a/1?q=x"
    assert request.body == b"[1]"
    assert request.headers == {
        "x-one": "link",
        "x-many": "a, b",
        "x-number": "5",
        "content-type": "application/json",
    }


def test_detailed_parts_may_be_missing() -> None:
    plain_path = DETAILED.route(path="/a")
    for given in (UNDEFINED, {}, {"query": None, "body": UNDEFINED}):
        request = request_of(plain_path, given)
        assert (request.url, request.body, request.headers) == ("https://hq/api/a", None, {})


@pytest.mark.parametrize(
    ("input", "part"),
    [
        ("x", "input"),
        ({}, "input.params"),
        ({"params": [1]}, "input.params"),
        ({"params": {"id": 1}, "headers": "x"}, "input.headers"),
    ],
)
def test_misshapen_detailed_input_is_refused(input: object, part: str) -> None:
    with pytest.raises(EncodeError, match=f"{part} must be an object"):
        request_of(DETAILED, input)


def test_detailed_reads_ignore_the_body() -> None:
    request = request_of(DETAILED.route(method="GET"), {"params": {"id": 1}, "body": 1})
    assert request.body is None


class Answer(Schema):
    status: int
    headers: dict[str, str]
    body: dict[str, int]


class Detailed(Contract):
    whole = post("/w").route(output_structure="detailed").output(Answer)
    loose = post("/l").route(output_structure="detailed").output(dict[str, object])
    created = post("/c").route(success_status=301).output(int)


async def test_detailed_output_has_status_headers_and_body() -> None:
    answers = [plain({"n": 1}, status=201, headers={"x-a": "1"}) for _ in range(2)]
    link = OpenAPILink("https://hq", client=FakeTransport(answers))
    client = create_client(Detailed, link)
    headers = {"content-type": "application/json", "x-a": "1"}
    assert await client.whole() == Answer(status=201, headers=headers, body={"n": 1})
    assert await client.loose() == {"status": 201, "headers": headers, "body": {"n": 1}}


async def test_a_declared_redirect_status_is_a_success() -> None:
    link = OpenAPILink("https://hq", client=FakeTransport([plain(5, status=301)]))
    assert await create_client(Detailed, link).created() == 5


def test_a_call_is_not_changed_by_encoding() -> None:
    call = LinkCall(path=("x",), contract=post("/a/{id}"), input={"id": 1, "n": 2})
    before = replace(call, input=dict(call.input))  # type: ignore[call-overload]  # a dict
    CODEC.encode(call, {})
    assert call == before
