"""Limits on what executes at once."""

from hypothesis import given, strategies as st

from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.engine._slots import Slot, Slots


def item(number: int) -> QueueItem:
    return QueueItem(
        id=number, run_id="R", function_id="f", kind=ItemKind.CALL, due_at=0, max_attempts=1
    )


def test_items_above_a_limit_wait_in_order() -> None:
    slots = Slots()
    one: list[Slot] = [("k", 1)]
    assert slots.acquire(one, item(1)) == (True, [])
    assert slots.acquire(one, item(2)) == (False, [])
    assert slots.acquire(one, item(3)) == (False, [])
    assert slots.release(one) == [item(2)]


def test_an_item_takes_every_slot_or_none() -> None:
    slots = Slots()
    assert slots.acquire([("a", 1)], item(1))[0]
    assert not slots.acquire([("b", 1), ("a", 1)], item(2))[0]
    assert slots.acquire([("b", 1)], item(3))[0]


def test_an_item_that_leaves_a_slot_wakes_the_next_in_line() -> None:
    slots = Slots()
    both: list[Slot] = [("a", 1), ("b", 1)]
    slots.acquire([("a", 1)], item(1))
    slots.acquire(both, item(2))
    slots.acquire([("a", 1)], item(3))
    slots.acquire([("b", 1)], item(4))
    assert slots.release([("a", 1)]) == [item(2)]
    assert slots.acquire(both, item(2)) == (False, [item(3)])


@given(
    st.lists(
        st.lists(st.sampled_from([("a", 1), ("b", 2), ("c", 3)]), unique=True, max_size=2),
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_no_limit_is_exceeded_and_nobody_waits_for_ever(
    wanted: list[list[Slot]], chance: object
) -> None:
    slots = Slots()
    ready = [item(number) for number in range(len(wanted))]
    running: list[QueueItem] = []
    done: set[int] = set()
    while ready or running:
        if ready and (not running or chance.random() < 0.6):  # type: ignore[attr-defined]  # a Random
            one = ready.pop(0)
            acquired, woken = slots.acquire(wanted[one.id], one)
            ready += woken
            if acquired:
                running.append(one)
        else:
            one = running.pop(chance.randrange(len(running)))  # type: ignore[attr-defined]  # a Random
            done.add(one.id)
            ready += slots.release(wanted[one.id])
        for key, limit in (("a", 1), ("b", 2), ("c", 3)):
            assert sum((key, limit) in wanted[one.id] for one in running) <= limit
    assert done == set(range(len(wanted)))
