"""What an event is to start: runs with their ids, made ready to be stored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from rawr.durable.domain.draft import WaitIndex
from rawr.durable.domain.endpoint import endpoint_id
from rawr.durable.domain.errors import EventRejected, LimitExceeded
from rawr.durable.domain.event import (
    FUNCTION_INVOKED,
    Event,
    EventDraft,
    Json,
    is_reserved,
)
from rawr.durable.domain.flow import (
    NO_GATES,
    PAUSED,
    Gates,
    gates_at_start,
    gates_of,
    priority_ms,
)
from rawr.durable.domain.function import FunctionConfig, Timeouts
from rawr.durable.domain.lifecycle import invoker_of
from rawr.durable.domain.limits import ENDPOINT_LEASE_MS, INVOKE_TIMEOUT_MS, MAX_EVENT_BYTES
from rawr.durable.domain.pause import Pause, PauseKind
from rawr.durable.domain.queue import (
    DELAYED,
    FINISH_TIMEOUT,
    GATHERED,
    START_TIMEOUT,
    ItemKind,
    QueueItem,
)
from rawr.durable.domain.run import Run
from rawr.durable.domain.sessions import sessions_of
from rawr.durable.engine._registry import Registry
from rawr.durable.engine._waits import index_wait
from rawr.durable.engine.ids import Ids
from rawr.durable.store.port import PlannedEvent, PlannedRun

_encode = msgspec.json.encode
_decode = msgspec.json.decode


_NO_TIMEOUTS: Final = Timeouts()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Invocation:
    """Who invoked a run, and what to run."""

    function_id: str
    correlation_id: str | None


class Planner:
    """Turns drafts into events, and events into runs.

    `allocate` returns the next queue item id; `is_full` says that due items must wait in the
    store because memory holds enough of them.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        ids: Ids,
        allocate: Callable[[], int],
        is_full: Callable[[], bool],
    ) -> None:
        self._registry = registry
        self._ids = ids
        self._allocate = allocate
        self._is_full = is_full

    def plan(self, draft: EventDraft, *, now: int, internal_id: str | None = None) -> PlannedEvent:
        """Give an event its ids and decide what it starts.

        Raises:
            EventRejected: its data is not JSON.
            LimitExceeded: it is too large.
        """
        planned = self._event(draft, now=now, internal_id=internal_id)
        event = planned.event
        if event.name == FUNCTION_INVOKED:
            return self._plan_invocation(planned, now=now)
        functions = self._registry.triggered_by(event)
        if not functions:
            return planned
        key = draft.id
        runs = tuple(self._run(function, (event,), now=now, key=key) for function in functions)
        return PlannedEvent(event=event, body=planned.body, runs=runs, is_new=planned.is_new)

    def _event(self, draft: EventDraft, *, now: int, internal_id: str | None) -> PlannedEvent:
        is_new = internal_id is None
        internal_id = internal_id or self._ids.ulid()
        shape: dict[str, Json] = {
            "data": draft.data,
            "id": draft.id or internal_id,
            "name": draft.name,
            "ts": draft.ts if draft.ts is not None else now,
            "user": draft.user or {},
        }
        if draft.v is not None:
            shape["v"] = draft.v
        sessions = {} if draft.meta is None else _sessions(draft)
        if sessions:
            shape["meta"] = {"sessions": sessions}
        body = _body(shape)
        if not is_reserved(draft.name):
            # Decoded again, so that what the caller does with its objects later changes nothing.
            shape = _decode(body)
        event = Event(
            internal_id=internal_id,
            id=shape["id"],
            name=shape["name"],
            data=shape["data"],
            ts=shape["ts"],
            received_at=now,
            user=shape["user"],
            v=draft.v,
            sessions=sessions,
        )
        return PlannedEvent(event=event, body=body, is_new=is_new)

    def plan_for(
        self, function: FunctionConfig, draft: EventDraft, *, now: int, internal_id: str
    ) -> PlannedEvent:
        """Give an event its ids and let it start one function, whatever that one's triggers."""
        planned = self._event(draft, now=now, internal_id=internal_id)
        run = self._run(function, (planned.event,), now=now)
        return replace(planned, runs=(run,))

    def plan_endpoint(
        self, run_id: str, draft: EventDraft, *, retries: int, now: int
    ) -> PlannedEvent:
        """Let a request be a run with an id of its own; its lease ends when it falls silent."""
        planned = self._event(draft, now=now, internal_id=None)
        run = Run(
            id=run_id,
            function_id=endpoint_id(planned.event.data),
            events=(planned.event,),
            created_at=now,
            max_attempts=retries + 1,
        )
        lease = self.item(
            run_id=run.id,
            function_id=run.function_id,
            kind=ItemKind.CALL,
            due_at=now + ENDPOINT_LEASE_MS,
            now=now,
            max_attempts=run.max_attempts,
        )
        return replace(planned, runs=(PlannedRun(run=run, item=lease),))

    def plan_rerun(self, function: FunctionConfig, run: Run, *, now: int) -> PlannedRun:
        """Repeat a run: the same events, due now, past every limit on how runs start."""
        planned = self._run(function, run.events, now=now, is_repeat=True)
        original = run.original_run_id or run.id
        return replace(
            planned,
            run=replace(planned.run, original_run_id=original),
            item=replace(planned.item, due_at=now, parked=self._is_full()),
        )

    def plan_start(
        self, function: FunctionConfig, run: Run, item: QueueItem, *, now: int
    ) -> PlannedRun:
        """Say what a kept run must pass now that its time has come, and what may cancel it."""
        mark = item.payload or b""
        planned = PlannedRun(
            run=run,
            item=replace(item, payload=None),
            gates=gates_at_start(function, run.event, mark),
        )
        return self._with_waits(planned, function, now=now) if mark == GATHERED else planned

    def item(
        self,
        *,
        run_id: str,
        function_id: str,
        kind: ItemKind,
        due_at: int,
        now: int,
        max_attempts: int,
        step_id: str | None = None,
        payload: bytes | None = None,
    ) -> QueueItem:
        """Return a new queue item; parked unless it is due and memory has room."""
        return QueueItem(
            id=self._allocate(),
            run_id=run_id,
            function_id=function_id,
            kind=kind,
            due_at=due_at,
            max_attempts=max_attempts,
            step_id=step_id,
            payload=payload,
            parked=due_at > now or self._is_full(),
        )

    def resume_invoker(self, correlation_id: str, payload: bytes, *, now: int) -> QueueItem | None:
        """Return the item that settles an invoking step; `None` for a malformed correlation."""
        run_id, _, step_id = correlation_id.partition(".")
        if not step_id:
            return None
        return self.item(
            run_id=run_id,
            function_id="",
            kind=ItemKind.RESUME,
            due_at=now,
            now=now,
            max_attempts=1,
            step_id=step_id,
            payload=payload,
        )

    def _plan_invocation(self, planned: PlannedEvent, *, now: int) -> PlannedEvent:
        event = planned.event
        invocation = _invocation(event)
        function = self._registry.get(invocation.function_id)
        if function is not None:
            run = self._run(function, (event,), now=now, correlation_id=invocation.correlation_id)
            return replace(planned, runs=(run,))
        if invocation.correlation_id is None:
            return planned
        message = f"could not find function with ID: {invocation.function_id}"
        memo = _encode({"error": {"message": message, "name": "Error"}})
        item = self.resume_invoker(invocation.correlation_id, memo, now=now)
        return planned if item is None else replace(planned, items=(item,))

    def _run(
        self,
        function: FunctionConfig,
        events: Iterable[Event],
        *,
        now: int,
        key: str | None = None,
        correlation_id: str | None = None,
        is_repeat: bool = False,
    ) -> PlannedRun:
        run = Run(
            id=self._ids.ulid(),
            function_id=function.id,
            events=tuple(events),
            created_at=now,
            max_attempts=function.max_attempts,
            correlation_id=correlation_id,
        )
        due_at = max(now, run.event.ts)
        is_due = due_at == now
        gates = NO_GATES if is_repeat else self._gates(function, run, is_due=is_due)
        item = self.item(
            run_id=run.id,
            function_id=function.id,
            kind=ItemKind.CALL,
            due_at=due_at - priority_ms(function, run.event) if is_due else due_at,
            now=now,
            max_attempts=function.max_attempts,
            payload=_mark(function, gates, is_due=is_due or is_repeat),
        )
        planned = PlannedRun(run=run, item=item, idempotency_key=key, gates=gates)
        return planned if gates.gather else self._with_waits(planned, function, now=now)

    def _with_waits(self, planned: PlannedRun, function: FunctionConfig, *, now: int) -> PlannedRun:
        """Add what may cancel a run."""
        if not function.cancel_on and function.timeouts == _NO_TIMEOUTS:
            return planned
        return replace(
            planned,
            pauses=tuple(_cancel_pauses(function, planned.run, now=now)),
            timers=tuple(self._timers(function, planned.run, now=now)),
        )

    def _gates(self, function: FunctionConfig, run: Run, *, is_due: bool) -> Gates:
        if self._registry.paused_at(function.id) is not None:
            return PAUSED
        return gates_of(function, run.event, is_due=is_due)

    def _timers(self, function: FunctionConfig, run: Run, *, now: int) -> Iterator[QueueItem]:
        limits = function.timeouts
        for after_ms, payload in (
            (limits.start_ms, START_TIMEOUT),
            (limits.finish_ms, FINISH_TIMEOUT),
        ):
            if after_ms is not None:
                yield self.item(
                    run_id=run.id,
                    function_id=function.id,
                    kind=ItemKind.CANCEL,
                    due_at=now + after_ms,
                    now=now,
                    max_attempts=1,
                    payload=payload,
                )


