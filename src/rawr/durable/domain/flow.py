"""Flow control of run starts: what a function's settings mean for one event."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import msgspec

from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.event import Event, Json
from rawr.durable.domain.expr import compile_expression, to_text
from rawr.durable.domain.function import Concurrency, FunctionConfig, SingletonMode
from rawr.durable.domain.gcra import Quota
from rawr.durable.domain.limits import IDEMPOTENCY_MS
from rawr.durable.domain.queue import GATHERED

logger = logging.getLogger("rawr.durable")

_MAX_PRIORITY_S = 600


class QuotaGate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A quota that a run start counts against, in the quota's own unit of time."""

    key: str
    quota: Quota


class SingletonGate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """At most one live run has this key."""

    key: str
    mode: SingletonMode


class GatherKind(StrEnum):
    """How events of one key become one run."""

    DEBOUNCE = "debounce"
    BATCH = "batch"


class GatherGate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Events of this key join the run that is waiting to start, if there is one.

    Attributes:
        wait_ms: For a debounce, the quiet time after the newest event; for a batch, how long the
            first event waits.
        longest_ms: For a debounce, the longest total delay.
        size: For a batch, how many events start it at once.
    """

    kind: GatherKind
    key: str
    wait_ms: int
    longest_ms: int | None = None
    size: int | None = None


class Gates(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one run start must pass, in this order; nothing passes when the function is paused."""

    paused: bool = False
    gather: GatherGate | None = None
    rate: QuotaGate | None = None
    singleton: SingletonGate | None = None
    throttle: QuotaGate | None = None


#: The gates of a function without flow control.
NO_GATES = Gates()
#: The gate of a paused function.
PAUSED = Gates(paused=True)


def gates_of(function: FunctionConfig, event: Event, *, is_due: bool = True) -> Gates:
    """Return what a run of the function for this event must pass when the event arrives.

    A run that gathers events, or is not due yet, passes the rest when it is: see `gates_at_start`.
    """
    if not _is_controlled(function):
        return NO_GATES
    env = {"event": event.as_json()}
    gather = _gather(function, env)
    if gather is not None:
        return Gates(gather=gather)
    return Gates(
        rate=_rate(function, env),
        singleton=_singleton(function, env),
        throttle=_throttle(function, env) if is_due else None,
    )


def gates_at_start(function: FunctionConfig, event: Event, mark: bytes) -> Gates:
    """Return what a run must pass whose time has come; `mark` says why it was kept waiting."""
    env = {"event": event.as_json()}
    if mark != GATHERED:
        return Gates(throttle=_throttle(function, env))
    return Gates(
        rate=None if function.batch is not None else _rate(function, env),
        singleton=_singleton(function, env),
        throttle=_throttle(function, env),
    )


def priority_ms(function: FunctionConfig, event: Event) -> int:
    """Return how many milliseconds earlier a run is due; at most 600 s either way."""
    if function.priority is None or function.batch is not None:
        return 0
    value = _evaluate(function, function.priority, {"event": event.as_json()})
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        return 0
    return max(-_MAX_PRIORITY_S, min(_MAX_PRIORITY_S, int(value))) * 1000


def concurrency_slots(function: FunctionConfig, event: Event) -> tuple[tuple[str, int], ...]:
    """Return the limits a call of the function counts against, as keys and numbers."""
    env: Mapping[str, Json] | None = None
    slots = []
    for limit in function.concurrency:
        if limit.key is not None and env is None:
            env = {"event": event.as_json()}
        slots.append((_slot_key(function, limit, env or {}), limit.limit))
    return tuple(slots)


def unkeyed_slots(function: FunctionConfig) -> tuple[tuple[str, int], ...]:
    """Return the limits that every call of the function counts against, whatever its event."""
    return tuple(
        (_slot_key(function, limit, {}), limit.limit)
        for limit in function.concurrency
        if limit.key is None
    )


