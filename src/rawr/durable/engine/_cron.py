"""Firing cron triggers: planned in memory at every start, fired once through the store."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from rawr.durable.domain.clock import Clock
from rawr.durable.domain.cron import jitter_ms, parse_cron
from rawr.durable.domain.event import SCHEDULED_TIMER, EventDraft
from rawr.durable.domain.function import CronTrigger, FunctionConfig
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.ulid import EventSeed

_MS: Final = timedelta(milliseconds=1)


class _Firing(msgspec.Struct, frozen=True):
    cron: str
    scheduled_at: int


_FIRING: Final = msgspec.json.Decoder(_Firing)


class Crons:
    """Knows when each cron trigger fires next.

    Nothing is stored: after a restart the next firing is planned from the clock, so that none is
    forgotten, and a firing's event has an id of its own, so that none happens twice. Firings that
    were missed while no engine ran are not made up for.
    """

    def __init__(self, clock: Clock, hold: Callable[[QueueItem], None]) -> None:
        self._clock = clock
        self._hold = hold
        self._planned: dict[tuple[str, str], int] = {}

    def plan(self, functions: Iterable[FunctionConfig]) -> None:
        """Plan triggers that are new, forget those that are gone."""
        wanted = {
            (function.id, trigger.cron): (function, trigger)
            for function in functions
            for trigger in function.triggers
            if isinstance(trigger, CronTrigger)
        }
        self._planned = {key: at for key, at in self._planned.items() if key in wanted}
        for key, (function, trigger) in wanted.items():
            if key not in self._planned:
                self._plan_next(function, trigger)

    def fire(self, item: QueueItem, function: FunctionConfig) -> tuple[EventDraft, str] | None:
        """Return the event of a firing and its internal id; `None` when it was replanned."""
        firing = _FIRING.decode(item.payload or b"")
        if self._planned.get((function.id, firing.cron)) != firing.scheduled_at:
            return None
        draft = EventDraft(
            name=SCHEDULED_TIMER,
            data={
                "cron": firing.cron,
                "fireAt": _rfc3339(item.due_at),
                "scheduledAt": _rfc3339(firing.scheduled_at),
            },
            id=_rfc3339(firing.scheduled_at),
            ts=item.due_at,
        )
        return draft, _event_id(function, firing)

    def fired(self, item: QueueItem, function: FunctionConfig) -> None:
        """Plan the firing that follows."""
        firing = _FIRING.decode(item.payload or b"")
        for trigger in function.triggers:
            if isinstance(trigger, CronTrigger) and trigger.cron == firing.cron:
                self._plan_next(function, trigger, after=firing.scheduled_at)

    def _plan_next(self, function: FunctionConfig, trigger: CronTrigger, *, after: int = 0) -> None:
        scheduled_at = parse_cron(trigger.cron).next_after(max(after, self._clock.now_ms()))
        delay = 0
        if trigger.jitter_ms:
            jitter = trigger.jitter_ms * _MS
            delay = jitter_ms(jitter, key=function.id, scheduled_ms=scheduled_at)
        self._planned[function.id, trigger.cron] = scheduled_at
        firing = _Firing(cron=trigger.cron, scheduled_at=scheduled_at)
        self._hold(
            QueueItem(
                id=0,
                run_id="",
                function_id=function.id,
                kind=ItemKind.CRON,
                due_at=scheduled_at + delay,
                max_attempts=1,
                payload=msgspec.json.encode(firing),
            )
        )


def _rfc3339(time_ms: int) -> str:
    instant = datetime.fromtimestamp(time_ms / 1000, UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _event_id(function: FunctionConfig, firing: _Firing) -> str:
    text = f"{function.id}\n{firing.cron}\n{firing.scheduled_at}"
    entropy = hashlib.sha256(text.encode()).digest()[:10]
    return EventSeed(millis=firing.scheduled_at, entropy=entropy).event_id(1)
