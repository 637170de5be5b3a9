"""The public face of the expression language."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from rawr.durable.domain.expr import _analysis as analysis, _ast as ast
from rawr.durable.domain.expr._compile import compile_node
from rawr.durable.domain.expr._errors import ExpressionLimitError, ExpressionTypeError
from rawr.durable.domain.expr._parser import MAX_LENGTH, parse
from rawr.durable.domain.expr._runtime import Scope, Step
from rawr.durable.domain.expr._values import MISSING, MapValue, UInt, describe


class Policy(Enum):
    """Which part of the language an expression may use."""

    STANDARD = "standard"
    RESTRICTIVE = "restrictive"
    """Cancellation expressions: comparisons, logic, indexing and number conversions only."""


def _system_now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled expression; immutable and safe to share between threads.

    The environment maps ``event`` and ``async`` to events as decoded JSON.
    """

    text: str
    paths: frozenset[analysis.Path]
    """The longest constant paths it reads, such as ``("event", "data", "id")``."""

    equalities: tuple[analysis.Equality, ...]
    """Equalities that must hold for it to be true; what an index of waits can use."""

    _root: ast.Node
    _step: Step
    _now_ms: Callable[[], int]

    def evaluate(self, env: Mapping[str, object]) -> object:
        """The value in `env`; a path that leads nowhere is None, JSON numbers are floats.

        Others are bool, int, str, bytes, list, dict, datetime and timedelta.

        Raises:
            ExpressionTypeError: an operation is not defined for the values it meets.
            ExpressionLimitError: the evaluation costs too much.
        """
        try:
            return _plain(self._step(Scope(env, self._now_ms)))
        except RecursionError as error:
            raise ExpressionLimitError("the event nests too deep for the expression") from error

    def matches(self, env: Mapping[str, object]) -> bool:
        """The value in `env`, which must be a bool.

        Raises:
            ExpressionTypeError: it is something else, or as for `evaluate`.
            ExpressionLimitError: the evaluation costs too much.
        """
        value = self.evaluate(env)
        if not isinstance(value, bool):
            raise ExpressionTypeError(
                f"the expression must be true or false, but is of type {describe(value)}"
            )
        return value

    def interpolate(self, event: Mapping[str, object]) -> str:
        """The text with the scalar values it reads from `event` written in as literals.

        Lists, maps, missing fields and very long strings stay as they are, so evaluate the
        result with `event` in the environment too.
        """
        text = analysis.interpolate(self.text, self._root, event)
        return text if len(text) <= MAX_LENGTH else self.text

    def index_keys(self, event: Mapping[str, object]) -> tuple[tuple[analysis.Path, str], ...]:
        """What a later event must hold, as paths under ``async`` and tokens of their values.

        An event whose token (see `path_token`) differs at any of the paths cannot match.
        """
        keys: list[tuple[analysis.Path, str]] = []
        for equality in self.equalities:
            other = equality.other
            value = (
                other.value
                if isinstance(other, analysis.Constant)
                else analysis.resolve(other, {"event": event})
            )
            token = analysis.index_token(value)
            if token is not None and equality.path[0] == "async":
                keys.append((equality.path, token))
        return tuple(keys)


def path_token(path: analysis.Path, env: Mapping[str, object]) -> str | None:
    """The token of the value `path` leads to in `env`, to compare with `Expression.index_keys`."""
    return analysis.index_token(analysis.resolve(path, env))


@lru_cache(maxsize=2_048)
def compile_expression(
    text: str, *, policy: Policy = Policy.STANDARD, now_ms: Callable[[], int] = _system_now_ms
) -> Expression:
    """Compile an expression; the same text compiles once.

    `now_ms` is the clock behind ``now()``, in unix milliseconds.

    Raises:
        ExpressionSyntaxError: the text is not CEL, names something unknown, or uses what the
            policy forbids.
        ExpressionLimitError: it is too long or nests too deep.
    """
    root = parse(text)
    if policy is Policy.RESTRICTIVE:
        analysis.require_restrictive(root)
    return Expression(
        text=text,
        paths=analysis.referenced_paths(root),
        equalities=analysis.equalities(root),
        _root=root,
        _step=compile_node(root),
        _now_ms=now_ms,
    )


def _plain(value: object) -> object:
    if value is MISSING:
        return None
    if isinstance(value, UInt):
        return int(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, MapValue):
        return {key: _plain(found) for key, found in value.items()}
    return value
