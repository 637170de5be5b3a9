"""Working on one queue item: call or settle, decide, store, pass on what follows."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from rawr.durable.domain import machine
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.draft import Rules
from rawr.durable.domain.effects import (
    DropItem,
    Emit,
    EndRun,
    Enqueue,
    Requeue,
    ResetAttempt,
    ResumeInvoker,
    SaveMetadata,
    SaveStep,
    Transition,
)
from rawr.durable.domain.endpoint import endpoint_function
from rawr.durable.domain.errors import (
    LimitExceeded,
    ResponseRejected,
    RunNotFound,
    SignalConflict,
    StaleCall,
    StoreUnavailable,
)
from rawr.durable.domain.flow import concurrency_slots, run_slots, unkeyed_slots
from rawr.durable.domain.function import FunctionConfig
from rawr.durable.domain.metadata import check_room
from rawr.durable.domain.op import (
    LAZY,
    Errored,
    MetadataUpdate,
    Op,
    Opcode,
    Reported,
    Response,
    Returned,
    RunError,
)
from rawr.durable.domain.queue import FINISH_TIMEOUT, START_TIMEOUT, ItemKind, QueueItem
from rawr.durable.domain.run import RunState
from rawr.durable.domain.step import StepRecord, StepStatus
from rawr.durable.engine._cron import Crons
from rawr.durable.engine._late_starts import LateStarts
from rawr.durable.engine._live import LiveRun, LiveRuns
from rawr.durable.engine._planner import Planner
from rawr.durable.engine._registry import Registry
from rawr.durable.engine._slots import Slot, Slots
from rawr.durable.engine._transports import Transports
from rawr.durable.engine.ids import Ids
from rawr.durable.engine.observer import CallOutcome, Observer, RunListener
from rawr.durable.engine.transport import Call, CallAbandoned
from rawr.durable.store.port import Accepted, RunChange, Store

logger = logging.getLogger("rawr.durable")

#: What a checkpoint may hold; a planned step there only tells of progress.
_CHECKPOINTED: Final = frozenset({Opcode.STEP, Opcode.STEP_RUN, Opcode.STEP_PLANNED}) | LAZY

_Decide = Callable[[RunState, int], Transition]


class _Hand:
    """The queue item being worked on, as the store last knew it."""

    __slots__ = ("item",)

    def __init__(self, item: QueueItem) -> None:
        self.item = item


class Executor:
    """Advances runs, one queue item at a time.

    `deliver` receives what a commit made ready; `ended` the runs that are over.
    """

    def __init__(
        self,
        *,
        store: Store,
        runs: LiveRuns,
        registry: Registry,
        planner: Planner,
        transports: Transports,
        rules: Rules,
        clock: Clock,
        ids: Ids,
        deliver: Callable[[Accepted], None],
        hold: Callable[[QueueItem], None],
        ended: Callable[[RunState], None],
        crons: Crons,
        observer: Observer,
        slots: Slots,
    ) -> None:
        self.listeners: list[RunListener] = []
        self._crons = crons
        self._observer = observer
        self._hands: dict[int, _Hand] = {}
        self._slots = slots
        self._run_slots: dict[str, Sequence[Slot]] = {}
        self._store = store
        self._runs = runs
        self._registry = registry
        self._planner = planner
        self._transports = transports
        self._rules = rules
        self._clock = clock
        self._ids = ids
        self._deliver = deliver
        self._hold = hold
        self._ended = ended
        self._late_starts = LateStarts(
            store=store,
            planner=planner,
            clock=clock,
            deliver=deliver,
            hold=hold,
            ended=self._skipped,
        )

    async def work(self, item: QueueItem) -> None:
        """Do what an item asks for.

        Raises:
            StoreUnavailable: the outcome could not be stored; the item is still to be done.
        """
        if item.kind is ItemKind.CRON:
            await self._fire(item)
            return
        try:
            live, state = await self._runs.enter(item.run_id)
        except RunNotFound:
            logger.warning(
                "Queue item %d belongs to run %s, which does not exist; it is dropped",
                item.id,
                item.run_id,
                extra={"action": "orphan_item", "run_id": item.run_id},
            )
            await self._store.drop_item(item.id)
            return
        hand = self._hands[item.id] = _Hand(item)
        try:
            await self._work(live, state, hand)
        finally:
            del self._hands[item.id]
            self._runs.leave(item.run_id, live)

    async def load(self) -> None:
        """Let runs that have started hold their slots again."""
        for run_id, slot in await self._store.held_run_slots():
            self._slots.take(slot)
            self._run_slots[run_id] = (*self._run_slots.get(run_id, ()), slot)

    def overflow(self) -> dict[str, Slot]:
        """Return slots by the function whose calls would have to wait for them in the store."""
        limited = (one for one in self._registry.functions() if one.concurrency)
        found = ((one.id, self._slots.overflow(unkeyed_slots(one))) for one in limited)
        return {function_id: slot for function_id, slot in found if slot is not None}

    async def checkpoint(
        self, run_id: str, ops: Sequence[Op], *, item_id: int | None, generation: int | None
    ) -> None:
        """Save steps an SDK reports while its call goes on; nothing when the run has ended.

        Raises:
            RunNotFound: there is no such run.
            StaleCall: the call has been made again since.
            ResponseRejected: an operation is not one that has settled its step.
            LimitExceeded: an output is too large.
        """
        largest = self._rules.limits.max_step_bytes
        for op in ops:
            if op.op not in _CHECKPOINTED:
                raise ResponseRejected("cannot checkpoint async steps")
            if op.data is not None and len(op.data) > largest:
                raise LimitExceeded(f"step output is larger than {largest} bytes")
        settled = tuple(op for op in ops if op.op is not Opcode.STEP_PLANNED)
        live, state = await self._runs.enter(run_id)
        hand = None if item_id is None else self._hands.get(item_id)
        if hand is not None and hand.item.run_id != run_id:
            # Numbers of items are used again after a restart; the call is older than that.
            hand = None
        item = hand.item if hand is not None else _checkpoint_item(state)
        try:
            if hand is not None and generation is not None and generation < item.generation:
                # Two calls would execute the same steps side by side.
                raise StaleCall
            await self._decide(
                live,
                hand,
                lambda now_state, now: machine.checkpoint(
                    now_state, item, settled, now=now, rules=self._rules
                ),
            )
        finally:
            self._runs.leave(run_id, live)

    async def report(self, run_id: str, ops: Sequence[Op]) -> None:
        """Take what the request a run began with reports; nothing when the run has ended.

        Raises:
            RunNotFound: there is no such run.
        """
        live, state = await self._runs.enter(run_id)
        try:
            items = await self._store.items_of_run(run_id)
            lease = next((one for one in items if one.kind is ItemKind.CALL), None)
            hand = None if lease is None else _Hand(lease)
            item = lease or _checkpoint_item(state)
            await self._decide(
                live,
                hand,
                lambda now_state, now: machine.report(
                    now_state, item, tuple(ops), now=now, rules=self._rules
                ),
            )
        finally:
            self._runs.leave(run_id, live)

    async def attach(
        self, run_id: str, updates: Sequence[MetadataUpdate], *, step_id: str | None
    ) -> None:
        """Attach metadata to a run, which may have ended, or to one of its steps.

        Raises:
            RunNotFound: there is no such run.
            LimitExceeded: it is more than a run may carry.
        """
        live, _ = await self._runs.enter(run_id)
        try:
            check_room(updates, await self._store.run_metadata(run_id), step_id=step_id)
            effects = tuple(SaveMetadata(update=update, step_id=step_id) for update in updates)
            await self._decide(
                live,
                None,
                lambda state, _now: Transition(before=state, after=state, effects=effects),
            )
        finally:
            self._runs.leave(run_id, live)

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run; False when it has ended already.

        Raises:
            RunNotFound: there is no such run.
        """
        live, _ = await self._runs.enter(run_id)
        try:
            return await self._decide(
                live, None, lambda state, now: machine.cancel(state, now=now, rules=self._rules)
            )
        finally:
            self._runs.leave(run_id, live)

    async def _fire(self, item: QueueItem) -> None:
        function = self._registry.get(item.function_id)
        firing = None if function is None else self._crons.fire(item, function)
        if function is None or firing is None:
            return
        if self._registry.paused_at(function.id) is None:
            now = self._clock.now_ms()
            draft, internal_id = firing
            planned = self._planner.plan_for(function, draft, now=now, internal_id=internal_id)
            self._deliver(await self._store.accept([planned], now=now))
        self._crons.fired(item, function)

    async def _work(self, live: LiveRun, state: RunState, hand: _Hand) -> None:
        match hand.item.kind:
            case ItemKind.CALL:
                await self._call(live, state, hand)
            case ItemKind.RESUME:
                await self._decide(live, hand, self._resume(hand))
            case ItemKind.CANCEL:
                await self._decide(live, hand, self._expire(live, hand))
            case ItemKind.GATEWAY:
                await self._request(live, state, hand)
            case ItemKind.CRON:
                raise ValueError("a cron item belongs to no run")

    async def _call(self, live: LiveRun, state: RunState, hand: _Hand) -> None:
        function = self._registry.get(state.run.function_id) or endpoint_function(state.run)
        if hand.item.payload is not None and function is not None:
            begun = await self._late_starts.begin(live, hand.item, function)
            if begun is None:
                return
            state, hand.item = begun
        if machine.call_item_is_stale(state, hand.item):
            await self._decide(live, hand, _drop)
            return
        slots = () if function is None else concurrency_slots(function, state.run.event)
        if function is not None and not await self._acquire(slots, state, hand.item, function):
            return
        try:
            await self._call_now(live, state, hand, function)
        finally:
            self._release(slots)

    def _skipped(self, state: RunState) -> None:
        for listener in self.listeners:
            listener.ended(state.run, state.status, None)
        self._observer.ended(state.run.function_id, state.status)
        self._ended(state)

    async def _acquire(
        self, slots: Sequence[Slot], state: RunState, item: QueueItem, function: FunctionConfig
    ) -> bool:
        """Take the slots of a call, and those of its run if it holds none yet."""
        run_id = state.run.id
        of_run = () if run_id in self._run_slots else run_slots(function, state.run.event)
        acquisition = self._slots.acquire((*slots, *of_run), item)
        for other in acquisition.woken:
            self._hold(other)
        if acquisition.taken and of_run:
            await self._keep_run_slots(run_id, slots, of_run)
        if acquisition.overflow is not None:
            await self._store.wait_for_slots([(acquisition.overflow[0], item)])
            self._slots.stored(acquisition.overflow)
        return acquisition.taken

    async def _keep_run_slots(
        self, run_id: str, slots: Sequence[Slot], of_run: Sequence[Slot]
    ) -> None:
        """Make a run hold its own slots until it ends, also over a restart."""
        try:
            await self._store.hold_run_slots(run_id, of_run)
        except BaseException:
            self._release((*slots, *of_run))
            raise
        self._run_slots[run_id] = of_run

    def _release(self, slots: Sequence[Slot]) -> None:
        for item in self._slots.release(slots):
            self._hold(item)

    async def _call_now(
        self, live: LiveRun, state: RunState, hand: _Hand, function: FunctionConfig | None
    ) -> None:
        called_at = self._clock.now_ms()
        if live.called_at is None:
            live.called_at = called_at
        if function is None:
            response: Response = _missing(state)
        else:
            try:
                response = await self._transport_call(live, state, hand, function)
            except CallAbandoned as abandoned:
                self._observer.called(function.id, "abandoned", self._clock.now_ms() - called_at)
                if isinstance(abandoned.__cause__, StoreUnavailable):
                    raise abandoned.__cause__ from None
                await self._decide(live, hand, _drop)
                return
            outcome = _outcome(response)
            self._observer.called(function.id, outcome, self._clock.now_ms() - called_at)
        await self._decide(
            live,
            hand,
            lambda now_state, now: machine.respond(
                now_state, hand.item, response, now=now, rules=self._rules, called_at=called_at
            ),
        )

    async def _transport_call(
        self, live: LiveRun, state: RunState, hand: _Hand, function: FunctionConfig
    ) -> Response:
        async def journal(op: Op) -> bytes:
            try:
                await self._decide(
                    live,
                    hand,
                    lambda now_state, now: machine.checkpoint(
                        now_state, hand.item, (op,), now=now, rules=self._rules
                    ),
                )
            except StoreUnavailable as error:
                # No fault of the function's: it must not see it, nor lose an attempt by it.
                raise CallAbandoned from error
            memo = None if live.state is None else live.state.memos.get(op.id)
            if memo is None or (live.state is not None and live.state.status.is_terminal):
                raise CallAbandoned
            return memo

        call = Call(function=function, state=state, item=hand.item, request_id=self._ids.ulid())
        return await self._transports.call(call, journal)

    async def _request(self, live: LiveRun, state: RunState, hand: _Hand) -> None:
        item = hand.item
        if item.step_id not in state.open:
            await self._decide(live, hand, _drop)
            return
        response = await self._transports.gateway(item)
        await self._decide(
            live,
            hand,
            lambda now_state, now: machine.gateway_answered(
                now_state, hand.item, response, now=now, rules=self._rules
            ),
        )

    def _resume(self, hand: _Hand) -> _Decide:
        return lambda state, now: machine.resume(state, hand.item, now=now, rules=self._rules)

    def _expire(self, live: LiveRun, hand: _Hand) -> _Decide:
        def decide(state: RunState, now: int) -> Transition:
            started_at = state.started_at if state.started_at is not None else live.called_at
            in_time = hand.item.payload == START_TIMEOUT and started_at is not None
            if in_time or state.status.is_terminal:
                return _drop(state, now)
            if hand.item.payload == FINISH_TIMEOUT:
                ends_at = self._finish_by(state, started_at, now)
                if ends_at > now:
                    effects = (Requeue(due_at=ends_at, attempt=0),)
                    return Transition(before=state, after=state, effects=effects)
            return machine.cancel(state, item=hand.item, now=now, rules=self._rules)

        return decide

    def _finish_by(self, state: RunState, started_at: int | None, now: int) -> int:
        """When a run must have finished: its time counts from its first call."""
        function = self._registry.get(state.run.function_id)
        finish_ms = None if function is None else function.timeouts.finish_ms
        if finish_ms is None:
            return now
        return (now if started_at is None else started_at) + finish_ms

    async def _decide(self, live: LiveRun, hand: _Hand | None, decide: _Decide) -> bool:
        """Decide on the run's newest state and store the decision; False when nothing changed."""
        async with live.lock:
            if live.state is None:
                raise RunNotFound
            now = self._clock.now_ms()
            state = live.state
            if state.started_at is None and live.called_at is not None:
                state = replace(state, started_at=live.called_at)
            transition = decide(state, now)
            if not transition.effects:
                return False
            change = self._change(transition, hand, now)
            try:
                accepted = await self._store.commit(change, now=now)
            except SignalConflict:
                item = None if hand is None else hand.item
                transition = machine.signal_conflict(state, item, now=now, rules=self._rules)
                change = self._change(transition, hand, now)
                accepted = await self._store.commit(change, now=now)
            live.state = transition.after
        self._pass_on(change, accepted, hand)
        return True

    def _change(self, transition: Transition, hand: _Hand | None, now: int) -> RunChange:
        item = None if hand is None else hand.item
        requeued: QueueItem | None = None
        enqueued: list[QueueItem] = []
        emitted = []
        for effect in transition.effects:
            match effect:
                case Requeue() if item is not None:
                    requeued = _requeued(item, effect, now)
                case Enqueue():
                    enqueued.append(self._item(transition.after, effect, now))
                case Emit():
                    emitted.append(self._planner.plan(effect.event, now=now))
                case ResumeInvoker():
                    invoker = self._planner.resume_invoker(
                        effect.correlation_id, effect.payload, now=now
                    )
                    enqueued += [] if invoker is None else [invoker]
                case _:
                    pass
        return RunChange(
            transition=transition,
            item=item,
            requeued=requeued,
            enqueued=tuple(enqueued),
            emitted=tuple(emitted),
            decided_at=now,
        )

    def _item(self, state: RunState, effect: Enqueue, now: int) -> QueueItem:
        return self._planner.item(
            run_id=state.run.id,
            function_id=state.run.function_id,
            kind=effect.kind,
            due_at=effect.due_at,
            now=now,
            max_attempts=state.run.max_attempts,
            step_id=effect.step_id,
            payload=effect.payload,
        )

    def _pass_on(self, change: RunChange, accepted: Accepted, hand: _Hand | None) -> None:
        for item in change.enqueued:
            self._hold(item)
        if change.requeued is not None:
            self._hold(change.requeued)
        state = change.transition.after
        for effect in change.transition.effects:
            if isinstance(effect, ResetAttempt) and hand is not None:
                hand.item = replace(hand.item, attempt=0)
            elif isinstance(effect, SaveStep) and _is_executed(effect.step):
                self._observer.stepped(state.run.function_id, effect.step.status)
                for listener in self.listeners:
                    listener.stepped(state.run, effect.step)
            elif isinstance(effect, EndRun):
                for listener in self.listeners:
                    listener.ended(state.run, state.status, effect.output)
        self._deliver(accepted)
        if state.status.is_terminal and not change.transition.before.status.is_terminal:
            self._release(self._run_slots.pop(state.run.id, ()))
            self._observer.ended(state.run.function_id, state.status)
            self._ended(state)


