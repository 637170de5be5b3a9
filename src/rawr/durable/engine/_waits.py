"""Expressions of waits: how they are found by one equality, and decided."""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from rawr.durable.domain.draft import WaitIndex
from rawr.durable.domain.event import Json
from rawr.durable.domain.expr import compile_expression, path_token

_LONGEST_TOKEN: Final = 256
#: Tokens that many events share; an equality with any other is the better index.
_COMMON: Final = frozenset({"null", "true", "false"})

_PATH: Final = msgspec.json.Decoder(tuple[str, ...])


def index_wait(text: str, event: Mapping[str, Json]) -> WaitIndex:
    """Return the equality an arriving event must satisfy, given the waiting run's event.

    Raises:
        ExpressionError: the expression is not valid.
    """
    keys = compile_expression(text).index_keys(event)
    best = next((key for key in keys if key[1] not in _COMMON), keys[0] if keys else None)
    if best is None:
        return WaitIndex()
    path, token = best
    return WaitIndex(path=msgspec.json.encode(path).decode(), value=_bounded(token))


def match_value(event: Mapping[str, Json], path: str) -> str | None:
    """Return what an arriving event has at an index's path; `None` when nothing can equal it."""
    token = path_token(_PATH.decode(path), {"async": event})
    return None if token is None else _bounded(token)


def wait_matches(text: str, event: Mapping[str, Json], arriving: Mapping[str, Json]) -> bool:
    """Say whether an arriving event ends a wait.

    Raises:
        ExpressionError: the expression has no boolean value for these events.
    """
    return compile_expression(text).matches({"event": event, "async": arriving})


def _bounded(token: str) -> str:
    if len(token) <= _LONGEST_TOKEN:
        return token
    return f"h:{hashlib.sha256(token.encode(errors='surrogatepass')).hexdigest()}"
