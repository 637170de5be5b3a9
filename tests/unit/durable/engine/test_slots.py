"""Limits on what executes at once."""

from hypothesis import given, strategies as st

from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.engine._slots import Slot, Slots


def item(number: int) -> QueueItem:
    return QueueItem(
        id=number, run_id="R", function_id="f", kind=ItemKind.CALL, due_at=0, max_attempts=1
    )


def test_items_above_a_limit_wait_in_order() -> None:
    slots = Slots(room=10)
    one: list[Slot] = [("k", 1)]
    assert slots.acquire(one, item(1)) == (True, [], None)
    assert slots.acquire(one, item(2)) == (False, [], None)
    assert slots.acquire(one, item(3)) == (False, [], None)
    assert slots.release(one) == [item(2)]


def test_an_item_takes_every_slot_or_none() -> None:
    slots = Slots(room=10)
    assert slots.acquire([("a", 1)], item(1)).taken
    assert not slots.acquire([("b", 1), ("a", 1)], item(2)).taken
    assert slots.acquire([("b", 1)], item(3)).taken


def test_an_item_that_leaves_a_slot_wakes_the_next_in_line() -> None:
    slots = Slots(room=10)
    both: list[Slot] = [("a", 1), ("b", 1)]
    slots.acquire([("a", 1)], item(1))
    slots.acquire(both, item(2))
    slots.acquire([("a", 1)], item(3))
    slots.acquire([("b", 1)], item(4))
    assert slots.release([("a", 1)]) == [item(2)]
    assert slots.acquire(both, item(2)) == (False, [item(3)], None)


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
    slots = Slots(room=30)
    ready = [item(number) for number in range(len(wanted))]
    running: list[QueueItem] = []
    done: set[int] = set()
    while ready or running:
        if ready and (not running or chance.random() < 0.6):  # type: ignore[attr-defined]  # a Random
            one = ready.pop(0)
            acquisition = slots.acquire(wanted[one.id], one)
            ready += acquisition.woken
            if acquisition.taken:
                running.append(one)
        else:
            one = running.pop(chance.randrange(len(running)))  # type: ignore[attr-defined]  # a Random
            done.add(one.id)
            ready += slots.release(wanted[one.id])
        for key, limit in (("a", 1), ("b", 2), ("c", 3)):
            assert sum((key, limit) in wanted[one.id] for one in running) <= limit
    assert done == set(range(len(wanted)))


def test_what_memory_has_no_room_for_waits_in_the_store() -> None:
    slots = Slots(room=1)
    one: list[Slot] = [("k", 1)]
    slots.acquire(one, item(1))
    assert slots.acquire(one, item(2)).overflow is None
    assert slots.acquire(one, item(3)).overflow == ("k", 1)
    slots.stored(("k", 1))
    assert slots.next_wanted() is None
    assert slots.release(one) == [item(2)]
    assert slots.next_wanted() == "k"
    assert slots.fetched("k", [item(3)], more=False) == [item(3)]
    assert slots.next_wanted() is None


def test_a_slot_that_is_freed_while_an_item_is_stored_is_not_lost() -> None:
    slots = Slots(room=0)
    one: list[Slot] = [("k", 1)]
    slots.acquire(one, item(1))
    assert slots.acquire(one, item(2)).overflow == ("k", 1)
    slots.release(one)
    slots.stored(("k", 1))
    assert slots.next_wanted() == "k"


def test_nothing_is_fetched_while_memory_is_full() -> None:
    slots = Slots(room=1)
    slots.acquire([("a", 1)], item(1))
    slots.acquire([("a", 1)], item(2))
    slots.stored(("k", 1))
    fetched = [item(number) for number in range(3, 7)]
    assert slots.fetched("k", fetched, more=True) == [item(3)]
    slots.stored(("k", 1))
    assert slots.next_wanted() is None


@given(st.integers(0, 3), st.integers(1, 3), st.randoms(use_true_random=False))
def test_stored_items_run_in_order_and_none_is_forgotten(
    room: int, limit: int, chance: object
) -> None:
    slots = Slots(room=room)
    wanted: list[Slot] = [("k", limit)]
    ready = [item(number) for number in range(40)]
    running: list[QueueItem] = []
    store: list[QueueItem] = []
    done: list[int] = []
    for _ in range(5_000):
        while (key := slots.next_wanted()) is not None:
            fetched, store = store[:4], store[4:]
            ready += slots.fetched(key, fetched, more=len(fetched) == 4)
        if ready and (not running or chance.random() < 0.6):  # type: ignore[attr-defined]  # a Random
            one = ready.pop(0)
            taken, woken, overflow = slots.acquire(wanted, one)
            ready = woken + ready
            if taken:
                running.append(one)
                done.append(one.id)
            elif overflow is not None:
                store.append(one)
                slots.stored(overflow)
        elif running:
            running.pop()
            ready = slots.release(wanted) + ready
        assert len(running) <= limit
    assert sorted(done) == list(range(40))


def test_only_what_would_wait_in_the_store_overflows() -> None:
    slots = Slots(room=1)
    one: list[Slot] = [("k", 1)]
    assert slots.overflow(one) is None
    slots.acquire(one, item(1))
    assert slots.overflow(one) is None
    slots.acquire(one, item(2))
    assert slots.overflow(one) == ("k", 1)
