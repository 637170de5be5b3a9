"""Reading runs: one, a page, a timeline, and a timeline as it grows."""

import base64
import binascii
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Final

from rawr.coordination._errors import InvalidCursor, UnknownRun
from rawr.coordination._lifecycle import Workflow
from rawr.coordination._ports import RunQuery, RunStore
from rawr.coordination._run import RunPage, RunRecord, Timeline, TimelineEvent
from rawr.coordination._values import to_ms
from rawr.durable.domain.clock import Clock

PAGE_LIMIT: Final = 200  # runs
TIMELINE_LIMIT: Final = 500  # events

# Creation time (milliseconds since the epoch) and id of the last run of a page.
_CURSOR = re.compile(r"([0-9]{1,15}):(.{1,128})", re.ASCII)

POLL_INTERVAL: Final = timedelta(seconds=1)


class RunReader:
    """Reads the runs of one workflow, or of all if `workflow` is None; always of one tenant."""

    def __init__(
        self,
        *,
        store: RunStore,
        clock: Clock,
        workflow: Workflow | None = None,
        poll_interval: timedelta = POLL_INTERVAL,
    ) -> None:
        self._store = store
        self._clock = clock
        self._workflow = workflow
        self._poll_ms = poll_interval // timedelta(milliseconds=1)

    async def get(self, run_id: str, *, tenant_id: str) -> RunRecord:
        """Return the run.

        Raises:
            UnknownRun: this tenant has no such run.
        """
        run = await self._store.get(run_id, tenant_id=tenant_id)
        if run is None or not self._covers(run):
            raise UnknownRun(run_id)
        return run

    async def list(
        self,
        *,
        tenant_id: str,
        status: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> RunPage:
        """Return up to `limit` runs (at most 200), newest first.

        `cursor` is the `next_cursor` of the page before.

        Raises:
            InvalidCursor: the cursor is not one of ours.
        """
        limit = max(1, min(limit, PAGE_LIMIT))
        query = RunQuery(
            tenant_id=tenant_id,
            limit=limit + 1,
            capability=self._workflow.capability if self._workflow else None,
            workflow=self._workflow.name if self._workflow else None,
            status=status,
            before=None if cursor is None else _decode(cursor),
        )
        found = await self._store.list(query)
        page = tuple(found[:limit])
        return RunPage(runs=page, next_cursor=_encode(page[-1]) if len(found) > limit else None)

    async def timeline(
        self, run_id: str, *, tenant_id: str, after: int = 0, limit: int = TIMELINE_LIMIT
    ) -> Timeline:
        """Return up to `limit` events (at most 500) with a sequence above `after`, and the run.

        Status and new events in one call: what a client polls that cannot hold a stream.

        Raises:
            UnknownRun: this tenant has no such run.
        """
        limit = max(1, min(limit, TIMELINE_LIMIT))
        timeline = await self._store.timeline(run_id, tenant_id=tenant_id, after=after, limit=limit)
        if timeline is None or not self._covers(timeline.run):
            raise UnknownRun(run_id)
        return timeline

    async def watch(
        self, run_id: str, *, tenant_id: str, after: int = 0
    ) -> AsyncGenerator[TimelineEvent, None]:
        """Yield events with a sequence above `after` as they come, until the terminal one.

        Resuming with the last sequence received neither loses nor repeats any. Changes of this
        process arrive at once, those of others within the poll interval.

        Raises:
            UnknownRun: this tenant has no such run.
        """
        with self._store.signals.subscribe(run_id) as subscription:
            while True:
                wake = subscription.arm()
                timeline = await self.timeline(run_id, tenant_id=tenant_id, after=after)
                for event in timeline.events:
                    yield event
                    after = event.sequence
                if timeline.is_complete:
                    return
                if not timeline.events:
                    await self._clock.wait(wake, self._clock.now_ms() + self._poll_ms)

    def _covers(self, run: RunRecord) -> bool:
        workflow = self._workflow
        return workflow is None or (run.capability, run.workflow) == (
            workflow.capability,
            workflow.name,
        )


def _encode(run: RunRecord) -> str:
    text = f"{to_ms(run.created_at)}:{run.run_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, str]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise InvalidCursor(cursor) from None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise InvalidCursor(cursor)
    return int(match[1]), match[2]
