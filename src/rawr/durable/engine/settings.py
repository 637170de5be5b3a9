"""What an engine can be told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from rawr.durable.domain.limits import MIB, RunLimits
from rawr.durable.domain.retention import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Settings of one engine.

    Attributes:
        limits: What one run may grow to; an Inngest server has the default ones.
        signing_keys: The key calls are signed with, then the fallback; empty: calls are unsigned.
        retry_interval: A fixed delay between attempts, in place of the protocol's table.
        max_calls: How many calls may execute at once.
        max_threads: How many of them may be plain (`def`) functions of this process.
        ready_limit: How many due items are held in memory; the others wait in the store.
        cached_bytes: How much memory idle runs may take, roughly.
        call_timeout: How long one call may take.
        drain_timeout: How long `drain` waits for calls in flight.
        wait_lookback: How long before a `wait_for_event` began an event may have come that ends it,
            if the run was there already. Zero, as on an Inngest server: only later events do.
        retention: How long history is kept.
        unbound_retry: How soon a call is tried again whose app is not served by this process yet.
    """

    signing_keys: Sequence[str] = ()
    retry_interval: timedelta | None = None
    limits: RunLimits = field(default_factory=RunLimits)
    max_calls: int = 100
    max_threads: int = 40
    ready_limit: int = 4096
    cached_bytes: int = 64 * MIB
    call_timeout: timedelta = timedelta(hours=2)
    drain_timeout: timedelta = timedelta(seconds=30)
    wait_lookback: timedelta = timedelta()
    retention: Retention = field(default_factory=Retention)
    unbound_retry: timedelta = timedelta(seconds=5)
