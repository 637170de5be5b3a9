"""The run state machine against a model: any input at any time, from several SDK behaviours."""

from typing import Any

import msgspec
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rawr.durable.domain import machine
from rawr.durable.domain.effects import (
    DropItem,
    Emit,
    EndRun,
    Enqueue,
    ReleaseStep,
    Requeue,
    SaveStep,
    Transition,
)
from rawr.durable.domain.op import (
    RUN_COMPLETE_ID,
    Errored,
    Op,
    Opcode,
    Reported,
    Returned,
    RunError,
)
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import RunState, RunStatus
from rawr.durable.domain.step import StepStatus

from .test_machine import NOW, RULES, item, run_state

STEP_IDS = st.sampled_from("abcdefg")
ERROR = RunError(name="Error", message="bad")
OPENING = [
    Opcode.STEP_PLANNED,
    Opcode.SLEEP,
    Opcode.WAIT_FOR_EVENT,
    Opcode.WAIT_FOR_SIGNAL,
    Opcode.INVOKE,
    Opcode.GATEWAY,
]
SETTLING = [Opcode.STEP_RUN, Opcode.STEP, Opcode.STEP_FAILED]


def op(opcode: Opcode, step_id: str, **more: Any) -> Op:
    name = "1s" if opcode is Opcode.SLEEP else step_id
    data = b"1" if opcode in {Opcode.STEP_RUN, Opcode.STEP} else None
    error = ERROR if opcode in {Opcode.STEP_ERROR, Opcode.STEP_FAILED} else None
    return Op(op=opcode, id=step_id, name=name, data=data, error=error, **more)


