from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import inngest
import msgspec
import pydantic
import pytest

from rawr.coordination import EventMismatch, EventType
from rawr.schema import Schema


class Priority(Enum):
    HIGH = "high"


class Order(Schema):
    order_id: UUID
    total_due: Decimal
    due_on: date
    placed_at: datetime
    priority: Priority = Priority.HIGH
    tags: frozenset[str] = frozenset()


class Plain(pydantic.BaseModel):
    run_id: str


class Struct(msgspec.Struct, frozen=True):
    run_id: str


@dataclass(frozen=True)
class Record:
    run_id: str


ORDER = Order(
    order_id=UUID(int=7),
    total_due=Decimal("1.10"),
    due_on=date(2026, 1, 2),
    placed_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    tags=frozenset({"a"}),
)


def test_an_event_carries_wire_names_and_json_values():
    event = EventType("order.placed", Order).event(ORDER)
    assert event.name == "order.placed"
    assert event.data == {
        "orderId": "00000000-0000-0000-0000-000000000007",
        "totalDue": "1.10",
        "dueOn": "2026-01-02",
        "placedAt": "2026-01-02T03:04:00Z",
        "priority": "high",
        "tags": ["a"],
    }


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Order, ORDER),
        (Plain, Plain(run_id="run-1")),
        (Struct, Struct(run_id="run-1")),
        (Record, Record(run_id="run-1")),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_data_survives_the_journey_as_json(kind, data, version):
    event_type = EventType("some.event", kind, version=version)
    event = event_type.event(data)
    received = inngest.Event.model_validate_json(event.model_dump_json())
    assert event_type.parse(received) == data


def test_the_first_version_adds_nothing_to_the_data():
    assert EventType("e", Plain).event(Plain(run_id="1")).data == {"run_id": "1"}


def test_a_later_version_travels_with_the_data():
    assert EventType("e", Plain, version=2).event(Plain(run_id="1")).data == {
        "run_id": "1",
        "_version": 2,
    }


@pytest.mark.parametrize(("sent", "expected"), [(1, 2), (2, 1), (3, 2)])
def test_another_version_is_refused(sent, expected):
    event = EventType("e", Plain, version=sent).event(Plain(run_id="1"))
    with pytest.raises(EventMismatch, match=f"version {expected} here and {sent} in the event"):
        EventType("e", Plain, version=expected).parse(event)


def test_another_name_is_refused():
    with pytest.raises(EventMismatch, match="expected an event named a, got b"):
        EventType("a", Plain).parse(EventType("b", Plain).event(Plain(run_id="1")))


@pytest.mark.parametrize("data", [{}, {"runId": 7}, {"runId": "1", "extra": True}])
def test_unfit_data_is_refused(data):
    class Closed(Schema):
        run_id: str

    with pytest.raises(EventMismatch, match="e carries unfit data"):
        EventType("e", Closed).parse(inngest.Event(name="e", data=data))


def test_data_must_be_an_object():
    with pytest.raises(EventMismatch, match="must be an object"):
        EventType("e", int).event(3)


def test_versions_count_from_one():
    with pytest.raises(ValueError, match="from 1"):
        EventType("e", Plain, version=0)


def test_an_event_may_have_an_id_and_a_time_of_its_own():
    event = EventType("e", Plain).event(Plain(run_id="1"), event_id="once", ts_ms=5)
    assert (event.id, event.ts) == ("once", 5)


def test_the_trigger_names_the_event_and_keeps_the_expression():
    trigger = EventType("e", Plain).trigger("event.data.run_id == 'x'")
    assert trigger == inngest.TriggerEvent(event="e", expression="event.data.run_id == 'x'")
    assert EventType("e", Plain).trigger().expression is None


def test_an_event_type_names_itself():
    assert repr(EventType("e", Plain, version=2)) == "EventType('e', Plain, version=2)"