def run_slots(function: FunctionConfig, event: Event) -> tuple[tuple[str, int], ...]:
    """Return the limits a run of the function counts against from its first call to its end."""
    limit = function.run_concurrency
    if limit is None:
        return ()
    env = {"event": event.as_json()} if limit.key is not None else {}
    return ((f"run:{_slot_key(function, limit, env)}", limit.limit),)


def _slot_key(function: FunctionConfig, limit: Concurrency, env: Mapping[str, Json]) -> str:
    owner = function.id if limit.scope == "fn" else ""
    if limit.key is None:
        return f"{limit.scope}:{owner}"
    return f"{limit.scope}:{owner}:{limit.key}:{_key(function, limit.key, env)}"


def _is_controlled(function: FunctionConfig) -> bool:
    return not (
        function.rate_limit is None
        and function.idempotency is None
        and function.throttle is None
        and function.debounce is None
        and function.batch is None
        and function.singleton is None
    )


def _gather(function: FunctionConfig, env: Mapping[str, Json]) -> GatherGate | None:
    debounce, batch = function.debounce, function.batch
    if debounce is not None:
        return GatherGate(
            kind=GatherKind.DEBOUNCE,
            key=_scoped(function, "debounce", debounce.key, env),
            wait_ms=debounce.period_ms,
            longest_ms=debounce.timeout_ms,
        )
    if batch is None:
        return None
    if batch.condition is not None and _evaluate(function, batch.condition, env) is not True:
        return None
    return GatherGate(
        kind=GatherKind.BATCH,
        key=_scoped(function, "batch", batch.key, env),
        wait_ms=batch.timeout_ms,
        size=batch.max_size,
    )


def _rate(function: FunctionConfig, env: Mapping[str, Json]) -> QuotaGate | None:
    limit = function.rate_limit
    if function.idempotency is not None:
        period = timedelta(milliseconds=IDEMPOTENCY_MS)
        quota = Quota.rate_limit(limit=1, period=period)
        return _quota(function, "rate", function.idempotency, env, quota)
    if limit is None:
        return None
    period = timedelta(milliseconds=limit.period_ms)
    quota = Quota.rate_limit(limit=limit.limit, period=period)
    return _quota(function, "rate", limit.key, env, quota)


def _quota(
    function: FunctionConfig, kind: str, text: str | None, env: Mapping[str, Json], quota: Quota
) -> QuotaGate | None:
    if text is not None and _evaluate(function, text, env) is False:
        return None
    return QuotaGate(key=_scoped(function, kind, text, env), quota=quota)


def _throttle(function: FunctionConfig, env: Mapping[str, Json]) -> QuotaGate | None:
    throttle = function.throttle
    if throttle is None:
        return None
    quota = Quota.throttle(
        limit=throttle.limit,
        period=timedelta(milliseconds=throttle.period_ms),
        burst=throttle.burst,
    )
    return QuotaGate(key=_scoped(function, "throttle", throttle.key, env), quota=quota)


def _singleton(function: FunctionConfig, env: Mapping[str, Json]) -> SingletonGate | None:
    singleton = function.singleton
    if singleton is None:
        return None
    if singleton.key is not None and _evaluate(function, singleton.key, env) is False:
        return None
    key = _scoped(function, "singleton", singleton.key, env)
    return SingletonGate(key=key, mode=singleton.mode)


def _scoped(function: FunctionConfig, kind: str, text: str | None, env: Mapping[str, Json]) -> str:
    key = "" if text is None else _key(function, text, env)
    return f"{kind}:{function.id}:{key}"


def _key(function: FunctionConfig, text: str, env: Mapping[str, Json]) -> str:
    return to_text(_evaluate(function, text, env))


def _evaluate(function: FunctionConfig, text: str, env: Mapping[str, Json]) -> object:
    try:
        return compile_expression(text).evaluate(env)
    except EngineError as error:
        logger.warning(
            "The key %r of %s cannot be evaluated (%s); it counts as null",
            text,
            function.id,
            error,
            extra={"action": "key_undecidable", "function_id": function.id},
        )
        return None
