"""Dispatch: the run, a timeline entry and the event to send, in one transaction.

A caller is told "accepted" only after that transaction is durable; the relay sends the event
afterwards, as often as it takes. The event's id derives from the run, so sending it again starts
nothing again, and ends no second wait.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

import inngest

from rawr.coordination._errors import (
    IdempotencyConflict,
    RunConflict,
    RunFinished,
    RunNotDispatchable,
    UndeclaredEvent,
    UndeclaredSignal,
    UnknownRun,
)
from rawr.coordination._ids import check_id, digest, event_id_of, signal_id_of
from rawr.coordination._lifecycle import Workflow
from rawr.coordination._ports import RunStore, RunTransaction
from rawr.coordination._run import RunRecord, TimelineEntry
from rawr.coordination._values import from_ms, to_json
from rawr.durable.domain.clock import Clock
from rawr.schema import Json

#: What a capability writes in the same transaction; it is told the run as stored. Raising undoes
#: everything.
Also = Callable[[RunTransaction, RunRecord], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a caller wants run.

    `input` is what makes two requests the same request: JSON or a model. It must not contain
    anything generated per request, such as a new run id.
    """

    workflow: Workflow
    tenant_id: str
    requested_by: str
    request_id: str
    correlation_id: str
    #: Absent: a new one is generated.
    run_id: str | None = None
    #: Unique per tenant and workflow.
    idempotency_key: str | None = None
    input: object = None
    #: True if `run_id` names a run that `Runs.register` created and that now is to be executed.
    registered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """The run a request or signal led to; `event_ids` is empty if an earlier one did already."""

    run: RunRecord
    event_ids: tuple[str, ...]


