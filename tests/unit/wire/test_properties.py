"""Every value that can travel comes back, whatever it is made of."""

import datetime as dt
import math
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from rawr.contract import Event, EventMeta
from rawr.schema import UNDEFINED, File, RegExp, Url
from rawr.wire import (
    INVALID_DATE,
    FormData,
    Map,
    SetMembers,
    URLSearchParams,
    dump_json,
    load_json,
)
from rawr.wire.batch import BatchItem, batch_request_to_json, parse_batch_request
from rawr.wire.body import encode_body, encode_urlencoded, parse_body, parse_urlencoded
from rawr.wire.disposition import content_disposition, filename_of
from rawr.wire.event_iterator import Done, Item, IteratorDecoder, IteratorEncoder
from rawr.wire.openapi import flatten, parse_path, stringify_path, unflatten
from rawr.wire.path import encode_path, lookup_path
from rawr.wire.peer import (
    PeerEvent,
    PeerRequest,
    PeerResponse,
    decode_client_frame,
    decode_server_frame,
    encode_frame,
)
from rawr.wire.rpc import RPCSerializer
from rawr.wire.sse import EventDecoder, EventMessage, encode_event

SERIALIZER = RPCSerializer()
CHECKED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(codec="utf-8"), max_size=12)
lines = texts.filter(lambda text: "\n" not in text and "\r" not in text)
# Infinity is lost on the wire, and minus zero is zero; whole numbers past the safe range are
# written with JavaScript's digits, which only a double reads back as the same number.
floats = st.floats(-(2**53) + 1, 2**53 - 1).map(lambda number: number + 0.0)
moments = st.datetimes(
    min_value=dt.datetime(1, 1, 2),  # noqa: DTZ001 - the zone is added by `timezones`
    max_value=dt.datetime(9999, 12, 30),  # noqa: DTZ001 - as above
    timezones=st.just(dt.UTC),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
hashable = st.one_of(
    st.none(),
    texts,
    st.integers(),
    floats,
    moments,
    st.just(INVALID_DATE),
    st.builds(Url, st.just("https://example.com/a")),
    st.builds(RegExp, st.sampled_from(["a", r"\/", "[/]"]), st.sampled_from(["", "gi"])),
)
leaves = hashable | st.booleans()


def _containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(children | st.just(UNDEFINED), max_size=4),
        st.dictionaries(texts, children, max_size=4),
        st.frozensets(hashable, max_size=4).map(set),
        st.dictionaries(hashable, children, max_size=4).map(Map),
        st.lists(st.lists(children, max_size=2), min_size=1, max_size=3).map(SetMembers),
    )


values = st.recursive(leaves, _containers, max_leaves=8)
files = st.builds(File, st.binary(max_size=20), st.sampled_from(["", "text/plain", "a/b"]), lines)


@settings(CHECKED)
@given(values)
def test_rpc_values_round_trip(value: Any) -> None:
    assert SERIALIZER.decode(SERIALIZER.encode(value)) == value


@settings(CHECKED)
@given(st.lists(st.just(math.nan) | st.none(), max_size=3))
def test_nan_round_trips(value: list[float | None]) -> None:
    assert repr(SERIALIZER.decode(SERIALIZER.encode(value))) == repr(value)


typed_files = files.filter(lambda file: file.media_type != "")


@settings(CHECKED)
@given(st.recursive(leaves | typed_files, _containers, max_leaves=8))
def test_rpc_values_with_files_round_trip(value: Any) -> None:
    body = encode_body(SERIALIZER.serialize_body(value))
    assert SERIALIZER.deserialize_body(parse_body(body.content, body.headers)) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | floats | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=5,
)


@settings(CHECKED)
@given(json_values)
def test_json_round_trips(value: Any) -> None:
    assert load_json(dump_json(value)) == value


@settings(CHECKED)
@given(st.lists(texts, max_size=5))
def test_procedure_paths_are_found_again(segments: list[str]) -> None:
    path = encode_path(segments)
    if not path.endswith("/"):
        assert lookup_path(b"/rpc" + path.encode(), "/rpc") == path


@settings(CHECKED)
@given(texts)
def test_file_names_round_trip(name: str) -> None:
    assert filename_of(content_disposition(name)) == name


@settings(CHECKED)
@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_urlencoded_pairs_round_trip(pairs: list[tuple[str, str]]) -> None:
    text = encode_urlencoded(URLSearchParams.of(pairs))
    assert list(parse_urlencoded(text).entries) == pairs


