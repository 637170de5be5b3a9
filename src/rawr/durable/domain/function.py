"""What an app registers: functions, their triggers and their flow control."""

from dataclasses import dataclass, field
from typing import Literal

from rawr.durable.domain.limits import DEFAULT_RETRIES

ConcurrencyScope = Literal["fn", "env", "account"]
SingletonMode = Literal["skip", "cancel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """Starts a run for each event of this name for which the expression is true."""

    event: str
    expression: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CronTrigger:
    """Starts a run on a schedule of five fields, with an optional `TZ=` prefix."""

    cron: str
    jitter_ms: int = 0


Trigger = EventTrigger | CronTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """How many calls may execute at once, for the function or for each value of `key`."""

    limit: int
    key: str | None = None
    scope: ConcurrencyScope = "fn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many runs may start in a period; the events above it start no run."""

    limit: int
    period_ms: int
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How many runs may start in a period; the runs above it start later."""

    limit: int
    period_ms: int
    burst: int = 0
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """Start one run, for the newest event, once no newer one came for a period."""

    period_ms: int
    key: str | None = None
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Start one run for many events, when there are enough of them or after a time."""

    max_size: int
    timeout_ms: int
    key: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Singleton:
    """Keep one run of the function, or of each value of `key`, alive at a time."""

    mode: SingletonMode
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOn:
    """Cancel the run when an event of this name arrives for which the expression is true."""

    event: str
    expression: str | None = None
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Cancel the run when it has not started, or not finished, in this time."""

    start_ms: int | None = None
    finish_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionConfig:
    """One registered function.

    Attributes:
        id: The composite id, `<app id>-<function id>`.
        url: Where the function is called; its scheme selects the transport.
        retries: Attempts after the first, for the function body and for each step.
        run_concurrency: The limit on live runs, as opposed to executing calls.
        idempotency: The expression whose value starts at most one run in 24 hours.
        priority: The expression whose value is the number of seconds a run moves forward.
    """

    id: str
    name: str
    app_id: str
    url: str
    triggers: tuple[Trigger, ...] = ()
    retries: int = DEFAULT_RETRIES
    concurrency: tuple[Concurrency, ...] = ()
    run_concurrency: Concurrency | None = None
    rate_limit: RateLimit | None = None
    throttle: Throttle | None = None
    debounce: Debounce | None = None
    batch: Batch | None = None
    singleton: Singleton | None = None
    cancel_on: tuple[CancelOn, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    idempotency: str | None = None
    priority: str | None = None

    @property
    def max_attempts(self) -> int:
        """How often the body, or one step, is tried in all."""
        return self.retries + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A set of functions registered together, replacing what the same id registered before."""

    id: str
    url: str
    sdk: str
    framework: str | None
    functions: tuple[FunctionConfig, ...]
