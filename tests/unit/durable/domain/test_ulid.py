import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st
from ulid import ULID

from rawr.durable.domain.ulid import EventSeed, Ulid, UlidError, UlidFactory, parse_ulid

MAX_MILLIS = (1 << 48) - 1


def factory(*instants: int, entropy: bytes = b"\x00" * 10) -> UlidFactory:
    clock = iter(instants)
    return UlidFactory(now_ms=lambda: next(clock), random_bytes=lambda n: entropy[:n])


@given(st.integers(0, MAX_MILLIS), st.binary(min_size=10, max_size=10))
def test_text_equals_the_reference_package(millis: int, entropy: bytes) -> None:
    oracle = str(ULID.from_bytes(millis.to_bytes(6, "big") + entropy))
    assert str(Ulid(millis=millis, entropy=entropy)) == oracle
    assert parse_ulid(oracle) == Ulid(millis=millis, entropy=entropy)


def test_parse_accepts_lower_case() -> None:
    text = "01JQDAE4RQF8MBCR55T5AK4KXS"
    assert parse_ulid(text.lower()) == parse_ulid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01JQDAE4RQF8MBCR55T5AK4KX",
        "01JQDAE4RQF8MBCR55T5AK4KXSS",
        "01JQDAE4RQF8MBCR55T5AK4KXI",
        "01JQDAE4RQF8MBCR55T5AK4KX\u00e9",
        "80000000000000000000000000",
    ],
)
def test_parse_refuses_what_is_no_ulid(text: str) -> None:
    with pytest.raises(UlidError, match="26 characters"):
        parse_ulid(text)


def test_factory_takes_clock_and_randomness() -> None:
    made = factory(1_743_130_137_367, entropy=bytes(range(10)))()
    assert parse_ulid(made) == Ulid(millis=1_743_130_137_367, entropy=bytes(range(10)))


def test_factory_counts_up_within_one_millisecond() -> None:
    make = factory(5, 5, 5)
    first, second, third = parse_ulid(make()), parse_ulid(make()), parse_ulid(make())
    assert [int.from_bytes(u.entropy, "big") for u in (first, second, third)] == [0, 1, 2]


def test_factory_never_goes_back_with_the_clock() -> None:
    make = factory(1000, 400, 1000, 1001)
    made = [make() for _ in range(4)]
    assert made == sorted(set(made))


def test_factory_carries_exhausted_entropy_into_the_next_millisecond() -> None:
    make = factory(7, 7, entropy=b"\xff" * 10)
    make()
    assert parse_ulid(make()) == Ulid(millis=8, entropy=b"\x00" * 10)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40), st.binary(min_size=10, max_size=10))
def test_factory_is_strictly_increasing(instants: list[int], entropy: bytes) -> None:
    make: Callable[[], str] = factory(*instants, entropy=entropy)
    made = [make() for _ in instants]
    assert all(left < right for left, right in itertools.pairwise(made))


def test_seeded_ids_follow_the_protocol_example() -> None:
    seed = EventSeed.parse("1743130137367,eii2YKXRVTJPuA==")
    assert seed.event_id(1) == "01JQDAE4RQF8MBCR55T5AK4KXS"
    assert seed.event_id(2) == "01JQDAE4RQF8MBCR55T5AK4KXT"


def test_seeded_ids_wrap_the_last_four_bytes_only() -> None:
    seed = EventSeed(millis=1, entropy=b"abcdef\xff\xff\xff\xff")
    assert parse_ulid(seed.event_id(1)).entropy == b"abcdef\x00\x00\x00\x00"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "1743130137367",
        "1743130137367,",
        "1743130137367,eii2YKXRVTJP",
        "1743130137367,!!!",
        "now,eii2YKXRVTJPuA==",
        "-1,eii2YKXRVTJPuA==",
        "999999999999999,eii2YKXRVTJPuA==",
    ],
)
def test_seed_refuses_another_form(header: str) -> None:
    with pytest.raises(UlidError, match="ten bytes"):
        EventSeed.parse(header)
