"""What one evaluation carries: the variables, the clock and what it may still cost."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from rawr.durable.domain.expr._errors import ExpressionLimitError

MAX_COST = 1_000_000
"""Upper bound of one evaluation: one per item visited, one per 64 characters touched."""

_CHARACTERS_PER_UNIT = 64


class Scope:
    """The mutable state of one evaluation."""

    __slots__ = ("_cost", "now_ms", "variables")

    def __init__(self, variables: Mapping[str, object], now_ms: Callable[[], int]) -> None:
        self.variables = variables
        self.now_ms = now_ms
        self._cost = 0

    def spend(self, cost: int) -> None:
        """Count work done.

        Raises:
            ExpressionLimitError: the evaluation has cost too much.
        """
        self._cost += cost
        if self._cost > MAX_COST:
            raise ExpressionLimitError("the expression costs too much for this event; simplify it")

    def touch(self, value: object) -> None:
        """Count a value that is read or built as a whole."""
        if isinstance(value, str | bytes):
            self.spend(1 + len(value) // _CHARACTERS_PER_UNIT)
        elif isinstance(value, list | tuple | dict):
            self.spend(1 + len(value))


Step: TypeAlias = Callable[[Scope], object]
"""A compiled expression: its value in a scope."""
