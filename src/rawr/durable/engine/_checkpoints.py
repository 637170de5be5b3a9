"""What is reported of runs from outside of the engine's own calls."""

from collections.abc import Mapping, Sequence
from typing import Final

from rawr.durable.domain import machine
from rawr.durable.domain.effects import SaveMetadata, Transition
from rawr.durable.domain.errors import LimitExceeded, ResponseRejected, StaleCall
from rawr.durable.domain.metadata import check_room
from rawr.durable.domain.op import LAZY, MetadataUpdate, Op, Opcode
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import RunState
from rawr.durable.engine._decisions import Decisions, Hand
from rawr.durable.engine._live import LiveRuns
from rawr.durable.store.port import Store

#: What a checkpoint may hold; a planned step there only tells of progress.
_CHECKPOINTED: Final = frozenset({Opcode.STEP, Opcode.STEP_RUN, Opcode.STEP_PLANNED}) | LAZY


class Checkpoints:
    """Takes what SDKs report while their calls go on; `hands` are the items at work, by id."""

    def __init__(
        self,
        *,
        decisions: Decisions,
        runs: LiveRuns,
        store: Store,
        hands: Mapping[int, Hand],
    ) -> None:
        self._decisions = decisions
        self._rules = decisions.rules
        self._runs = runs
        self._store = store
        self._hands = hands

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
            await self._decisions.decide(
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
            hand = None if lease is None else Hand(lease)
            item = lease or _checkpoint_item(state)
            await self._decisions.decide(
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
            await self._decisions.decide(
                live,
                None,
                lambda state, _now: Transition(before=state, after=state, effects=effects),
            )
        finally:
            self._runs.leave(run_id, live)


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
