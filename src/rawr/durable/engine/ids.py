"""Where ids and chance come from: a port, and the system's own behind it."""

import random
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from rawr.durable.domain.ulid import UlidFactory

_FETCHED: Final = 4096


class Ids(Protocol):
    """Makes ids and random numbers; tests give one that repeats."""

    def ulid(self) -> str:
        """Return a new ULID, greater than every earlier one."""
        ...

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        ...


class _Entropy:
    """Random bytes of the system, fetched for some hundred ids at once.

    Each fetch lets go of the interpreter, and another thread's turn may come in between.
    """

    def __init__(self) -> None:
        self._bytes = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._bytes):
            self._bytes, self._at, end = secrets.token_bytes(max(_FETCHED, count)), 0, count
        taken, self._at = self._bytes[self._at : end], end
        return taken


class SystemIds:
    """Ids from the system's random source."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._ulids = UlidFactory(now_ms=now_ms, random_bytes=_Entropy().take)

    def ulid(self) -> str:
        """Return a new ULID, greater than every earlier one."""
        return self._ulids()

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return random.random()  # noqa: S311 - spreads retries, protects nothing
