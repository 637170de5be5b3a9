"""The working copy a decision is made on, and the moves every decision is made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from rawr.durable.domain.deferral import deferral_record, deferred_event, pending
from rawr.durable.domain.effects import (
    Effect,
    Emit,
    EndRun,
    Enqueue,
    ReleaseStep,
    Requeue,
    ResumeInvoker,
    SaveMetadata,
    SaveStep,
    Transition,
)
from rawr.durable.domain.event import Json
from rawr.durable.domain.lifecycle import invokers_of, lifecycle_events
from rawr.durable.domain.limits import RunLimits
from rawr.durable.domain.op import Op, Opcode, RunError
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import Deferral, OpenStep, RunState, RunStatus
from rawr.durable.domain.step import StepRecord, StepStatus

_COALESCING_VERSION = 2
_HELD_OUTSIDE = frozenset(
    {Opcode.WAIT_FOR_EVENT, Opcode.WAIT_FOR_SIGNAL, Opcode.INVOKE, Opcode.SLEEP}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitIndex:
    """The equality that finds a waiting step without scanning; empty when there is none."""

    path: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decisions need beside the run.

    Attributes:
        retry_delay_ms: Milliseconds until the retry after `attempt` failed, jitter included.
        index_wait: Checks a wait's expression and finds its index; raises an
            `EngineError` when the expression is not valid.
        wait_lookback_ms: How long before a wait an event may have come that ends it.
    """

    retry_delay_ms: Callable[[int], int]
    index_wait: Callable[[str, Mapping[str, Json]], WaitIndex]
    limits: RunLimits = field(default_factory=RunLimits)
    wait_lookback_ms: int = 0


