"""The relay: sends what dispatch committed, as often as it takes.

Rows that never failed go out together, in commit order. When such a batch fails it is halved and
halved again, which finds an event the engine cannot digest within a few sends; only that row is
blamed, and from then on it is tried alone, with growing pauses, so it blocks nobody. When the
sender says that the engine is unavailable, or nothing gets through at all, the relay takes it for
an outage and pauses as a whole, blaming no row.
A crash between a send and its note makes the row go out again under the same event id, which the
engine admits only once.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

import anyio

from rawr.coordination._errors import EngineUnavailable, SenderMisbehaved
from rawr.coordination._ports import EventSender, Outbox, OutboxRow, Postponed, Sent
from rawr.coordination._signals import RunSignals
from rawr.coordination._values import from_ms, to_ms
from rawr.durable.domain.clock import Clock
from rawr.sqlite import StorageError

logger = logging.getLogger("rawr.coordination")

_MILLISECOND: Final = timedelta(milliseconds=1)
_ALONE_PER_PASS: Final = 4  # rows that failed before; more would keep new ones waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPolicy:
    """How patiently the relay sends."""

    #: Events sent in one request.
    batch_limit: int = 100
    send_timeout: timedelta = timedelta(seconds=30)
    #: The pause after a first failure; it doubles with every further one.
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(minutes=5)
    #: The longest pause in an outage: work waits for its end.
    longest_outage_pause: timedelta = timedelta(seconds=5)
    #: How often to look for rows that another process committed.
    poll_interval: timedelta = timedelta(seconds=1)

    def pause(self, failures: int) -> timedelta:
        """The pause after the n-th failure in a row, n counted from 1."""
        factor: int = 1 << min(failures - 1, 32)
        return min(self.first_pause * factor, self.longest_pause)

    def outage_pause(self, failures: int) -> timedelta:
        """The pause after the n-th pass in a row that got nothing through, n counted from 1."""
        return min(self.pause(failures), self.longest_outage_pause)

    @property
    def outage_after(self) -> int:
        """Failed sends in a row that one bad event cannot explain: it takes fewer to isolate."""
        return self.batch_limit.bit_length() + 2


class _Pass(Enum):
    IDLE = "idle"
    PROGRESS = "progress"
    OUTAGE = "outage"


class Relay:
    """Moves events from the outbox to the engine. Run one per process that dispatches."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        sender: EventSender,
        signals: RunSignals,
        clock: Clock,
        policy: RelayPolicy | None = None,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._signals = signals
        self._clock = clock
        self._policy = policy or RelayPolicy()
        self._failed_passes = 0
        self._turn = anyio.Lock()  # run() and drain() never send the same row at the same time

    @property
    def failed_passes(self) -> int:
        """How often in a row nothing got through to the engine."""
        return self._failed_passes

    async def run(self) -> None:
        """Send until cancelled. Failures are logged and retried, never raised."""
        while True:
            wake = self._signals.outbox.arm()
            try:
                result = await self._send_due()
                until_ms = await self._idle_until_ms() if result is _Pass.IDLE else None
            except StorageError:
                logger.exception("The outbox failed", extra={"action": "outbox_failed"})
                result, until_ms = _Pass.OUTAGE, None
            if result is _Pass.OUTAGE:
                self._failed_passes += 1
                pause = self._policy.outage_pause(self._failed_passes) // _MILLISECOND
                # Not woken by new rows: they would meet the same outage.
                await self._clock.wait(anyio.Event(), self._clock.now_ms() + pause)
                continue
            self._failed_passes = 0
            if until_ms is not None:
                await self._clock.wait(wake, until_ms)

    async def drain(self) -> int:
        """Send what is due and return how many events remain unsent; for an orderly shutdown.

        The rest is sent after the next start.
        """
        while await self._send_due() is _Pass.PROGRESS:
            pass
        return await self._outbox.unsent()

    async def _idle_until_ms(self) -> int:
        poll = self._clock.now_ms() + self._policy.poll_interval // _MILLISECOND
        next_attempt = await self._outbox.next_attempt_at()
        return poll if next_attempt is None else min(poll, to_ms(next_attempt))

    async def _send_due(self) -> _Pass:
        async with self._turn:
            now = from_ms(self._clock.now_ms())
            rows = await self._outbox.due(now, limit=self._policy.batch_limit)
            together = [row for row in rows if row.attempts == 0]
            alone = [row for row in rows if row.attempts > 0][:_ALONE_PER_PASS]
            if together and (outage := await self._send_together(together)) is not None:
                return self._outage(outage)
            for row in alone:
                error = await self._attempt([row])
                if isinstance(error, EngineUnavailable):
                    return self._outage(error)
                if error is not None:
                    await self._settle([self._blame(row, error)])
            return _Pass.PROGRESS if rows else _Pass.IDLE

    async def _send_together(self, rows: Sequence[OutboxRow]) -> Exception | None:
        """Send all rows but the ones to blame for a failure; why, if nothing gets through."""
        failures = 0
        waiting: list[Sequence[OutboxRow]] = [rows]
        while waiting:
            part = waiting.pop()
            error = await self._attempt(part)
            if error is None:
                failures = 0
                continue
            failures += 1
            if isinstance(error, EngineUnavailable) or failures >= self._policy.outage_after:
                return error
            if len(part) == 1:
                await self._settle([self._blame(part[0], error)])
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]  # the older half is popped first
        return None

    async def _attempt(self, rows: Sequence[OutboxRow]) -> Exception | None:
        try:
            ids = await self._send(rows)
        except Exception as error:  # noqa: BLE001 - whatever an engine's client raises, the rows stay
            return error
        await self._settle(
            [Sent(row=row, admission_id=one) for row, one in zip(rows, ids, strict=True)]
        )
        return None

    async def _send(self, rows: Sequence[OutboxRow]) -> list[str]:
        with anyio.fail_after(self._policy.send_timeout.total_seconds()):
            ids = await self._sender.send([row.event for row in rows])
        if len(ids) != len(rows):
            raise SenderMisbehaved(
                f"the event sender returned {len(ids)} ids for {len(rows)} events; it must return "
                "one each, in order"
            )
        return ids

    def _outage(self, error: Exception) -> _Pass:
        """Note that nothing gets through; logged when it begins, not again while it lasts."""
        if self._failed_passes == 0:
            logger.error(
                "No event gets through to the engine; all are kept and sent later: %s",
                error,
                exc_info=None if isinstance(error, EngineUnavailable) else error,
                extra={"action": "outage"},
            )
        return _Pass.OUTAGE

    def _blame(self, row: OutboxRow, error: Exception) -> Postponed:
        pause = self._policy.pause(row.attempts + 1)
        logger.warning(
            "Event %s could not be sent (attempt %d), trying again in %s",
            row.event.id,
            row.attempts + 1,
            pause,
            exc_info=error,
            extra={"action": "event_postponed", "event_id": row.event.id, "run_id": row.run_id},
        )
        return Postponed(
            row=row,
            next_attempt_at=from_ms(self._clock.now_ms()) + pause,
            error=f"{type(error).__name__}: {error}",
        )

    async def _settle(self, outcomes: Sequence[Sent | Postponed]) -> None:
        await self._outbox.settle(outcomes, now=from_ms(self._clock.now_ms()))
        self._signals.notify(
            outcome.row.run_id for outcome in outcomes if outcome.row.run_id is not None
        )
