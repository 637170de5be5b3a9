"""What a difference between two schemas does to the values that are valid.

A caller sends what was valid before, so an input breaks where fewer values are. It reads what
is valid now, so an output breaks where more values are. One comparison serves both directions.
"""

from dataclasses import dataclass
from enum import Enum


class Effect(Enum):
    """How the set of valid values changes."""

    NARROWS = "narrows"
    WIDENS = "widens"
    REPLACES = "replaces"
    """Some values go and others come, or what a caller relies on is gone."""
    NEUTRAL = "neutral"
    """Callers need not notice, such as a new optional field."""


class Direction(Enum):
    """Who makes the value: callers make inputs, the HQ makes outputs."""

    INPUT = "input"
    OUTPUT = "output"

    def is_broken_by(self, effect: Effect) -> bool:
        """Whether a caller of the old document fails with the new one."""
        harmful = Effect.NARROWS if self is Direction.INPUT else Effect.WIDENS
        return effect in (harmful, Effect.REPLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between two schemas."""

    kind: str
    """A word for machines, such as `limit` or `field-removed`."""
    effect: Effect
    reason: str
    path: str = ""
    """Where inside the value, such as `lines[].amount`; empty is the value itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A difference of an operation, and whether it breaks callers."""

    kind: str
    where: str
    reason: str
    is_breaking: bool


def found(difference: Difference, where: str, direction: Direction) -> Finding:
    """A difference of a value as a finding of its operation."""
    return Finding(
        kind=difference.kind,
        where=f"{where} {difference.path}".rstrip(),
        reason=difference.reason,
        is_breaking=direction.is_broken_by(difference.effect),
    )
