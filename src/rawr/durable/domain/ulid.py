"""ULIDs: sortable 128-bit ids, and the seeded ids of the event API."""

import base64
import binascii
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26
_ENTROPY_BYTES = 10
_ENTROPY_BITS = 8 * _ENTROPY_BYTES
_ENTROPY_MASK = (1 << _ENTROPY_BITS) - 1
_TAIL_LENGTH = 6
_TAIL_BITS = 5 * _TAIL_LENGTH
_TAIL_MASK = (1 << _TAIL_BITS) - 1
_MAX_MILLIS = (1 << 48) - 1
_SEED_COUNTER_MASK = (1 << 32) - 1
_MILLIS = re.compile(r"[0-9]{1,15}", re.ASCII)


class UlidError(ValueError):
    """The text is not a ULID, or not an event id seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ulid:
    """The two parts of a ULID: unix milliseconds and ten bytes of entropy."""

    millis: int
    entropy: bytes

    def __str__(self) -> str:
        return _encode(self.millis, int.from_bytes(self.entropy, "big"))


def parse_ulid(text: str) -> Ulid:
    """Read a 26-character ULID in either case.

    Raises:
        UlidError: the text has another length or alphabet, or exceeds 128 bits.
    """
    number = 0
    for letter in text.upper() if len(text) == _LENGTH else "":
        value = _VALUES.get(letter)
        if value is None:
            break
        number = number << 5 | value
    else:
        if len(text) == _LENGTH and number >> _ENTROPY_BITS <= _MAX_MILLIS:
            entropy = number & _ENTROPY_MASK
            return Ulid(
                millis=number >> _ENTROPY_BITS, entropy=entropy.to_bytes(_ENTROPY_BYTES, "big")
            )
    raise UlidError(f"{text!r} is not a ULID; expected 26 characters of Crockford base32")


def ulid_floor(millis: int) -> str:
    """Return the smallest ULID of a unix millisecond."""
    return _encode(millis, 0)


class UlidFactory:
    """Makes strictly increasing ULIDs, also within one millisecond and when the clock steps back.

    Safe to call from several threads.
    """

    def __init__(self, *, now_ms: Callable[[], int], random_bytes: Callable[[int], bytes]) -> None:
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._last = -1
        # All but the last six letters, which ids of one millisecond share but for a carry.
        self._head = -1
        self._head_text = ""

    def __call__(self) -> str:
        with self._lock:
            millis = self._now_ms()
            if millis > self._last >> _ENTROPY_BITS:
                fresh = int.from_bytes(self._random_bytes(_ENTROPY_BYTES), "big")
                self._last = millis << _ENTROPY_BITS | fresh
            else:
                # An increment that overflows the entropy carries into the next millisecond.
                self._last += 1
            head, tail = self._last >> _TAIL_BITS, self._last & _TAIL_MASK
            if head != self._head:
                self._head = head
                text = _encode(self._last >> _ENTROPY_BITS, self._last & _ENTROPY_MASK)
                self._head_text = text[:-_TAIL_LENGTH]
            return (
                f"{self._head_text}{_PAIRS[tail >> 20]}{_PAIRS[tail >> 10 & 1023]}"
                f"{_PAIRS[tail & 1023]}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeed:
    """What a sender fixes so that sending the same events again yields the same ids.

    Inngest event API, header ``x-inngest-event-id-seed``.
    """

    millis: int
    entropy: bytes

    @classmethod
    def parse(cls, header: str) -> Self:
        """Read ``<unix ms>,<base64 of ten bytes>``.

        Raises:
            UlidError: the header has another form.
        """
        millis, _, encoded = header.partition(",")
        try:
            entropy = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            entropy = b""
        well_formed = _MILLIS.fullmatch(millis) is not None and len(entropy) == _ENTROPY_BYTES
        if not well_formed or int(millis) > _MAX_MILLIS:
            raise UlidError(
                f"{header!r} is not an event id seed; expected <unix ms>,<base64 of ten bytes>"
            )
        return cls(millis=int(millis), entropy=entropy)

    def event_id(self, position: int) -> str:
        """The id of the event at `position`, counted from 1 within the request."""
        counter = (int.from_bytes(self.entropy[6:], "big") + position) & _SEED_COUNTER_MASK
        return str(Ulid(millis=self.millis, entropy=self.entropy[:6] + counter.to_bytes(4, "big")))


#: Two letters for ten bits: half the look-ups, and a run has several ids.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def _encode(millis: int, entropy: int) -> str:
    number = millis << _ENTROPY_BITS | entropy
    pairs = _PAIRS
    high, low = number >> 60, number & (1 << 60) - 1
    return (
        f"{pairs[high >> 60 & 1023]}{pairs[high >> 50 & 1023]}{pairs[high >> 40 & 1023]}"
        f"{pairs[high >> 30 & 1023]}{pairs[high >> 20 & 1023]}{pairs[high >> 10 & 1023]}"
        f"{pairs[high & 1023]}"
        f"{pairs[low >> 50]}{pairs[low >> 40 & 1023]}{pairs[low >> 30 & 1023]}"
        f"{pairs[low >> 20 & 1023]}{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )
