"""Python forms of JavaScript values that no Python type can hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self, TypeVar

from rawr.schema import File, OpaqueEnumType

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class InvalidDate(Enum, metaclass=OpaqueEnumType):
    """JavaScript's `Invalid Date`: a date that is no point in time."""

    INVALID_DATE = "Invalid Date"

    def __repr__(self) -> str:
        return "INVALID_DATE"


INVALID_DATE: Final = InvalidDate.INVALID_DATE


class MapEntries(list[tuple[K, V]]):
    """The entries of a `Map` with keys that a Python dict cannot tell apart or hash."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"MapEntries({super().__repr__()})"


class SetMembers(list[T]):
    """The members of a `Set` that a Python set cannot tell apart or hash."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"SetMembers({super().__repr__()})"


@dataclass(frozen=True, slots=True)
class FormData:
    """The fields of a multipart form, in order; names may repeat."""

    entries: tuple[tuple[str, str | File], ...] = ()

    @classmethod
    def of(cls, entries: Iterable[tuple[str, str | File]]) -> Self:
        """A form with these fields."""
        return cls(tuple(entries))

    def get(self, name: str) -> str | File | None:
        """The first field of that name."""
        return next((value for key, value in self.entries if key == name), None)


@dataclass(frozen=True, slots=True)
class URLSearchParams:
    """The pairs of a query string or urlencoded form, in order; names may repeat."""

    entries: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, entries: Iterable[tuple[str, str]]) -> Self:
        """Parameters with these pairs."""
        return cls(tuple(entries))

    def last(self, name: str) -> str | None:
        """The last value of that name: the one that counts in the RPC protocol."""
        return next((value for key, value in reversed(self.entries) if key == name), None)


def collides(hashes: Iterable[int]) -> bool:
    """Whether so many members share a hash that a Python set of them would be quadratic.

    Only whole numbers past the hash modulus can be chosen to collide; all other members
    that may come over the wire hash with a secret seed.
    """
    counts: dict[int, int] = {}
    for value in hashes:
        counts[value] = count = counts.get(value, 0) + 1
        if count > _MAX_EQUAL_HASHES:
            return True
    return False


_MAX_EQUAL_HASHES = 64
_HASH_MODULUS = 2**61 - 1


def has_crafted_hashes(members: Iterable[Any]) -> bool:
    """Whether the whole numbers among the members were chosen to collide in a hash table."""
    large = [m for m in members if type(m) is int and not -_HASH_MODULUS < m < _HASH_MODULUS]
    return len(large) > _MAX_EQUAL_HASHES and collides(map(hash, large))
