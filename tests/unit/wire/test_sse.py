"""Event streams: framing, limits and time."""

import time

import pytest

from rawr.contract import ORPCError
from rawr.schema import UNDEFINED, SchemaError, adapt
from rawr.wire import INVALID_DATE, DecodeError, EncodeError, ErrorEvent
from rawr.wire.event_iterator import Done, Failed, Item, IteratorDecoder, IteratorEncoder
from rawr.wire.rpc import RPCSerializer
from rawr.wire.sse import EventDecoder, EventMessage, encode_comment, encode_event


def test_fields_are_written_in_the_protocols_order() -> None:
    message = EventMessage(event="e", data="a\nb\r\nc", id="1", retry=5, comments=("x", ""))
    assert encode_event(message) == (
        b": x\n: \nevent: e\nretry: 5\nid: 1\ndata: a\ndata: b\ndata: c\n\n"
    )


def test_an_empty_comment_keeps_a_stream_alive() -> None:
    assert encode_comment() == b": \n\n"
    assert IteratorEncoder(RPCSerializer()).keep_alive() == b": \n\n"


@pytest.mark.parametrize(
    "message",
    [
        EventMessage(id="a\nb"),
        EventMessage(event="a\rb"),
        EventMessage(comments=("a\r\nb",)),
        EventMessage(retry=-1),
    ],
)
def test_what_would_break_the_framing_is_refused(message: EventMessage) -> None:
    with pytest.raises(EncodeError):
        encode_event(message)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_every_line_end_works_at_every_cut(end: str) -> None:
    stream = f"data: é1{end}data: 2{end}{end}id: x{end}{end}".encode()
    for cut in range(len(stream) + 1):
        decoder = EventDecoder()
        messages = decoder.feed(stream[:cut]) + decoder.feed(stream[cut:])
        decoder.close()
        assert [(m.data, m.id) for m in messages] == [("é1\n2", None), (None, "x")]


def test_a_byte_order_mark_is_no_part_of_the_first_event() -> None:
    assert EventDecoder().feed(b"\xef\xbb\xbfdata: 1\n\n")[0].data == "1"


@pytest.mark.parametrize(
    ("line", "retry"), [("10", 10), ("0", 0), ("01", None), ("-1", None), ("x", None)]
)
def test_retry_is_a_plain_number_or_ignored(line: str, retry: int | None) -> None:
    assert EventDecoder().feed(f"retry: {line}\n\n".encode())[0].retry == retry


def test_a_stream_cut_off_in_an_event_is_refused() -> None:
    decoder = EventDecoder()
    decoder.feed(b"data: 1\n")
    with pytest.raises(DecodeError, match="ended before complete"):
        decoder.close()


def test_an_endless_event_is_refused() -> None:
    decoder = EventDecoder(max_event_bytes=10)
    decoder.feed(b"data: 1\n\n" * 100)
    with pytest.raises(DecodeError, match="longer than 10 bytes"):
        decoder.feed(b"data: 123456")


def test_time_is_linear_in_an_event_fed_byte_by_byte() -> None:
    decoder = EventDecoder()
    start = time.perf_counter()
    for _ in range(200_000):
        decoder.feed(b"x")
    decoder.feed(b"\n\n")
    assert time.perf_counter() - start < 5


def events(*blocks: str) -> list[object]:
    decoder = IteratorDecoder(RPCSerializer())
    found: list[object] = list(decoder.feed("".join(f"{block}\n\n" for block in blocks).encode()))
    return found + decoder.close()


def test_an_event_without_a_name_is_an_item() -> None:
    item, done = events('data: {"json":1}')
    assert isinstance(item, Item)
    assert item.data == 1
    assert isinstance(done, Done)
    assert done.data is UNDEFINED


def test_comments_and_unknown_events_are_passed_over() -> None:
    assert len(events(":", "event: ping\ndata: {", "event: ping", "id: 1", "retry: 5")) == 1


@pytest.mark.parametrize("name", ["done", "close"])
def test_a_stream_ends_with_its_result_and_nothing_counts_after(name: str) -> None:
    (done,) = events(f'event: {name}\ndata: {{"json":1}}', "event: message\ndata: {", "event: done")
    assert isinstance(done, Done)
    assert done.data == 1


def test_an_ended_stream_takes_no_more() -> None:
    decoder = IteratorDecoder(RPCSerializer())
    decoder.feed(b"event: done\n\n")
    assert decoder.feed(b"event: message\n\n") == []


def test_an_error_event_is_the_error_it_holds() -> None:
    data = '{"json":{"defined":true,"code":"X","status":400,"message":"m","data":1}}'
    (failed,) = events(f"event: error\ndata: {data}")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, ORPCError)
    assert (failed.error.code, failed.error.data, failed.error.defined) == ("X", 1, True)


@pytest.mark.parametrize("data", ['{"json":{"code":"X"}}', '{"json":1}', ""])
def test_any_other_error_event_keeps_its_data(data: str) -> None:
    (failed,) = events(f"event: error\ndata: {data}")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, ErrorEvent)


def test_an_error_event_that_cannot_be_read_still_ends_the_stream() -> None:
    (failed,) = events("event: error\ndata: {")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, DecodeError)


@pytest.mark.parametrize("size", [1, 10, 1000])
@pytest.mark.parametrize("bad", [b"event: message\ndata: {\n\n", b"data: " + b"x" * 300 + b"\n\n"])
def test_an_item_that_cannot_be_read_ends_the_stream_after_the_good_ones(
    bad: bytes, size: int
) -> None:
    stream = b'data: {"json":1}\n\ndata: {"json":2}\n\n' + bad + b'data: {"json":3}\n\n'
    decoder = IteratorDecoder(RPCSerializer(), max_event_bytes=200)
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
    *items, failed = [event for chunk in chunks for event in decoder.feed(chunk)]
    assert [item.data for item in items if isinstance(item, Item)] == [1, 2]
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, DecodeError)
    assert decoder.close() == []


def test_a_stream_cut_off_is_refused_at_its_end() -> None:
    decoder = IteratorDecoder(RPCSerializer())
    decoder.feed(b"event: done")
    with pytest.raises(DecodeError, match="ended before complete"):
        decoder.close()


def test_an_invalid_date_is_no_text_for_a_schema() -> None:
    with pytest.raises(SchemaError):
        adapt(str).validate(INVALID_DATE)