def _checkpoint_item(state: RunState) -> QueueItem:
    """Stand in for the item of a call that does not say which it belongs to."""
    return QueueItem(
        id=0,
        run_id=state.run.id,
        function_id=state.run.function_id,
        kind=ItemKind.CALL,
        due_at=0,
        max_attempts=state.run.max_attempts,
    )


def _is_executed(step: StepRecord) -> bool:
    """True when a step was settled or an attempt at it failed; a deferral is no step."""
    return step.status is not StepStatus.OPEN and step.op is not Opcode.DEFER_ADD


def _missing(state: RunState) -> Errored:
    return Errored(
        error=RunError(
            name="FunctionNotFound",
            message=f"No app registers the function {state.run.function_id!r} any more",
        ),
        no_retry=True,
    )


def _outcome(response: Response) -> CallOutcome:
    match response:
        case Returned():
            return "returned"
        case Reported():
            return "reported"
        case Errored():
            return "errored"


def _drop(state: RunState, _now: int) -> Transition:
    return Transition(before=state, after=state, effects=(DropItem(),))


def _requeued(item: QueueItem, effect: Requeue, now: int) -> QueueItem:
    return replace(
        item,
        due_at=effect.due_at,
        attempt=effect.attempt,
        generation=item.generation + 1,
        parked=effect.due_at > now,
    )