class Dispatch:
    """Starts durable runs, and tells those under way what they wait for."""

    def __init__(
        self,
        *,
        store: RunStore,
        clock: Clock,
        new_id: Callable[[], str],
        events: frozenset[str] | None = None,
        signals: frozenset[str] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._events = events
        self._signals = signals

    def limited_to(self, events: Collection[str], *, signals: Collection[str] = ()) -> "Dispatch":
        """A dispatch of events and signals of these names alone, as a plugin declares them."""
        return Dispatch(
            store=self._store,
            clock=self._clock,
            new_id=self._new_id,
            events=frozenset(events),
            signals=frozenset(signals),
        )

    def new_run_id(self) -> str:
        """Return an unused run id, for an event whose data names its run."""
        return self._new_id()

    async def send(
        self, event: inngest.Event, *, run: RunRequest, also: Also | None = None
    ) -> Dispatched:
        """Store the run as queued, its timeline entry and `event` for sending, all or nothing.

        Repeating a request (same idempotency key, or same run id, and same input) returns the
        first one's run and sends nothing; `also` is not called then. The event's id is replaced
        by one derived from the run.

        Raises:
            UndeclaredEvent: this dispatch is limited to other events.
            InvalidId: the run id is not path-safe.
            IdempotencyConflict: the key was used with another input.
            RunConflict: the run id is used by another workflow, tenant or input.
            UnknownRun: the run is said to be registered and is not.
            RunNotDispatchable: the registered run was dispatched before, or its status no longer
                allows it.
            StorageError: nothing was stored; the same request can be made again.
        """
        if self._events is not None and event.name not in self._events:
            raise UndeclaredEvent(event.name, self._events)
        run_id = check_id("run id", run.run_id or self._new_id())
        now_ms = self._clock.now_ms()
        admission = _Admission(
            request=run,
            run_id=run_id,
            input=to_json(run.input),
            event=event.model_copy(
                update={"id": event_id_of(event.name, run_id), "ts": event.ts or now_ms}
            ),
            timeline_event_id=self._new_id(),
            now=from_ms(now_ms),
            also=also,
        )
        return await self._store.transact(admission)

    async def signal(
        self,
        event: inngest.Event,
        *,
        workflow: Workflow,
        run_id: str,
        tenant_id: str,
        key: str = "",
        also: Also | None = None,
    ) -> Dispatched:
        """Store `event` for sending to a run that waits for it, with a timeline entry of the run.

        The event's data names the run, so that the wait (or the function's `cancel`) can tell it
        from others. It is sent once per run, name and `key`: repeating it sends nothing, and
        `also` is not called then. The event's id is replaced by one derived from these.

        Raises:
            UndeclaredSignal: this dispatch is limited to other signals.
            UnknownRun: this tenant has no such run of this workflow.
            RunFinished: the run has ended, so it waits for nothing.
            StorageError: nothing was stored; the same signal can be sent again.
        """
        if self._signals is not None and event.name not in self._signals:
            raise UndeclaredSignal(event.name, self._signals)
        now_ms = self._clock.now_ms()
        signal = _Signal(
            workflow=workflow,
            run_id=run_id,
            tenant_id=tenant_id,
            event=event.model_copy(
                update={"id": signal_id_of(event.name, run_id, key), "ts": event.ts or now_ms}
            ),
            now=from_ms(now_ms),
            also=also,
        )
        return await self._store.transact(signal)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signal:
    """What a signal writes, inside the transaction."""

    workflow: Workflow
    run_id: str
    tenant_id: str
    event: inngest.Event
    now: datetime
    also: Also | None

    def __call__(self, transaction: RunTransaction) -> Dispatched:
        run = transaction.get(self.run_id)
        if run is None or not _is_of(run, self):
            raise UnknownRun(self.run_id)
        entry = TimelineEntry(
            event_id=self.event.id,
            type="run.signalled",
            status=run.status,
            ts=self.now,
            detail=self.event.name,
        )
        written = transaction.append(self.run_id, entry.correlated(run.correlation_id))
        if written.sequence <= run.last_sequence:
            return Dispatched(run=run, event_ids=())
        if run.is_finished:
            raise RunFinished(run)
        # Not as the run's own event: what the engine calls that one stays known.
        transaction.enqueue(self.event, run_id=None, now=self.now)
        run = _stored(transaction, self.run_id)
        if self.also is not None:
            self.also(transaction, run)
            run = _stored(transaction, self.run_id)
        return Dispatched(run=run, event_ids=(self.event.id,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Admission:
    """One request's decision, made inside the transaction."""

    request: RunRequest
    run_id: str
    input: Json
    event: inngest.Event
    timeline_event_id: str
    now: datetime
    also: Also | None
    input_digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_digest", digest(self.input))

    def __call__(self, transaction: RunTransaction) -> Dispatched:
        earlier = self._earlier(transaction)
        if earlier is not None:
            return Dispatched(run=earlier, event_ids=())
        if self.request.registered:
            self._attach(transaction)
        else:
            self._create(transaction)
        run = _stored(transaction, self.run_id)
        if self.also is not None:
            self.also(transaction, run)
            run = _stored(transaction, self.run_id)
        return Dispatched(run=run, event_ids=(self.event.id,))

    def _earlier(self, transaction: RunTransaction) -> RunRecord | None:
        """Return the run of the same request made before; refuse one that only looks the same."""
        request = self.request
        if request.idempotency_key is not None:
            same_key = transaction.find_by_key(
                tenant_id=request.tenant_id,
                capability=request.workflow.capability,
                workflow=request.workflow.name,
                idempotency_key=request.idempotency_key,
            )
            if same_key is not None and self._is_same_request(same_key):
                return same_key
            if same_key is not None:
                raise IdempotencyConflict(request.idempotency_key, same_key)
        if request.registered:
            return None
        same_id = transaction.get(self.run_id)
        if same_id is None:
            return None
        if self._is_same_request(same_id) and request.idempotency_key is None:
            return same_id
        raise RunConflict(self.run_id)

    def _is_same_request(self, run: RunRecord) -> bool:
        request = self.request
        names_it = not request.registered or run.run_id == self.run_id
        return names_it and _is_of(run, request) and run.input_digest == self.input_digest

    def _create(self, transaction: RunTransaction) -> None:
        request = self.request
        lifecycle = request.workflow.lifecycle
        run = RunRecord(
            run_id=self.run_id,
            tenant_id=request.tenant_id,
            capability=request.workflow.capability,
            workflow=request.workflow.name,
            status=lifecycle.initial,
            revision=1,
            requested_by=request.requested_by,
            request_id=request.request_id,
            correlation_id=request.correlation_id,
            created_at=self.now,
            updated_at=self.now,
            idempotency_key=request.idempotency_key,
            input_digest=self.input_digest,
            input=self.input,
            event_id=self.event.id,
        )
        transaction.insert(run)
        self._report(transaction, lifecycle.event_type(lifecycle.initial), lifecycle.initial)

    def _attach(self, transaction: RunTransaction) -> None:
        request = self.request
        run = transaction.get(self.run_id)
        if run is None or not _is_of(run, request):
            raise UnknownRun(self.run_id)
        if run.is_dispatched or run.status not in request.workflow.lifecycle.dispatchable:
            raise RunNotDispatchable(run)
        dispatched = replace(
            run,
            revision=run.revision + 1,
            requested_by=request.requested_by,
            request_id=request.request_id,
            correlation_id=request.correlation_id,
            updated_at=self.now,
            idempotency_key=request.idempotency_key,
            input_digest=self.input_digest,
            input=run.input if self.input is None else self.input,
            event_id=self.event.id,
        )
        if not transaction.replace(dispatched, status=run.status, revision=run.revision):
            raise RunNotDispatchable(_stored(transaction, self.run_id))
        self._report(transaction, "run.dispatched", run.status)

    def _report(self, transaction: RunTransaction, event_type: str, status: str) -> None:
        entry = TimelineEntry(
            event_id=self.timeline_event_id, type=event_type, status=status, ts=self.now
        )
        transaction.append(self.run_id, entry.correlated(self.request.correlation_id))
        transaction.enqueue(self.event, run_id=self.run_id, now=self.now)


def _is_of(run: RunRecord, request: RunRequest | _Signal) -> bool:
    return (run.tenant_id, run.capability, run.workflow) == (
        request.tenant_id,
        request.workflow.capability,
        request.workflow.name,
    )


def _stored(transaction: RunTransaction, run_id: str) -> RunRecord:
    run = transaction.get(run_id)
    if run is None:
        raise UnknownRun(run_id)
    return run
