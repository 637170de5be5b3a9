"""Bodies of the event API."""

import json

import pytest

from rawr.durable.domain.errors import EventRejected, LimitExceeded
from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.sessions import sessions_of
from rawr.durable.protocol.events import check_event, parse_events


def test_one_event_or_an_array_of_them() -> None:
    event = {"name": "a/b", "data": {"n": 1}, "id": "x", "ts": 1795354334097, "v": "2"}
    one = parse_events(json.dumps(event).encode())
    many = parse_events(json.dumps([event, event]).encode())

    draft = EventDraft(name="a/b", data={"n": 1}, id="x", ts=1795354334097, v="2")
    assert one.events == (draft,)
    assert many.events == (draft, draft)


def test_an_empty_body_or_array_has_no_events() -> None:
    assert parse_events(b"").events == ()
    assert parse_events(b"[]").events == ()


def test_null_data_and_an_empty_id_are_as_good_as_none() -> None:
    (draft,) = parse_events(b'{"name":"a","data":null,"id":""}').events
    assert draft.data == {}
    assert draft.id is None


@pytest.mark.parametrize("body", [b"7", b'"x"', b"[7]", b"{", b'{"name":7}', b"\xff"])
def test_anything_else_is_refused(body: bytes) -> None:
    parsed = parse_events(body)
    assert isinstance(parsed.error, EventRejected)
    assert "event object or an array" in str(parsed.error)


def test_the_events_before_a_refused_one_are_kept() -> None:
    body = json.dumps([{"name": "a"}, {"name": "inngest/b"}, {"name": "c"}]).encode()
    parsed = parse_events(body)
    assert [event.name for event in parsed.events] == ["a"]
    assert str(parsed.error) == "event name is reserved for internal use: inngest/b"


@pytest.mark.parametrize("name", ["inngest/x", "INNGEST/x", "Inngest/function.failed"])
def test_the_engines_own_names_are_reserved_in_any_case(name: str) -> None:
    with pytest.raises(EventRejected, match="reserved"):
        check_event(EventDraft(name=name, data={}))


def test_a_name_is_needed_and_bounded() -> None:
    with pytest.raises(EventRejected, match="event name is empty"):
        check_event(EventDraft(name="", data={}))
    with pytest.raises(EventRejected, match="512"):
        check_event(EventDraft(name="n" * 513, data={}))


@pytest.mark.parametrize("ts", [1795354334, 4_102_444_800_000, -1])
def test_a_ts_that_is_not_in_milliseconds_is_refused(ts: int) -> None:
    with pytest.raises(EventRejected, match="milliseconds"):
        check_event(EventDraft(name="a", data={}, ts=ts))


def test_what_only_the_engine_may_set_is_dropped() -> None:
    draft = check_event(EventDraft(name="a", data={"_inngest": {"fn_id": "x"}, "n": 1}))
    assert draft.data == {"n": 1}


def test_limits_on_count_and_size() -> None:
    many = parse_events(json.dumps([{"name": "a"}] * 5001).encode())
    large = parse_events(json.dumps({"name": "a", "data": {"x": "y" * 3 * 1024 * 1024}}).encode())
    assert isinstance(many.error, LimitExceeded)
    assert isinstance(large.error, LimitExceeded)
    assert many.events == large.events == ()


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"sessions": 1}, "must be an object"),
        ({"sessions": {"": "a"}}, "1 to 128 bytes"),
        ({"sessions": {"k" * 129: "a"}}, "1 to 128 bytes"),
        ({"sessions": {"k": "i" * 513}}, "1 to 512 bytes"),
        ({"sessions": {"k": ""}}, "1 to 512 bytes"),
        ({"sessions": {"k": []}}, "a string or a number"),
        ({"sessions": {"k": True}}, "a string or a number"),
        ({"sessions": {str(n): "a" for n in range(6)}}, "at most 5"),
    ],
)
def test_sessions_are_bounded(meta: dict[str, object], message: str) -> None:
    body = json.dumps({"name": "a", "meta": meta}).encode()
    parsed = parse_events(body)
    assert isinstance(parsed.error, EventRejected)
    assert message in str(parsed.error)


AB = {"k": "a", "l": "b"}
FIVE = {f"p{number}": "a" for number in range(5)}


@pytest.mark.parametrize(
    ("meta", "sessions"),
    [
        (None, {}),
        ({}, {}),
        ({"sessions": {"k": 7}}, {"k": "7"}),
        ({"propagated_sessions": AB}, AB),
        ({"propagated_sessions": AB, "sessions": {"k": "c"}}, {"k": "c", "l": "b"}),
        ({"propagated_sessions": AB, "sessions": {"k": None}}, {"l": "b"}),
        ({"propagated_sessions": AB, "sessions": None}, {}),
        (
            {"propagated_sessions": FIVE, "sessions": {"p0": None, "q": "b"}},
            {"p1": "a", "p2": "a", "p3": "a", "p4": "a", "q": "b"},
        ),
    ],
)
def test_sessions_of_its_own_change_those_passed_on(meta: object, sessions: object) -> None:
    (draft,) = parse_events(json.dumps({"name": "a", "meta": meta}).encode()).events
    assert sessions_of(draft.meta) == sessions
