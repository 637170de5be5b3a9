"""Our frames and batches against what the real client and server said to each other."""

import json
from typing import Any

import pytest

from rawr.contract import EventMeta
from rawr.wire import DecodeError
from rawr.wire.batch import (
    INVALID_BATCH_BODY,
    NOT_MATCHED_BODY,
    TOO_LARGE_BODY,
    UNSUPPORTED_BODY,
    BatchResponse,
    batch_request_to_json,
    batch_response_from_json,
    batch_response_to_json,
    decode_batch_event,
    encode_batch_event,
    parse_batch_request,
)
from rawr.wire.body import EVENT_STREAM, parse_urlencoded
from rawr.wire.path import split_url
from rawr.wire.peer import (
    PeerAbort,
    PeerEvent,
    PeerRequest,
    PeerResponse,
    decode_client_frame,
    decode_server_frame,
    encode_frame,
)
from rawr.wire.rpc import RPCSerializer
from rawr.wire.sse import EventDecoder, encode_comment

from .golden_cases import DAY, FILES, cases, load

BATCHES = cases("rpc-batch")
SCENARIOS = {scenario["name"]: scenario["frames"] for scenario in load("rpc-peer")}
SERIALIZER = RPCSerializer()


def _frame(recorded: dict[str, str]) -> str | bytes:
    if "binary" not in recorded:
        return recorded["text"]
    return recorded["text"].encode() + b"\xff" + recorded["binary"].encode()


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_frame_is_read_and_written_back_byte_for_byte(name: str) -> None:
    for recorded in SCENARIOS[name]:
        frame = _frame(recorded)
        decode = decode_client_frame if recorded["from"] == "client" else decode_server_frame
        assert encode_frame(decode(frame), boundary=lambda: "BOUNDARY") == frame


def _messages(name: str) -> list[Any]:
    return [
        (decode_client_frame if recorded["from"] == "client" else decode_server_frame)(
            _frame(recorded)
        )
        for recorded in SCENARIOS[name]
    ]


def test_a_call_and_its_answer() -> None:
    request, response = _messages("date")
    assert isinstance(request, PeerRequest)
    assert (request.id, request.method, request.raw_path, request.query) == (
        "1",
        "POST",
        b"/echo",
        "",
    )
    assert SERIALIZER.deserialize_body(request.body) == DAY
    assert isinstance(response, PeerResponse)
    assert response.status == 200


def test_a_get_call_carries_its_input_in_the_query() -> None:
    request, _ = _messages("get")
    assert request.method == "GET"
    assert SERIALIZER.decode(parse_urlencoded(request.query).last("data") or "") == 1


def test_an_upload_announces_its_items() -> None:
    request, first, second, done, _ = _messages("upload")
    assert request.body is EVENT_STREAM
    assert [event.event for event in (first, second, done)] == ["message", "message", "done"]
    assert SERIALIZER.deserialize(second.data) == DAY


def test_a_file_is_the_binary_part() -> None:
    _, response = _messages("file")
    assert SERIALIZER.deserialize_body(response.body) == FILES["blob"]


def test_event_metadata_travels_beside_the_item() -> None:
    event = _messages("streamMeta")[2]
    assert isinstance(event, PeerEvent)
    assert event.meta == EventMeta(id="e2", retry=1500, comments=("hello",))


def test_a_client_that_stops_reading_says_so() -> None:
    assert _messages("abort")[-1] == PeerAbort(id="1")


def test_an_id_is_echoed_as_the_number_it_was() -> None:
    request = decode_client_frame('{"i":7,"p":{"u":"/echo"}}')
    assert encode_frame(PeerResponse(id=request.id)) == '{"i":7,"p":{}}'


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[]",
        "1",
        '{"p":{"u":"/x"}}',
        '{"i":null,"p":{"u":"/x"}}',
        '{"i":true,"p":{"u":"/x"}}',
        '{"i":"1"}',
        '{"i":"1","p":{"u":1}}',
        '{"i":"1","p":{"u":"echo"}}',
        '{"i":"1","p":{"u":"/x","m":1}}',
        '{"i":"1","p":{"u":"/x","h":[]}}',
        '{"i":"1","p":{"u":"/x","h":{"a":1}}}',
        '{"i":"1","t":3,"p":{"e":"other"}}',
        '{"i":"1","t":3,"p":{"e":[]}}',
        '{"i":"1","t":3,"p":{"e":"message","m":{"retry":-1}}}',
        '{"i":"1","t":3}',
        b"\xff",
        b'{"i":"1"\xffp":{"u":"/x"}}',
    ],
)
def test_a_broken_frame_is_refused(frame: str | bytes) -> None:
    with pytest.raises(DecodeError):
        decode_client_frame(frame)


