"""Where ids and chance come from: a port, and the system's own behind it."""

import random
import secrets
from collections.abc import Callable
from typing import Protocol

from rawr.durable.domain.ulid import UlidFactory


class Ids(Protocol):
    """Makes ids and random numbers; tests give one that repeats."""

    def ulid(self) -> str:
        """Return a new ULID, greater than every earlier one."""
        ...

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        ...


class SystemIds:
    """Ids from the system's random source."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._ulids = UlidFactory(now_ms=now_ms, random_bytes=secrets.token_bytes)

    def ulid(self) -> str:
        """Return a new ULID, greater than every earlier one."""
        return self._ulids()

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return random.random()  # noqa: S311 - spreads retries, protects nothing