@settings(CHECKED)
@given(st.lists(st.tuples(lines, lines | typed_files), max_size=5))
def test_forms_round_trip(entries: list[tuple[str, str | File]]) -> None:
    body = encode_body(FormData.of(entries))
    parsed = parse_body(body.content, body.headers)
    # Names are escaped with percent signs that are not escaped themselves, as browsers do.
    if not any("%" in name or (isinstance(v, File) and "%" in v.name) for name, v in entries):
        assert parsed == FormData.of(entries)


plain_keys = st.text(st.characters(codec="utf-8", exclude_characters="\\[]0123456789"), min_size=1)


@settings(CHECKED)
@given(
    st.recursive(
        texts,
        lambda children: (
            st.lists(children, min_size=1, max_size=3)
            | st.dictionaries(plain_keys, children, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ).filter(lambda value: not isinstance(value, str))
)
def test_bracket_notation_round_trips(value: Any) -> None:
    assert unflatten(flatten(value)) == value


@settings(CHECKED)
@given(st.lists(texts, min_size=2, max_size=4))
def test_nested_names_round_trip_up_to_trailing_backslashes(segments: list[str]) -> None:
    plain = [segment.replace("\\", "/") for segment in segments]
    assert parse_path(stringify_path(plain)) == plain


@settings(CHECKED)
@given(
    st.builds(
        EventMessage,
        event=lines,
        data=st.none() | texts,
        id=st.none() | lines,
        retry=st.none() | st.integers(0, 10**9),
        comments=st.lists(lines, max_size=2).map(tuple),
    )
)
def test_events_round_trip(message: EventMessage) -> None:
    (read,) = EventDecoder().feed(encode_event(message))
    data = None if message.data is None else "\n".join(_lines_of(message.data))
    assert read == EventMessage(
        event=message.event,
        data=data,
        id=message.id,
        retry=message.retry,
        comments=message.comments,
    )


def _lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


metas = st.builds(
    EventMeta,
    id=st.none() | lines,
    retry=st.none() | st.integers(0, 10**9),
    comments=st.lists(lines, max_size=2).map(tuple),
)


@settings(CHECKED)
@given(st.lists(st.tuples(values, metas), max_size=4), values, st.integers(1, 40))
def test_event_iterators_round_trip(
    items: list[tuple[Any, EventMeta]], result: Any, size: int
) -> None:
    encoder = IteratorEncoder(SERIALIZER)
    stream = encoder.open()
    stream += b"".join(encoder.item(Event(data, meta)) for data, meta in items)
    stream += encoder.keep_alive() + encoder.done(result)
    decoder = IteratorDecoder(SERIALIZER)
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    expected = [Item(data, meta) for data, meta in items]
    assert events == [*expected, Done(result, EventMeta())]


ids = st.text(st.characters(codec="ascii"), max_size=3) | st.integers(0, 9)
headers = st.dictionaries(st.sampled_from(["x-a", "x-b"]), lines | st.lists(lines, max_size=2))
bodies = st.one_of(st.just(UNDEFINED), json_values, files.filter(lambda file: file.content))


@settings(CHECKED)
@given(ids, headers, bodies)
def test_peer_frames_round_trip(id_: str | int, given_headers: Any, body: Any) -> None:
    request = PeerRequest(id=id_, url="/x?y=1", method="PUT", headers=given_headers, body=body)
    response = PeerResponse(id=id_, status=404, headers=given_headers, body=body)
    read = decode_client_frame(encode_frame(request))
    answered = decode_server_frame(encode_frame(response))
    assert isinstance(read, PeerRequest)
    assert isinstance(answered, PeerResponse)
    assert (read.id, read.url, read.method, read.body) == (id_, "/x?y=1", "PUT", body)
    assert (answered.id, answered.status, answered.body) == (id_, 404, body)
    assert given_headers.items() <= read.headers.items()


@settings(CHECKED)
@given(ids, json_values, metas)
def test_peer_events_round_trip(id_: str | int, data: Any, meta: EventMeta) -> None:
    event = PeerEvent(id=id_, event="message", data=data, meta=meta)
    assert (
        decode_client_frame(encode_frame(event))
        == event
        == decode_server_frame(encode_frame(event))
    )


@settings(CHECKED)
@given(
    st.lists(
        st.builds(BatchItem, url=st.just("http://h/x"), headers=headers, body=json_values),
        max_size=3,
    )
)
def test_batches_round_trip(items: list[BatchItem]) -> None:
    assert parse_batch_request(batch_request_to_json(items, method="POST"), method="POST") == items
