"""Deciding on a run: on its newest state, stored before anything follows from it."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from rawr.durable.domain import machine
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.draft import Rules
from rawr.durable.domain.effects import (
    DropItem,
    Effect,
    Emit,
    EndRun,
    Enqueue,
    Requeue,
    ResetAttempt,
    ResumeInvoker,
    SaveStep,
    Transition,
)
from rawr.durable.domain.errors import RunNotFound, SignalConflict
from rawr.durable.domain.op import Opcode
from rawr.durable.domain.queue import QueueItem
from rawr.durable.domain.run import RunState
from rawr.durable.domain.step import StepRecord, StepStatus
from rawr.durable.engine._live import LiveRun
from rawr.durable.engine._planner import Planner
from rawr.durable.engine.observer import Observer, RunListener
from rawr.durable.store.port import Accepted, PlannedEvent, RunChange, Store

Decide = Callable[[RunState, int], Transition]
"""Decides on a run's state at a time in milliseconds since the epoch."""

#: Effects that the engine turns into items and events; the store takes the others as they are.
_PLANNED: Final[frozenset[type[Effect]]] = frozenset({Requeue, Enqueue, Emit, ResumeInvoker})


class Hand:
    """The queue item being worked on, as the store last knew it."""

    __slots__ = ("item",)

    def __init__(self, item: QueueItem) -> None:
        self.item = item


class Decisions:
    """Makes decisions durable, one at a time for each run, and passes on what follows.

    `deliver` receives what a commit made ready, `hold` the run's own new items, `ended` the runs
    that are over.
    """

    def __init__(
        self,
        *,
        store: Store,
        planner: Planner,
        rules: Rules,
        clock: Clock,
        observer: Observer,
        deliver: Callable[[Accepted], None],
        hold: Callable[[QueueItem], None],
        ended: Callable[[RunState], None],
    ) -> None:
        self.listeners: list[RunListener] = []
        self.rules = rules
        self._store = store
        self._planner = planner
        self._clock = clock
        self._observer = observer
        self._deliver = deliver
        self._hold = hold
        self._ended = ended

    async def decide(self, live: LiveRun, hand: Hand | None, decide: Decide) -> bool:
        """Decide on the run's newest state and store the decision; False when nothing changed.

        Raises:
            RunNotFound: the run has been deleted meanwhile.
            StoreUnavailable: the decision could not be stored, and nothing has changed.
        """
        # As `async with` does, at half its cost.
        await live.lock.acquire()
        try:
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
                transition = machine.signal_conflict(state, item, now=now, rules=self.rules)
                change = self._change(transition, hand, now)
                accepted = await self._store.commit(change, now=now)
            live.state = transition.after
        finally:
            live.lock.release()
        self._pass_on(change, accepted, hand)
        return True

    def end_unstarted(self, state: RunState) -> None:
        """Tell that a run ended which never started."""
        for listener in self.listeners:
            listener.ended(state.run, state.status, None)
        self._tell_end(state)

    def _change(self, transition: Transition, hand: Hand | None, now: int) -> RunChange:
        item = None if hand is None else hand.item
        requeued: QueueItem | None = None
        enqueued: list[QueueItem] = []
        emitted: list[PlannedEvent] = []
        for effect in transition.effects:
            if type(effect) not in _PLANNED:
                continue
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

    def _pass_on(self, change: RunChange, accepted: Accepted, hand: Hand | None) -> None:
        for item in change.enqueued:
            self._hold(item)
        if change.requeued is not None:
            self._hold(change.requeued)
        state = change.transition.after
        for effect in change.transition.effects:
            if isinstance(effect, SaveStep):
                self._tell_step(state, effect.step)
            elif isinstance(effect, ResetAttempt) and hand is not None:
                hand.item = replace(hand.item, attempt=0)
            elif isinstance(effect, EndRun):
                for listener in self.listeners:
                    listener.ended(state.run, state.status, effect.output)
        self._deliver(accepted)
        if state.status.is_terminal and not change.transition.before.status.is_terminal:
            self._tell_end(state)

    def _tell_step(self, state: RunState, step: StepRecord) -> None:
        # A step that was settled, or an attempt at one that failed; a deferral is no step.
        if step.status is StepStatus.OPEN or step.op is Opcode.DEFER_ADD:
            return
        self._observer.stepped(state.run.function_id, step.status)
        for listener in self.listeners:
            listener.stepped(state.run, step)

    def _tell_end(self, state: RunState) -> None:
        self._observer.ended(state.run.function_id, state.status)
        self._ended(state)


def _requeued(item: QueueItem, effect: Requeue, now: int) -> QueueItem:
    return replace(
        item,
        due_at=effect.due_at,
        attempt=effect.attempt,
        generation=item.generation + 1,
        parked=effect.due_at > now,
    )


def drop(state: RunState, _now: int) -> Transition:
    """Decide that the item in hand is done, and nothing else."""
    return Transition(before=state, after=state, effects=(DropItem(),))
