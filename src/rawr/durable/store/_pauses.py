"""Finding the waits an event ends, without looking at the others."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from rawr.durable.domain.errors import EngineError, SignalConflict
from rawr.durable.domain.event import Event, Json
from rawr.durable.domain.pause import Pause, PauseKind
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import Run
from rawr.durable.domain.ulid import ulid_floor
from rawr.durable.store import _queries as q
from rawr.durable.store._rows import Row, event_from, item_values, pause_values
from rawr.durable.store.port import PlannedEvent, WaitMatcher

logger = logging.getLogger("rawr.durable")

_decode = msgspec.json.decode

#: How far the clocks of those who send events may be behind, in milliseconds.
_CLOCK_SKEW_MS: Final = 60_000
#: How many earlier events a wait that looks back looks at.
_LOOKED_AT: Final = 1000


class PauseIndex:
    """The waits of all runs. Used from the database's writer thread only.

    A wait is found by the event's name and one equality its expression implies; which paths such
    equalities use is remembered per event name, so that an event costs one look-up per path.
    """

    def __init__(
        self,
        *,
        matches: WaitMatcher,
        match_value: Callable[[Mapping[str, Json], str], str | None],
        allocate: Callable[[], int],
    ) -> None:
        self._matches = matches
        self._match_value = match_value
        self._allocate = allocate
        self._paths: dict[str, set[str]] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        """Learn the paths of the waits that are stored."""
        for name, path in connection.execute(q.PAUSE_PATHS):
            self._paths.setdefault(name, set()).add(path)

    def add(self, connection: sqlite3.Connection, pause: Pause, run: Run) -> QueueItem | None:
        """Store a wait; return the item that moves its run on when it has ended already.

        Raises:
            SignalConflict: it is for a signal that another run waits for.
        """
        if pause.kind is PauseKind.SIGNAL:
            self._claim_signal(connection, pause)
        connection.execute(q.ADD_PAUSE, pause_values(pause, run))
        self._paths.setdefault(pause.name, set()).add(pause.match_path)
        return None if pause.looks_back_to is None else self._look_back(connection, pause)

    def has_waits(self, event_name: str) -> bool:
        """True when a run has waited for such an event; False when none waits for it."""
        return event_name in self._paths

    def end_matching(
        self, connection: sqlite3.Connection, planned: PlannedEvent, *, now: int
    ) -> Iterator[QueueItem]:
        """End the waits an event matches; yield the items that move their runs on."""
        paths = self._paths.get(planned.event.name)
        if not paths:
            return
        for row in self._candidates(connection, planned.event, paths):
            if row[5] == PauseKind.SIGNAL or not self._is_match(connection, row, planned.event):
                continue
            yield self._end(connection, row, planned.body, now=now)

    def signal(
        self, connection: sqlite3.Connection, *, name: str, payload: bytes, now: int
    ) -> QueueItem | None:
        """End the wait for a signal; `None` when no run waits for it."""
        row = connection.execute(q.SIGNAL_PAUSE, (name, now)).fetchone()
        if row is None:
            return None
        connection.execute(q.DROP_PAUSE, (row[0],))
        item = QueueItem(
            id=self._allocate(),
            run_id=row[1],
            function_id=row[3],
            kind=ItemKind.RESUME,
            step_id=row[2],
            payload=payload,
            due_at=now,
            max_attempts=1,
        )
        connection.execute(q.ADD_ITEM, item_values(item))
        return item

    def _claim_signal(self, connection: sqlite3.Connection, pause: Pause) -> None:
        row = connection.execute(q.SIGNAL_PAUSE, (pause.name, pause.created_at)).fetchone()
        if row is None:
            return
        if not pause.replaces:
            raise SignalConflict
        # The run that waited so far goes on when its own wait times out.
        connection.execute(q.DROP_PAUSE, (row[0],))

    def _candidates(
        self, connection: sqlite3.Connection, event: Event, paths: set[str]
    ) -> list[Row]:
        shape = event.as_json()
        found: list[Row] = []
        for path in paths:
            value = self._match_value(shape, path) if path else ""
            if value is not None:
                key = (event.name, path, value, event.received_at, event.received_at)
                found += connection.execute(q.MATCHING_PAUSES, key).fetchall()
        return found

    def _is_match(self, connection: sqlite3.Connection, row: Row, event: Event) -> bool:
        trigger_id, expression = row[4], row[6]
        if expression is None:
            return True
        (body,) = connection.execute(q.EVENT_BODY, (trigger_id,)).fetchone() or (b"{}",)
        trigger: dict[str, Any] = _decode(body)
        try:
            return self._matches(expression, trigger, event.as_json())
        except EngineError as error:
            # As on a real server: an expression without a boolean value matches nothing.
            logger.warning(
                "The wait of run %s cannot be decided (%s); it does not match",
                row[1],
                error,
                extra={"action": "wait_undecidable", "run_id": row[1]},
            )
            return False

    def _look_back(self, connection: sqlite3.Connection, pause: Pause) -> QueueItem | None:
        """End a wait that has just been stored with the first event before it that matches."""
        since = pause.looks_back_to or 0
        row = connection.execute(q.LAST_PAUSE, (pause.run_id, pause.step_id)).fetchone()
        waited_for = {one for (one,) in connection.execute(q.EVENTS_WAITED_FOR, (pause.run_id,))}
        # An id says when it was made, by the sender's clock.
        first_id = ulid_floor(max(0, since - _CLOCK_SKEW_MS))
        found = (pause.name, first_id, since, pause.run_id, _LOOKED_AT)
        for event_row in connection.execute(q.EVENTS_SINCE, found).fetchall():
            event = event_from(event_row)
            if event.id not in waited_for and self._is_match(connection, row, event):
                return self._end(connection, row, event_row[2], now=pause.created_at)
        return None

    def _end(self, connection: sqlite3.Connection, row: Row, body: bytes, *, now: int) -> QueueItem:
        connection.execute(q.DROP_PAUSE, (row[0],))
        item = self._item(row, body, now=now)
        connection.execute(q.ADD_ITEM, item_values(item))
        return item

    def _item(self, row: Row, body: bytes, *, now: int) -> QueueItem:
        _, run_id, step_id, function_id, _, kind, _ = row
        cancels = kind == PauseKind.CANCEL
        return QueueItem(
            id=self._allocate(),
            run_id=run_id,
            function_id=function_id,
            kind=ItemKind.CANCEL if cancels else ItemKind.RESUME,
            step_id=None if cancels else step_id,
            payload=b'"event"' if cancels else body,
            due_at=now,
            max_attempts=1,
        )