class Run(RuleBasedStateMachine):
    """One run with everything the store would keep of it."""

    @initialize(version=st.sampled_from([-1, 1, 2]))
    def begin(self, version: int) -> None:
        self.state: RunState = run_state(request_version=version)
        self.queue: dict[int, QueueItem] = {1: item()}
        self.last = 1
        self.now = NOW
        self.memos: dict[str, bytes] = {}
        self.attempts: dict[int, int] = {}
        self.scheduled: list[str] = []
        self.ends = 0

    # What an SDK may answer

    @rule(number=st.integers(0, 20), step_id=STEP_IDS, opcode=st.sampled_from(SETTLING))
    def a_step_settles(self, number: int, step_id: str, opcode: Opcode) -> None:
        self.respond(number, Reported(ops=(op(opcode, step_id),)))

    @rule(
        number=st.integers(0, 20),
        opened=st.lists(
            st.tuples(STEP_IDS, st.sampled_from(OPENING), st.booleans()),
            min_size=1,
            max_size=4,
            unique_by=lambda one: one[0],
        ),
        version=st.sampled_from([None, 1, 2]),
    )
    def steps_open(self, number: int, opened: list[Any], version: int | None) -> None:
        ops = tuple(
            op(opcode, step_id, opts={"parallelMode": "race"} if race else {})
            for step_id, opcode, race in opened
        )
        self.respond(number, Reported(ops=ops, request_version=version))

    @rule(number=st.integers(0, 20), step_id=STEP_IDS, no_retry=st.booleans())
    def a_step_fails(self, number: int, step_id: str, no_retry: bool) -> None:
        self.respond(number, Reported(ops=(op(Opcode.STEP_ERROR, step_id, no_retry=no_retry),)))

    @rule(number=st.integers(0, 20), ops=st.sampled_from([(), (op(Opcode.NONE, ""),)]))
    def nothing_is_reported(self, number: int, ops: tuple[Op, ...]) -> None:
        self.respond(number, Reported(ops=ops))

    @rule(number=st.integers(0, 20), no_retry=st.booleans(), counts=st.booleans())
    def a_call_fails(self, number: int, no_retry: bool, counts: bool) -> None:
        self.respond(number, Errored(error=ERROR, no_retry=no_retry, counts=counts))

    @rule(number=st.integers(0, 20), step_id=STEP_IDS, abort=st.booleans())
    def a_run_is_deferred(self, number: int, step_id: str, abort: bool) -> None:
        add = Op(op=Opcode.DEFER_ADD, id=f"defer {step_id}", opts={"fn_slug": "app-later"})
        target = {"target_hashed_id": f"defer {step_id}"}
        lazy = Op(op=Opcode.DEFER_ABORT, id="abort", opts=target) if abort else add
        self.respond(number, Reported(ops=(lazy, op(Opcode.STEP_RUN, step_id))))

    @rule(
        number=st.integers(0, 20), opcode=st.sampled_from([Opcode.STEP_ERROR, Opcode.STEP_FAILED])
    )
    def the_function_fails_in_an_operation(self, number: int, opcode: Opcode) -> None:
        self.respond(number, Reported(ops=(op(opcode, RUN_COMPLETE_ID),)))

    @precondition(lambda self: len(self.memos) > 2)
    @rule(number=st.integers(0, 20), by_operation=st.booleans())
    def the_function_returns(self, number: int, by_operation: bool) -> None:
        complete = Op(op=Opcode.RUN_COMPLETE, id=RUN_COMPLETE_ID, data=b"1")
        self.respond(number, Reported(ops=(complete,)) if by_operation else Returned(output=b"1"))

    # What else happens to a run

    @rule(number=st.integers(0, 20), step_ids=st.lists(STEP_IDS, max_size=3))
    def steps_are_checkpointed(self, number: int, step_ids: list[str]) -> None:
        in_hand = self.hand(number, ItemKind.CALL)
        if in_hand is not None:
            ops = tuple(op(Opcode.STEP_RUN, step_id) for step_id in step_ids)
            self.take(
                in_hand, machine.checkpoint(self.state, in_hand, ops, now=self.now, rules=RULES)
            )

    @rule(number=st.integers(0, 20))
    def an_open_step_is_settled_from_outside(self, number: int) -> None:
        in_hand = self.hand(number, ItemKind.RESUME)
        if in_hand is not None:
            self.take(in_hand, machine.resume(self.state, in_hand, now=self.now, rules=RULES))

    @rule(number=st.integers(0, 20), fails=st.booleans())
    def a_request_is_answered(self, number: int, fails: bool) -> None:
        in_hand = self.hand(number, ItemKind.GATEWAY)
        if in_hand is not None:
            answer = Errored(error=ERROR) if fails else Returned(output=b"1")
            transition = machine.gateway_answered(
                self.state, in_hand, answer, now=self.now, rules=RULES
            )
            self.take(in_hand, transition)

    @precondition(lambda self: len(self.memos) > 1)
    @rule()
    def it_is_cancelled(self) -> None:
        self.take(None, machine.cancel(self.state, now=self.now, rules=RULES))

    # What must hold

    @invariant()
    def a_live_run_can_move(self) -> None:
        if not self.state.status.is_terminal:
            assert self.queue, "nothing would ever move it again"

    @invariant()
    def what_is_settled_stays_and_is_listed_once(self) -> None:
        assert dict(self.state.memos) == self.memos
        assert sorted(self.state.stack) == sorted(self.memos)
        assert not set(self.state.open) & set(self.memos)
        assert self.state.group.isdisjoint(self.memos)

    @invariant()
    def every_open_step_has_what_settles_it(self) -> None:
        awaited = {one.step_id for one in self.queue.values()}
        for step_id in self.state.open:
            assert step_id in awaited, f"{step_id} would never be settled"

    @invariant()
    def an_ended_run_is_over(self) -> None:
        if self.state.status.is_terminal:
            assert self.ends == 1
            assert self.queue == {}
            assert self.state.open == {}
            assert self.state.ended_at is not None
            kept = [key for key, one in self.state.deferrals.items() if one.status == "after_run"]
            assert self.scheduled == kept
        else:
            assert self.ends == 0
            assert self.scheduled == []

    def hand(self, number: int, kind: ItemKind) -> QueueItem | None:
        items = [one for one in self.queue.values() if one.kind is kind]
        return items[number % len(items)] if items else None

    def respond(self, number: int, response: Any) -> None:
        in_hand = self.hand(number, ItemKind.CALL)
        if in_hand is None or machine.call_item_is_stale(self.state, in_hand):
            return
        self.take(
            in_hand, machine.respond(self.state, in_hand, response, now=self.now, rules=RULES)
        )

    def take(self, in_hand: QueueItem | None, transition: Transition) -> None:
        assert transition.before is self.state
        self.now += 1
        for effect in transition.effects:
            self.apply(in_hand, effect)
        self.state = transition.after

    def apply(self, in_hand: QueueItem | None, effect: Any) -> None:
        match effect:
            case SaveStep(step=step) if step.op is not Opcode.DEFER_ADD:
                if step.memo is not None:
                    assert step.id not in self.memos
                    assert step.status is not StepStatus.OPEN
                    self.memos[step.id] = step.memo
            case DropItem() if in_hand is not None:
                self.queue.pop(in_hand.id, None)
            case Requeue(attempt=attempt, due_at=due_at):
                assert in_hand is not None
                assert attempt in {in_hand.attempt, in_hand.attempt + 1}
                assert attempt < in_hand.max_attempts
                assert due_at >= self.now - 1
                self.queue[in_hand.id] = msgspec.structs.replace(in_hand, attempt=attempt)
            case Enqueue():
                self.last += 1
                self.queue[self.last] = item(
                    id=self.last, kind=effect.kind, step_id=effect.step_id, payload=effect.payload
                )
            case ReleaseStep(step_id=step_id):
                for one in [one for one in self.queue.values() if one.step_id == step_id]:
                    del self.queue[one.id]
            case EndRun():
                self.ends += 1
                self.queue.clear()
            case Emit(event=event) if event.name == "inngest/deferred.schedule":
                self.scheduled.append(event.data["_inngest"]["hashed_defer_id"])
            case _:
                pass


TestRun = Run.TestCase
TestRun.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_statuses_only_end_once() -> None:
    assert {status for status in RunStatus if not status.is_terminal} == {
        RunStatus.QUEUED,
        RunStatus.RUNNING,
    }
