"""Working on one queue item: a call, or what settles, cancels or fires something."""

import logging
from collections.abc import Callable

from rawr.durable.domain import machine
from rawr.durable.domain.clock import Clock
from rawr.durable.domain.effects import Requeue, Transition
from rawr.durable.domain.errors import RunNotFound
from rawr.durable.domain.queue import FINISH_TIMEOUT, START_TIMEOUT, ItemKind, QueueItem
from rawr.durable.domain.run import RunState
from rawr.durable.engine._calls import Calls
from rawr.durable.engine._cron import Crons
from rawr.durable.engine._decisions import Decide, Decisions, Hand, drop
from rawr.durable.engine._live import LiveRun, LiveRuns
from rawr.durable.engine._planner import Planner
from rawr.durable.engine._registry import Registry
from rawr.durable.store.port import Accepted, Store

logger = logging.getLogger("rawr.durable")


class Executor:
    """Advances runs, one queue item at a time; `hands` are the items at work, by id."""

    def __init__(
        self,
        *,
        store: Store,
        runs: LiveRuns,
        registry: Registry,
        planner: Planner,
        decisions: Decisions,
        calls: Calls,
        crons: Crons,
        clock: Clock,
        deliver: Callable[[Accepted], None],
        hands: dict[int, Hand],
    ) -> None:
        self._store = store
        self._runs = runs
        self._registry = registry
        self._planner = planner
        self._decisions = decisions
        self._rules = decisions.rules
        self._calls = calls
        self._crons = crons
        self._clock = clock
        self._deliver = deliver
        self._hands = hands

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
        hand = self._hands[item.id] = Hand(item)
        try:
            if item.kind is ItemKind.CALL:
                await self._calls.call(live, state, hand)
            else:
                await self._settle(live, state, hand)
        finally:
            del self._hands[item.id]
            self._runs.leave(item.run_id, live)

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run; False when it has ended already.

        Raises:
            RunNotFound: there is no such run.
        """
        live, _ = await self._runs.enter(run_id)
        try:
            return await self._decisions.decide(
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

    async def _settle(self, live: LiveRun, state: RunState, hand: Hand) -> None:
        """Work on an item that calls no function."""
        match hand.item.kind:
            case ItemKind.RESUME:
                await self._decisions.decide(live, hand, self._resume(hand))
            case ItemKind.CANCEL:
                await self._decisions.decide(live, hand, self._expire(live, hand))
            case ItemKind.GATEWAY:
                await self._calls.request(live, state, hand)
            case ItemKind.CALL | ItemKind.CRON as kind:
                raise ValueError(f"an item of kind {kind} settles nothing")

    def _resume(self, hand: Hand) -> Decide:
        return lambda state, now: machine.resume(state, hand.item, now=now, rules=self._rules)

    def _expire(self, live: LiveRun, hand: Hand) -> Decide:
        def decide(state: RunState, now: int) -> Transition:
            started_at = state.started_at if state.started_at is not None else live.called_at
            in_time = hand.item.payload == START_TIMEOUT and started_at is not None
            if in_time or state.status.is_terminal:
                return drop(state, now)
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
