"""What apps register (Inngest wire, registration)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from rawr.durable.domain.cron import parse_jitter
from rawr.durable.domain.durations import DurationError, parse_duration
from rawr.durable.domain.errors import RegistrationRejected
from rawr.durable.domain.event import Json
from rawr.durable.domain.function import (
    App,
    Batch,
    CancelOn,
    Concurrency,
    CronTrigger,
    Debounce,
    EventTrigger,
    FunctionConfig,
    RateLimit,
    Singleton,
    Throttle,
    Timeouts,
    Trigger,
)
from rawr.durable.domain.limits import (
    DEFAULT_RETRIES,
    MAX_CANCEL_ENTRIES,
    MAX_CONCURRENCY_ENTRIES,
    MAX_RETRIES,
    MAX_TRIGGER_NAME,
    MAX_TRIGGERS,
)

_DEFAULT_BATCH_SIZE: Final = 100
_DEFAULT_BATCH_TIMEOUT_MS: Final = 60_000
_TYPESCRIPT: Final = re.compile(r"(?:inngest-)?js:v(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")
_FIRST_DENIED: Final = (3, 22, 0)
_LAST_DENIED: Final = (3, 53, 1)
_SCHEMES: Final = frozenset({"http", "https", "inprocess"})


class _Retries(msgspec.Struct):
    attempts: int | None = None


class _Runtime(msgspec.Struct):
    url: str
    type: str = "http"


class _Step(msgspec.Struct):
    runtime: _Runtime
    retries: _Retries | None = None


class _Trigger(msgspec.Struct):
    event: str | None = None
    expression: str | None = None
    cron: str | None = None
    jitter: str | None = None


class _Concurrency(msgspec.Struct):
    limit: int
    key: str | None = None
    scope: Literal["fn", "env", "account"] | None = None


class _ConcurrencyForms(msgspec.Struct):
    step: list[_Concurrency] = []
    fn: list[_Concurrency] = []


class _RateLimit(msgspec.Struct):
    limit: int
    period: str
    key: str | None = None


class _Throttle(msgspec.Struct):
    limit: int
    period: str
    burst: int | None = None
    key: str | None = None


class _Debounce(msgspec.Struct):
    period: str
    key: str | None = None
    timeout: str | None = None


class _Batch(msgspec.Struct):
    max_size: int | None = msgspec.field(default=None, name="maxSize")
    timeout: str | None = None
    key: str | None = None
    condition: str | None = msgspec.field(default=None, name="if")


class _Singleton(msgspec.Struct):
    mode: Literal["skip", "cancel"] = "skip"
    key: str | None = None


class _Cancel(msgspec.Struct):
    event: str
    condition: str | None = msgspec.field(default=None, name="if")
    timeout: str | None = None


class _Timeouts(msgspec.Struct):
    start: str | None = None
    finish: str | None = None


class _Priority(msgspec.Struct):
    run: str | None = None


class _Function(msgspec.Struct, rename="camel"):
    id: str
    steps: dict[str, _Step]
    name: str | None = None
    triggers: list[_Trigger] | None = None
    concurrency: Json = None
    rate_limit: _RateLimit | None = None
    throttle: _Throttle | None = None
    debounce: _Debounce | None = None
    batch_events: _Batch | None = None
    singleton: _Singleton | None = None
    cancel: list[_Cancel] | None = None
    timeouts: _Timeouts | None = None
    idempotency: str | None = None
    priority: _Priority | None = None


class _Registration(msgspec.Struct):
    appname: str
    url: str
    functions: list[_Function]
    sdk: str = ""
    framework: str | None = None


def parse_registration(body: bytes) -> App:
    """Read the body of a registration.

    Raises:
        RegistrationRejected: it is not valid; the message names the function and the field.
    """
    try:
        shape = msgspec.json.decode(body)
        if not isinstance(shape, dict):
            raise RegistrationRejected("The registration must be a JSON object")
        # SDKs disagree on the case of the outer keys, so the case does not count.
        shape = {str(key).lower(): value for key, value in shape.items()}
        wire = msgspec.convert(shape, _Registration)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RegistrationRejected(f"The registration cannot be read: {error}") from error
    if not wire.appname:
        raise RegistrationRejected("The registration names no app")
    _check_sdk(wire.sdk)
    functions = tuple(_function(function, app_id=wire.appname) for function in wire.functions)
    ids = [function.id for function in functions]
    for duplicate in {one for one in ids if ids.count(one) > 1}:
        raise RegistrationRejected(f"The registration has two functions with the id {duplicate!r}")
    return App(
        id=wire.appname,
        url=wire.url,
        sdk=wire.sdk,
        framework=wire.framework,
        functions=functions,
    )


def _check_sdk(sdk: str) -> None:
    version = _TYPESCRIPT.fullmatch(sdk)
    if version is None:
        return
    release = tuple(int(part) for part in version.groups())
    if _FIRST_DENIED <= release <= _LAST_DENIED:
        raise RegistrationRejected(
            f"sdk_version_denied: inngest {'.'.join(version.groups())} has a known vulnerability; "
            "update the npm package to 3.54.0 or later"
        )


def _function(wire: _Function, *, app_id: str) -> FunctionConfig:
    try:
        return _convert(wire, app_id=app_id)
    except (DurationError, ValueError) as error:
        raise RegistrationRejected(f"Function {wire.id!r}: {error}") from error


def _convert(wire: _Function, *, app_id: str) -> FunctionConfig:
    if not wire.id:
        raise ValueError("id is empty")
    step = next(iter(wire.steps.values()), None)
    if step is None:
        raise ValueError("steps names no runtime")
    if urlsplit(step.runtime.url).scheme not in _SCHEMES:
        raise ValueError(f"runtime url {step.runtime.url!r} is not http or https")
    timeouts = wire.timeouts or _Timeouts()
    steps, runs = _concurrency(wire.concurrency)
    config = FunctionConfig(
        id=wire.id,
        name=wire.name or wire.id,
        app_id=app_id,
        url=step.runtime.url,
        triggers=_triggers(wire.triggers or []),
        retries=_retries(step.retries),
        concurrency=steps,
        run_concurrency=runs,
        rate_limit=_rate_limit(wire.rate_limit),
        throttle=_throttle(wire.throttle),
        debounce=_debounce(wire.debounce),
        batch=_batch(wire.batch_events),
        singleton=_singleton(wire.singleton),
        cancel_on=_cancel_on(wire.cancel or []),
        timeouts=Timeouts(start_ms=_ms(timeouts.start), finish_ms=_ms(timeouts.finish)),
        idempotency=wire.idempotency or None,
        priority=(wire.priority.run or None) if wire.priority is not None else None,
    )
    _check_combinations(config)
    return config


def _retries(wire: _Retries | None) -> int:
    attempts = wire.attempts if wire is not None else None
    if attempts is None:
        return DEFAULT_RETRIES
    if not 0 <= attempts <= MAX_RETRIES:
        raise ValueError(f"retries must be between 0 and {MAX_RETRIES}, not {attempts}")
    return attempts


def _triggers(wire: list[_Trigger]) -> tuple[Trigger, ...]:
    triggers = tuple(_trigger(trigger) for trigger in wire)
    if len(triggers) > MAX_TRIGGERS:
        raise ValueError(f"{len(triggers)} triggers; the limit is {MAX_TRIGGERS}")
    if len(set(triggers)) < len(triggers):
        raise ValueError("two triggers are the same")
    return triggers


def _trigger(wire: _Trigger) -> Trigger:
    name = wire.cron or wire.event
    if not name or (wire.cron and wire.event):
        raise ValueError("a trigger needs either an event or a cron")
    if len(name) > MAX_TRIGGER_NAME:
        raise ValueError(f"a trigger is longer than {MAX_TRIGGER_NAME} characters")
    if wire.cron:
        jitter = parse_jitter(wire.jitter) if wire.jitter else timedelta()
        return CronTrigger(cron=wire.cron, jitter_ms=jitter // timedelta(milliseconds=1))
    return EventTrigger(event=name, expression=wire.expression or None)


def _concurrency(wire: Json) -> tuple[tuple[Concurrency, ...], Concurrency | None]:
    try:
        steps, runs = _concurrency_forms(wire)
    except msgspec.ValidationError as error:
        raise ValueError(f"concurrency: {error}") from error
    # To SDKs a limit of 0 is the same as none.
    steps, runs = [[one for one in entries if one.limit] for entries in (steps, runs)]
    if len(steps) > MAX_CONCURRENCY_ENTRIES or len(runs) > 1:
        raise ValueError(
            f"concurrency: at most {MAX_CONCURRENCY_ENTRIES} limits on steps and 1 on runs"
        )
    limits = tuple(_limit(entry) for entry in steps)
    return limits, (_limit(runs[0]) if runs else None)


def _concurrency_forms(wire: Json) -> tuple[list[_Concurrency], list[_Concurrency]]:
    if not wire:
        return [], []
    if isinstance(wire, int):
        return [_Concurrency(limit=wire)], []
    if isinstance(wire, Mapping) and ("step" in wire or "fn" in wire):
        forms = msgspec.convert(wire, _ConcurrencyForms)
        return forms.step, forms.fn
    if isinstance(wire, Mapping):
        return [msgspec.convert(wire, _Concurrency)], []
    return msgspec.convert(wire, list[_Concurrency]), []


def _limit(wire: _Concurrency) -> Concurrency:
    scope = wire.scope or "fn"
    if wire.limit < 1:
        raise ValueError(f"concurrency: limit must be at least 1, not {wire.limit}")
    if scope != "fn" and not wire.key:
        raise ValueError(f"concurrency: scope {scope!r} needs a key")
    return Concurrency(limit=wire.limit, key=wire.key or None, scope=scope)


def _rate_limit(wire: _RateLimit | None) -> RateLimit | None:
    if wire is None:
        return None
    period_ms = _period("rateLimit", wire.period, longest_ms=24 * 60 * 60 * 1000)
    _at_least_one("rateLimit", wire.limit)
    return RateLimit(limit=wire.limit, period_ms=period_ms, key=wire.key or None)


def _throttle(wire: _Throttle | None) -> Throttle | None:
    if wire is None:
        return None
    _at_least_one("throttle", wire.limit)
    return Throttle(
        limit=wire.limit,
        period_ms=_period("throttle", wire.period),
        burst=max(wire.burst or 0, 0),
        key=wire.key or None,
    )


def _debounce(wire: _Debounce | None) -> Debounce | None:
    if wire is None:
        return None
    period_ms = _period("debounce", wire.period, longest_ms=7 * 24 * 60 * 60 * 1000)
    return Debounce(period_ms=period_ms, key=wire.key or None, timeout_ms=_ms(wire.timeout))


def _batch(wire: _Batch | None) -> Batch | None:
    if wire is None:
        return None
    size = wire.max_size if wire.max_size is not None else _DEFAULT_BATCH_SIZE
    if size < 1:
        raise ValueError("batchEvents: maxSize must be at least 1")
    timeout_ms = _period("batchEvents", wire.timeout) if wire.timeout else None
    return Batch(
        max_size=size,
        timeout_ms=timeout_ms if timeout_ms is not None else _DEFAULT_BATCH_TIMEOUT_MS,
        key=wire.key or None,
        condition=wire.condition or None,
    )


def _singleton(wire: _Singleton | None) -> Singleton | None:
    return None if wire is None else Singleton(mode=wire.mode, key=wire.key or None)


def _cancel_on(wire: list[_Cancel]) -> tuple[CancelOn, ...]:
    if len(wire) > MAX_CANCEL_ENTRIES:
        raise ValueError(f"cancel: {len(wire)} entries; the limit is {MAX_CANCEL_ENTRIES}")
    return tuple(
        CancelOn(
            event=entry.event,
            expression=entry.condition or None,
            timeout_ms=_ms(entry.timeout),
        )
        for entry in wire
    )


def _check_combinations(config: FunctionConfig) -> None:
    if config.batch is None:
        return
    for name, value in (
        ("cancel", config.cancel_on),
        ("debounce", config.debounce),
        ("singleton", config.singleton),
    ):
        if value:
            raise ValueError(f"combo_unsupported: batchEvents cannot be used with {name}")


def _ms(text: str | None) -> int | None:
    if not text:
        return None
    return int(parse_duration(text).total_seconds() * 1000)


def _period(field: str, text: str, *, longest_ms: int | None = None) -> int:
    period_ms = _ms(text)
    if period_ms is None or period_ms < 1:
        raise ValueError(f"{field}: the period {text!r} must be longer than nothing")
    if longest_ms is not None and period_ms > longest_ms:
        raise ValueError(f"{field}: the period {text!r} is too long")
    return period_ms


def _at_least_one(field: str, limit: int) -> None:
    if limit < 1:
        raise ValueError(f"{field}: limit must be at least 1, not {limit}")
