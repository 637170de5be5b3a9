"""Our RPC bytes against what the real client and server said to each other."""

import json
from typing import Any

import pytest

from rawr.contract import Event, EventMeta, ORPCError
from rawr.schema import UNDEFINED
from rawr.wire.body import encode_body, parse_body, parse_urlencoded
from rawr.wire.error import error_from_json, error_from_response, error_to_json, to_orpc_error
from rawr.wire.event_iterator import Done, Failed, Item, IteratorDecoder, IteratorEncoder
from rawr.wire.path import encode_path, lookup_path, split_url
from rawr.wire.rpc import RPCSerializer

from .golden_cases import DAY, EPOCH, FILES, SMALL_BIGINTS, VALUES, cases
from .values import canonical

SERIALIZER = RPCSerializer()
POSTED = cases("rpc-values")
READ = cases("rpc-values-get")
ERRORS = cases("rpc-errors")
STREAMS = cases("rpc-streams")
UPLOADS = cases("rpc-files")


def test_every_recorded_value_has_its_python_twin() -> None:
    assert set(POSTED) == set(READ) == set(VALUES)


@pytest.mark.parametrize("name", sorted(set(VALUES) - SMALL_BIGINTS))
def test_a_value_is_written_as_javascript_wrote_it(name: str) -> None:
    body = SERIALIZER.encode(VALUES[name])
    assert body == POSTED[name].request.content == POSTED[name].response.content


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_value_is_read_as_javascript_meant_it(name: str) -> None:
    value = SERIALIZER.decode(POSTED[name].request.content)
    # Infinity is lost and minus zero is zero, in JavaScript as here.
    expected = SERIALIZER.decode(SERIALIZER.encode(VALUES[name]))
    assert canonical(value) == canonical(expected)


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_value_in_a_query_is_read_as_javascript_meant_it(name: str) -> None:
    _, query = split_url(READ[name].request.target)
    value = SERIALIZER.decode(parse_urlencoded(query).last("data") or "")
    assert canonical(value) == canonical(SERIALIZER.decode(POSTED[name].request.content))


def test_a_procedure_path_is_escaped_and_found_again() -> None:
    target = ERRORS["path"].request.target
    path = encode_path(["nested", "a b/c"])
    assert target == f"/rpc{path}"
    assert lookup_path(target.encode(), "/rpc") == path


RAISED: dict[str, BaseException] = {
    "badOutput": ORPCError("INTERNAL_SERVER_ERROR", message="Output validation failed"),
    "plainError": ValueError("secret"),
    "conflict": ORPCError("CONFLICT"),
    "custom": ORPCError("CUSTOM", data={"d": EPOCH}),
    "teapot": ORPCError("TEAPOT", status=418, message="short and stout"),
    "defined": ORPCError("PAYMENT", status=402, message="pay", data={"amt": 1}, defined=True),
    "undeclaredData": ORPCError("PAYMENT", status=402, data={"amt": "x"}),
    "getToPost": ORPCError("METHOD_NOT_SUPPORTED"),
}


@pytest.mark.parametrize("name", sorted(RAISED))
def test_an_error_is_written_as_javascript_wrote_it(name: str) -> None:
    error = to_orpc_error(RAISED[name])
    response = ERRORS[name].response
    assert SERIALIZER.encode(error_to_json(error)) == response.content
    assert error.status == response.status


@pytest.mark.parametrize("name", sorted({*RAISED, "inputValidation", "malformed"}))
def test_an_error_response_is_read_back_whole(name: str) -> None:
    response = ERRORS[name].response
    json_value = SERIALIZER.decode(response.content)
    error = error_from_response(json_value, status=response.status, headers={})
    assert error_to_json(error) == {"data": UNDEFINED, **_object(json_value)}


def _object(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_are_written_as_javascript_wrote_them(name: str) -> None:
    case = UPLOADS[name]
    body = encode_body(SERIALIZER.serialize_body(FILES[name]), boundary=lambda: "BOUNDARY")
    if name == "nested":  # its n is a bigint in JavaScript
        assert _parts(body.content)[1:] == _parts(case.request.content)[1:]
    else:
        assert body.content == case.request.content == case.response.content
    assert body.headers == case.request.headers


def _parts(form: bytes) -> list[bytes]:
    return form.split(b'Content-Disposition: form-data; name="')[1:]


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_are_read_as_javascript_meant_them(name: str) -> None:
    request = UPLOADS[name].request
    value = SERIALIZER.deserialize_body(parse_body(request.content, request.headers))
    expected = FILES[name]
    if name == "untyped":  # a form gives every file a type
        assert isinstance(value, type(expected))
        assert value.media_type == "application/octet-stream"
    else:
        assert value == expected


META = EventMeta(id="e2", retry=1500, comments=("hello",))
TEAPOT = ORPCError("TEAPOT", status=418, data=1)
PRODUCED: dict[str, tuple[list[Any], Any]] = {
    "items": ([{"n": 1}, DAY, UNDEFINED], UNDEFINED),
    "meta": ([Event({"d": EPOCH}, META)], UNDEFINED),
    "error": ([1], TEAPOT),
    "plainError": ([], ValueError("secret")),
    "empty": ([], UNDEFINED),
    "invalidItem": (
        [],
        ORPCError("EVENT_ITERATOR_VALIDATION_FAILED", message="Event iterator validation failed"),
    ),
}


@pytest.mark.parametrize("name", sorted(PRODUCED))
def test_a_stream_is_written_as_javascript_wrote_it(name: str) -> None:
    items, end = PRODUCED[name]
    encoder = IteratorEncoder(SERIALIZER)
    chunks = [encoder.open(), *map(encoder.item, items)]
    if isinstance(end, BaseException):
        chunks.append(encoder.error(to_orpc_error(end)))
    else:
        chunks.append(encoder.done(end))
    assert b"".join(chunks) == STREAMS[name].response.content


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("name", sorted(STREAMS))
def test_a_stream_is_read_however_it_is_cut(name: str, size: int) -> None:
    content = STREAMS[name].response.content
    decoder = IteratorDecoder(SERIALIZER)
    events = []
    for start in range(0, len(content), size):
        events += decoder.feed(content[start : start + size])
    events += decoder.close()
    *items, end = events
    if name == "result":
        assert [item.data for item in items if isinstance(item, Item)] == [1]
        assert isinstance(end, Done)
        assert end.data == {"fin": 1}
        return
    produced, expected_end = PRODUCED[name]
    bare = [item.data if isinstance(item, Event) else item for item in produced]
    assert [item.data for item in items if isinstance(item, Item)] == bare
    if isinstance(expected_end, BaseException):
        assert isinstance(end, Failed)
        assert isinstance(end.error, ORPCError)
        assert error_to_json(end.error) == error_to_json(to_orpc_error(expected_end))
    else:
        assert isinstance(end, Done)
        assert end.data == expected_end


def test_event_metadata_is_read() -> None:
    (item, _) = IteratorDecoder(SERIALIZER).feed(STREAMS["meta"].response.content)
    assert item.meta == META


def test_an_error_body_is_no_error_unless_it_has_exactly_the_keys() -> None:
    good = json.loads(ERRORS["defined"].response.body)["json"]
    assert error_from_json(good) is not None
    assert error_from_json({**good, "inferable": True}) is None
    assert error_from_json({**good, "status": 200}) is None
    assert error_from_json({key: value for key, value in good.items() if key != "status"}) is None
