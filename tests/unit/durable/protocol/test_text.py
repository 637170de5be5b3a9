"""JSON text that is not Unicode, as JavaScript and others write it."""

import json

import msgspec
import pytest
from hypothesis import given, strategies as st

from rawr.durable.domain.op import Errored, Reported, Returned
from rawr.durable.protocol.events import parse_events
from rawr.durable.protocol.response import Answer, parse_answer
from rawr.durable.protocol.text import decode_lenient

SDK = {"x-inngest-sdk": "js:v4.24.0"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"half \ud83d"', "half \ufffd"),
        (rb'"\udc00\ud800"', "\ufffd\ufffd"),
        (rb'"\ud83d\ude00 \uD83D"', "\U0001f600 \ufffd"),
        (rb'"\\ud83d \" \ud83d"', '\\ud83d " \ufffd'),
        (b'"\xff"', "\ufffd"),
        (b'"\xf0\x9f\x98\x80\xf0\x9f"', "\U0001f600\ufffd"),
    ],
)
def test_what_is_no_unicode_is_replaced(text: bytes, value: str) -> None:
    assert decode_lenient(msgspec.json.decode, text) == value


@given(st.text(alphabet=st.characters() | st.sampled_from('\\u\ud83d\ude00\udfff"d8')))
def test_any_text_of_javascript_is_read(text: str) -> None:
    read = decode_lenient(msgspec.json.decode, json.dumps(text).encode())
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert read == whole


@pytest.mark.parametrize("text", [b"", b"nope", b'"\xff', rb'"\ud83d'])
def test_what_is_no_json_stays_an_error(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_lenient(msgspec.json.decode, text)


def test_answers_of_apps_are_read_so() -> None:
    half = rb'{"emoji":"\ud83d","more":1}'
    returned = parse_answer(Answer(status=200, headers=SDK, body=half), now_ms=0)
    assert returned == Returned(output=rb'{"emoji":"\ufffd","more":1}')

    op = b'[{"op":"StepRun","id":"a","name":"a","data":%b}]' % half
    reported = parse_answer(Answer(status=206, headers=SDK, body=op), now_ms=0)
    assert isinstance(reported, Reported)
    assert reported.ops[0].data == rb'{"emoji":"\ufffd","more":1}'

    failure = rb'{"name":"Error","message":"\ud83d"}'
    errored = parse_answer(Answer(status=500, headers=SDK, body=failure), now_ms=0)
    assert isinstance(errored, Errored)
    assert (errored.error.message, errored.error.raw) == (
        "\ufffd",
        rb'{"name":"Error","message":"\ufffd"}',
    )


def test_events_are_read_so() -> None:
    event = rb'{"name":"app/go","data":{"emoji":"\ud83d"}}'
    for body in (event, b"[%b]" % event):
        parsed = parse_events(body)
        assert parsed.error is None
        assert parsed.events[0].data == {"emoji": "\ufffd"}


@pytest.mark.parametrize("text", [b"1e400", b"9" * 5000, b"[" * 100_000 + b"]" * 100_000])
@pytest.mark.parametrize("status", [200, 206, 500])
def test_what_cannot_be_kept_is_an_error_of_the_call(text: bytes, status: int) -> None:
    body = text
    if status == 206:
        body = b'[{"op":"StepRun","id":"a","data":%b}]' % text
    elif status == 500:
        body = b'{"name":"E","cause":%b}' % text
    response = parse_answer(Answer(status=status, headers=SDK, body=body), now_ms=0)
    assert isinstance(response, Errored)
    assert response.error.raw is None