def _mark(function: FunctionConfig, gates: Gates, *, is_due: bool) -> bytes | None:
    """Return why limits on a run's start count only at its time; `None` when they count now."""
    if gates.gather is not None:
        return GATHERED
    return DELAYED if function.throttle is not None and not is_due else None


def _cancel_pauses(function: FunctionConfig, run: Run, *, now: int) -> Iterator[Pause]:
    for position, cancel in enumerate(function.cancel_on):
        index = WaitIndex()
        if cancel.expression is not None:
            index = index_wait(cancel.expression, run.event.as_json())
        yield Pause(
            run_id=run.id,
            step_id=f"cancel-{position}",
            kind=PauseKind.CANCEL,
            name=cancel.event,
            expression=cancel.expression,
            match_path=index.path,
            match_value=index.value,
            created_at=now,
            expires_at=now + (cancel.timeout_ms or INVOKE_TIMEOUT_MS),
        )


def _body(shape: dict[str, Json]) -> bytes:
    try:
        body = _encode(shape)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EventRejected(f"event {shape['name']!r} is not JSON: {error}") from error
    # The engine's own events carry whole batches, and must not fail.
    if len(body) > MAX_EVENT_BYTES and not is_reserved(shape["name"]):
        raise LimitExceeded(f"event has {len(body)} bytes; the limit is {MAX_EVENT_BYTES}")
    return body


def _sessions(draft: EventDraft) -> dict[str, str]:
    try:
        return sessions_of(draft.meta)
    except EventRejected:
        # The engine's own events carry what functions pass on, and must not fail.
        if is_reserved(draft.name):
            return {}
        raise


def _invocation(event: Event) -> _Invocation:
    internal = event.data.get("_inngest")
    marks = internal if isinstance(internal, dict) else {}
    return _Invocation(function_id=str(marks.get("fn_id", "")), correlation_id=invoker_of(event))