class RunDraft:
    """A run while one input is decided: collects changes and effects."""

    __slots__ = (
        "_before",
        "_bytes",
        "_changes",
        "_memos",
        "_stack",
        "called_at",
        "deferrals",
        "effects",
        "group",
        "item",
        "item_requeued",
        "now",
        "open",
        "retry_after_ms",
        "rules",
        "run",
    )

    def __init__(self, state: RunState, *, item: QueueItem | None, now: int, rules: Rules) -> None:
        self.run = state.run
        self.item = item
        self.now = now
        self.rules = rules
        self.effects: list[Effect] = []
        self.item_requeued = False
        self.retry_after_ms: int | None = None
        #: When the call that is decided on began, in milliseconds since the epoch.
        self.called_at: int | None = None
        self.open = dict(state.open) if state.open else {}
        self.group = state.group
        self.deferrals = state.deferrals
        self._before = state
        self._memos: dict[str, bytes] | None = None
        self._stack = state.stack
        self._bytes = state.state_bytes
        self._changes: dict[str, Any] = {}
        if state.status is RunStatus.QUEUED:
            self._changes["status"] = RunStatus.RUNNING
        if state.started_at is None:
            self._changes["started_at"] = now

    @property
    def is_over(self) -> bool:
        """True once the draft has ended the run."""
        return "ended_at" in self._changes

    @property
    def is_driven(self) -> bool:
        """True when something is sure to move the run on: what it waits for, or a new item."""
        return bool(self.open or self.group) or any(
            isinstance(effect, Enqueue) for effect in self.effects
        )

    @property
    def settled(self) -> Mapping[str, bytes]:
        """The memos, including those this draft adds."""
        return self._before.memos if self._memos is None else self._memos

    def version(self, request_version: int | None) -> None:
        """Note the request version the SDK answered with."""
        if request_version is not None and request_version != self._before.request_version:
            self._changes["request_version"] = request_version

    def plan_group(self, ops: Iterable[Op]) -> None:
        """Make the operations a parallel group: discovery waits for all of them."""
        self._changes["force_step_plan"] = True
        version = self._changes.get("request_version", self._before.request_version)
        if version >= _COALESCING_VERSION:
            self.group |= {op.id for op in ops if op.id not in self.settled}

    def settle(
        self,
        step_id: str,
        *,
        memo: bytes,
        op: Opcode,
        name: str,
        attempts: int,
        error: RunError | None = None,
        started_at: int | None = None,
    ) -> None:
        """Write a step's memo, unless it has one: the first write wins."""
        if step_id in self.settled:
            return
        opened = self.open.pop(step_id, None)
        if self._memos is None:
            self._memos = dict(self._before.memos)
        self._memos[step_id] = memo
        position = len(self._stack)
        self._stack = (*self._stack, step_id)
        self._bytes += len(memo)
        self.effects.append(
            SaveStep(
                step=StepRecord(
                    id=step_id,
                    op=op,
                    name=name,
                    status=StepStatus.COMPLETED if error is None else StepStatus.FAILED,
                    memo=memo,
                    position=position,
                    attempts=attempts,
                    started_at=started_at or self.called_at or self.now,
                    ended_at=self.now,
                    error=None if error is None else msgspec.json.encode(error.as_json()),
                )
            )
        )
        if opened is not None and opened.op in _HELD_OUTSIDE:
            self.effects.append(ReleaseStep(step_id=step_id))
        self._check_limits()

    def add_open(self, op: Op, *, race: bool) -> None:
        """Track a step that something else will settle."""
        self._changes["is_plain"] = False
        self.open[op.id] = OpenStep(op=op.op, name=op.label, race=race)
        self.effects.append(
            SaveStep(
                step=StepRecord(
                    id=op.id,
                    op=op.op,
                    name=op.label,
                    status=StepStatus.OPEN,
                    started_at=self.now,
                    race=race,
                )
            )
        )
        self._check_limits()

    def defer(self, hashed_id: str, one: Deferral) -> None:
        """Keep what becomes of a deferral."""
        self._changes["is_plain"] = False
        self.deferrals = {**self.deferrals, hashed_id: one}
        self.effects.append(SaveStep(step=deferral_record(hashed_id, one, now=self.now)))

    def discover(self, step_id: str) -> None:
        """Call the function again because a step is settled, unless its group is still running."""
        if self.is_over:
            return
        if step_id not in self.group:
            self.enqueue_call()
            return
        self.group -= {step_id}
        opened = self._before.open.get(step_id)
        if not self.group:
            self._changes["force_step_plan"] = False
            self.enqueue_call()
        elif (opened is not None and opened.race) or self._only_losers_run():
            self.enqueue_call()

    def _only_losers_run(self) -> bool:
        """True when no step of the group is left but those that a race does not wait for."""
        left = (self.open.get(step_id) for step_id in self.group)
        return all(opened is not None and opened.race for opened in left)

    def enqueue_call(self, step_id: str | None = None) -> None:
        """Call the function, for its next unknown step or for one planned step."""
        self.effects.append(Enqueue(kind=ItemKind.CALL, due_at=self.now, step_id=step_id))

    def retry(
        self,
        *,
        error: RunError,
        step_op: Op | None = None,
        delay_ms: int | None = None,
        counts: bool = True,
    ) -> bool:
        """Requeue the item in hand for its next attempt; False when it has none left."""
        item = self.item
        if item is None:
            return False
        attempt = item.attempt + 1 if counts else item.attempt
        if attempt >= item.max_attempts:
            return False
        if step_op is not None:
            self._record_failure(step_op, error, attempts=attempt)
        delay = delay_ms if delay_ms is not None else self.rules.retry_delay_ms(item.attempt)
        self.effects.append(Requeue(due_at=self.now + delay, attempt=attempt))
        self._changes["is_plain"] = False
        self.item_requeued = True
        return True

    def end(
        self, status: RunStatus, *, output: bytes | None = None, error: RunError | None = None
    ) -> None:
        """Close the run and tell whoever waits for it."""
        try:
            events = list(lifecycle_events(self.run, status, output=output, error=error))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            message = f"What the function returned or raised is not JSON ({fault})"
            self.end(RunStatus.FAILED, error=RunError(name="OutputInvalid", message=message))
            return
        self._changes["status"] = status
        self._changes["ended_at"] = self.now
        self.open = {}
        self.group = frozenset()
        # What a closed run still had planned is void; only what history needs is kept.
        kept = (SaveStep, SaveMetadata)
        self.effects = [effect for effect in self.effects if isinstance(effect, kept)]
        if error is not None:
            output = error.raw or msgspec.json.encode(error.as_json())
        self.effects.append(EndRun(output=output))
        self.effects += [Emit(event=event) for event in events]
        for hashed_id, one in pending(self.deferrals):
            record = deferral_record(hashed_id, one, now=self.now, ended=True)
            self.effects.append(SaveStep(step=record))
            self.effects.append(Emit(event=deferred_event(self.run, hashed_id, one)))
        for correlation_id in invokers_of(self.run):
            payload = _invoke_memo(status, output=output, error=error)
            self.effects.append(ResumeInvoker(correlation_id=correlation_id, payload=payload))

    def fail(self, *, name: str, message: str) -> None:
        """End the run because it broke a rule of the engine."""
        if not self.is_over:
            error = RunError(name=name, message=message)
            self.end(RunStatus.FAILED, error=error)

    def transition(self) -> Transition:
        """Return the decision."""
        changes = self._changes
        if self._memos is not None:
            changes["memos"] = self._memos
            changes["stack"] = self._stack
            changes["state_bytes"] = self._bytes
        changes["open"] = self.open
        changes["deferrals"] = self.deferrals
        changes["group"] = self.group
        return Transition(
            before=self._before,
            after=replace(self._before, **changes),
            effects=tuple(self.effects),
        )

    def _record_failure(self, op: Op, error: RunError, *, attempts: int) -> None:
        self.effects.append(
            SaveStep(
                step=StepRecord(
                    id=op.id,
                    op=Opcode.STEP_RUN,
                    name=op.label,
                    status=StepStatus.ERRORED,
                    attempts=attempts,
                    started_at=op.started_at or self.called_at or self.now,
                    error=msgspec.json.encode(error.as_json()),
                )
            )
        )

    def _check_limits(self) -> None:
        limits = self.rules.limits
        steps = len(self._stack) + len(self.open)
        if steps > limits.max_steps:
            self.fail(
                name="InngestErrFunctionOverflowed",
                message=f"The function run exceeded the step limit of {limits.max_steps} steps.",
            )
        elif self._bytes > limits.max_state_bytes:
            self.fail(
                name="InngestErrStateOverflowed",
                message="The function run exceeded the state size limit of "
                f"{limits.max_state_bytes} bytes; return less from its steps.",
            )


def _invoke_memo(status: RunStatus, *, output: bytes | None, error: RunError | None) -> bytes:
    if status is RunStatus.COMPLETED:
        return b'{"data":' + (output or b"null") + b"}"
    if error is None:
        error = RunError(name="Error", message="the invoked function was cancelled")
    return msgspec.json.encode({"error": error.as_memo()})