POSTS = ["streaming", "buffered", "streamingHeaders", "bufferedHeaders"]
GETS = ["streamingGet", "bufferedGet"]


def _request_json(name: str) -> Any:
    request = BATCHES[name].request
    if request.method == "POST":
        return json.loads(request.body)
    return json.loads(parse_urlencoded(split_url(request.target)[1]).last("batch") or "")


@pytest.mark.parametrize("name", POSTS + GETS)
def test_a_batch_is_read_and_written_back(name: str) -> None:
    method = BATCHES[name].request.method
    items = parse_batch_request(_request_json(name), method=method)
    assert {item.method for item in items} == {method}
    assert batch_request_to_json(items, method=method) == _request_json(name)


def test_items_know_their_own_path_headers_and_query() -> None:
    first, second = parse_batch_request(_request_json("streamingHeaders"), method="POST")
    assert (first.raw_path, first.headers) == (b"/rpc/echo", {"x-own": "echo"})
    assert (second.raw_path, second.headers) == (b"/rpc/nothing", {"x-own": "nothing"})
    read, _ = parse_batch_request(_request_json("bufferedGet"), method="GET")
    assert SERIALIZER.decode(parse_urlencoded(read.query).last("data") or "") == 1


def _answers(name: str) -> list[BatchResponse]:
    response = BATCHES[name].response
    if name.startswith("buffered"):
        return [batch_response_from_json(item) for item in json.loads(response.body)]
    events = map(decode_batch_event, EventDecoder().feed(response.content))
    return [event for event in events if event is not None]


@pytest.mark.parametrize("name", [name for name in POSTS + GETS if name.startswith("streaming")])
def test_streamed_answers_are_written_as_javascript_wrote_them(name: str) -> None:
    written = b"".join([encode_comment(), *map(encode_batch_event, _answers(name))])
    assert written == BATCHES[name].response.content


@pytest.mark.parametrize("name", [name for name in POSTS + GETS if name.startswith("buffered")])
def test_buffered_answers_are_written_as_javascript_wrote_them(name: str) -> None:
    written = [batch_response_to_json(answer) for answer in _answers(name)]
    assert written == json.loads(BATCHES[name].response.body)


def test_an_answer_with_the_status_of_the_batch_leaves_it_out() -> None:
    assert batch_response_to_json(BatchResponse(index=0, status=207)) == {"index": 0}
    assert batch_response_from_json({"index": 0}).status == 207


def test_items_that_cannot_be_answered_get_the_protocols_own_words() -> None:
    bodies = {answer.index: answer.body for answer in _answers("buffered")}
    assert bodies[2] == NOT_MATCHED_BODY
    assert bodies[3] == UNSUPPORTED_BODY
    assert json.loads(BATCHES["notAnArray"].response.body) == INVALID_BATCH_BODY
    assert json.loads(BATCHES["relativeUrl"].response.body) == INVALID_BATCH_BODY
    assert json.loads(BATCHES["tooLarge"].response.body) == TOO_LARGE_BODY


@pytest.mark.parametrize(
    "batch",
    [
        {},
        None,
        "x",
        [1],
        [{}],
        [{"url": 1}],
        [{"url": "/rpc/echo"}],
        [{"url": "http://h/x", "method": 1}],
        [{"url": "http://h/x", "headers": []}],
    ],
)
def test_a_broken_batch_is_refused(batch: Any) -> None:
    with pytest.raises(DecodeError):
        parse_batch_request(batch, method="POST")


@pytest.mark.parametrize("answer", [None, [], {}, {"index": "0"}, {"index": 0, "status": "200"}])
def test_a_broken_answer_is_refused(answer: Any) -> None:
    with pytest.raises(DecodeError):
        batch_response_from_json(answer)
