"""Waiting for the run that a request has started."""

import asyncio
from datetime import timedelta
from typing import Final

import msgspec

from rawr.durable.api._responses import BadRequest
from rawr.durable.api._runs import status_label
from rawr.durable.domain.durations import DurationError, parse_duration
from rawr.durable.domain.event import Json
from rawr.durable.domain.run import Run, RunStatus
from rawr.durable.domain.step import StepRecord

MAX_WAIT: Final = timedelta(minutes=5)


class Results:
    """Hears of the ends of runs, for those who wait for them."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[dict[str, Json]]] = {}

    def stepped(self, run: Run, step: StepRecord) -> None:
        """Nobody waits for a step."""

    def ended(self, run: Run, status: RunStatus, output: bytes | None) -> None:
        """Tell who waits for the run of an event."""
        waiting = self._waiting.pop(run.event.internal_id, None)
        if waiting is not None and not waiting.done():
            result = None if output is None else msgspec.Raw(output)
            shape = {"run_id": run.id, "status": status_label(status), "output": result}
            waiting.set_result(shape)

    async def of_event(self, event_id: str, *, wait: timedelta) -> dict[str, Json] | None:
        """Return how the run of an event has ended; `None` when it has not in time.

        To be asked for before the run can have ended: at once after its event was accepted.
        """
        waiting: asyncio.Future[dict[str, Json]] = asyncio.get_running_loop().create_future()
        self._waiting[event_id] = waiting
        try:
            async with asyncio.timeout(wait.total_seconds()):
                return await waiting
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(event_id, None)


def parse_wait(text: str) -> timedelta:
    """How long a request wants to wait.

    Raises:
        BadRequest: it is no duration, or one of more than five minutes.
    """
    try:
        wait = parse_duration(text)
    except DurationError as error:
        raise BadRequest(f"?wait: {error}") from error
    if not timedelta() <= wait <= MAX_WAIT:
        raise BadRequest("?wait: a request waits up to 5m; ask for the run by its event's id")
    return wait
