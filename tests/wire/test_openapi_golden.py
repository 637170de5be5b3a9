"""Our OpenAPI protocol bytes against what the real link and handler said to each other."""

import json

import pytest

from rawr.contract import ORPCError
from rawr.schema import UNDEFINED
from rawr.wire import INVALID_DATE
from rawr.wire.body import encode_body, encode_urlencoded, parse_body, parse_urlencoded
from rawr.wire.error import error_from_json, error_from_response, error_to_json
from rawr.wire.event_iterator import Done, Failed, Item, IteratorDecoder, IteratorEncoder
from rawr.wire.openapi import OpenAPISerializer
from rawr.wire.path import split_url

from .golden_cases import DAY, FILES, SMALL_BIGINTS, VALUES, cases

SERIALIZER = OpenAPISerializer()
CASES = cases("openapi")


@pytest.mark.parametrize("name", sorted(set(VALUES) - SMALL_BIGINTS))
def test_a_value_is_written_as_javascript_wrote_it(name: str) -> None:
    response = CASES[f"value:{name}"].response
    body = encode_body(SERIALIZER.serialize_body(VALUES[name]))
    assert (body.content, body.headers) == (response.content, response.headers)


@pytest.mark.parametrize("name", ["root", "blob", "untyped", "empty"])
def test_a_file_is_the_body_itself(name: str) -> None:
    response = CASES[f"file:{name}"].response
    body = encode_body(SERIALIZER.serialize_body(FILES[name]))
    assert (body.content, body.headers) == (response.content, response.headers)
    assert parse_body(response.content, response.headers) == FILES[name]


def test_nested_files_make_a_form_in_bracket_notation() -> None:
    response = CASES["file:nested"].response
    body = encode_body(SERIALIZER.serialize_body(FILES["nested"]), boundary=lambda: "BOUNDARY")
    assert (body.content, body.headers) == (response.content, response.headers)
    value = SERIALIZER.deserialize_body(parse_body(response.content, response.headers))
    assert value["n"] == "1"
    assert value["files"][0] == FILES["nested"]["files"][0]


def test_query_parameters_are_written_as_javascript_wrote_them() -> None:
    query = {"a": [1, {"b": True}], "k[]": "é", "g": "", "n": None, "d": DAY}
    _, recorded = split_url(CASES["query"].request.target)
    assert encode_urlencoded(SERIALIZER.serialize_query(query)) == recorded
    assert SERIALIZER.deserialize_body(parse_urlencoded(recorded)) == {
        "a": ["1", {"b": "true"}],
        # An escape at the top level does not come back, in JavaScript as here.
        "k\\[\\]": "é",
        "g": "",
        "d": "2022-01-01T00:00:00.000Z",
    }


def test_a_json_body_keeps_no_types() -> None:
    request = CASES["body"].request
    body = encode_body(SERIALIZER.serialize_body({"at": DAY, "big": "1", "set": {1}}))
    assert (body.content, body.headers) == (request.content, request.headers)


def test_an_uploaded_form_leaves_null_out() -> None:
    request = CASES["upload"].request
    value = {"name": "x", "list": [1, True, None], "file": FILES["root"]}
    body = encode_body(SERIALIZER.serialize_body(value), boundary=lambda: "BOUNDARY")
    assert (body.content, body.headers) == (request.content, request.headers)


def test_an_uploaded_file_is_the_body_itself() -> None:
    request = CASES["rootUpload"].request
    body = encode_body(SERIALIZER.serialize_body(FILES["root"]))
    assert body.content == request.content
    assert body.headers["content-disposition"] == request.headers["content-disposition"]


def test_no_output_is_no_body_and_no_type() -> None:
    response = CASES["nothing"].response
    body = encode_body(SERIALIZER.serialize_body(UNDEFINED))
    assert (body.content, body.headers) == (response.content, response.headers) == (b"", {})


def test_an_error_is_plain_json() -> None:
    response = CASES["gone"].response
    error = ORPCError("GONE", status=410, message="gone", data={"a": 1}, defined=True)
    assert SERIALIZER.encode(error_to_json(error)) == response.content
    read = error_from_response(json.loads(response.body), status=410, headers={}, fill_status=True)
    assert error_to_json(read) == error_to_json(error)


def test_an_error_body_without_a_status_takes_the_responses() -> None:
    body = {"defined": True, "code": "GONE", "message": "gone"}
    assert error_from_json(body) is None
    assert error_from_response(body, status=410, headers={}, fill_status=True).status == 410
    found = error_from_json({**body, "code": "CONFLICT"}, fill_status=True)
    assert found is not None
    assert found.status == 409


TEAPOT = ORPCError("TEAPOT", status=418, data={"at": DAY})


@pytest.mark.parametrize(
    ("name", "end"),
    [("stream", UNDEFINED), ("streamResult", VALUES["bigint"]), ("streamError", TEAPOT)],
)
def test_a_stream_is_written_and_read_as_javascript_does(name: str, end: object) -> None:
    recorded = CASES[name].response.content
    encoder = IteratorEncoder(SERIALIZER)
    last = encoder.error(end) if isinstance(end, ORPCError) else encoder.done(end)
    assert encoder.open() + encoder.item({"d": DAY}) + encoder.item(UNDEFINED) + last == recorded
    decoder = IteratorDecoder(SERIALIZER, fill_status=True)
    first, second, result = [*decoder.feed(recorded), *decoder.close()]
    assert isinstance(first, Item)
    assert isinstance(second, Item)
    assert (first.data, second.data) == ({"d": "2022-01-01T00:00:00.000Z"}, UNDEFINED)
    if isinstance(end, ORPCError):
        assert isinstance(result, Failed)
        assert isinstance(result.error, ORPCError)
        assert result.error.code == "TEAPOT"
    else:
        assert isinstance(result, Done)
        assert result.data == (end if end is UNDEFINED else str(end))


def test_an_invalid_date_is_null() -> None:
    assert SERIALIZER.encode([INVALID_DATE]) == b"[null]"
