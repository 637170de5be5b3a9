"""The run state machine: single decisions, and a whole SDK simulated against it."""

import itertools
from typing import Any

import msgspec
from hypothesis import given, settings, strategies as st

from rawr.durable.domain import machine
from rawr.durable.domain.draft import Rules, WaitIndex
from rawr.durable.domain.effects import (
    AddPause,
    DropItem,
    Emit,
    EndRun,
    Enqueue,
    ReleaseStep,
    Requeue,
    ResetAttempt,
    ResumeInvoker,
    SaveStep,
    Transition,
)
from rawr.durable.domain.event import Event
from rawr.durable.domain.op import Errored, Op, Opcode, Reported, Returned, RunError
from rawr.durable.domain.queue import ItemKind, QueueItem
from rawr.durable.domain.run import Run, RunState, RunStatus

NOW = 1_767_225_600_000
EVENT = Event(internal_id="E", id="E", name="app/go", data={}, ts=NOW, received_at=NOW, user={})
RULES = Rules(
    retry_delay_ms=lambda attempt: (attempt + 1) * 1000,
    index_wait=lambda _text, _event: WaitIndex(),
)
FAILURE = RunError(name="ValueError", message="bad")


def run_state(**changes: Any) -> RunState:
    run = Run(id="R", function_id="app-fn", events=(EVENT,), created_at=NOW, max_attempts=3)
    return RunState(run=run, **changes)


def item(**changes: Any) -> QueueItem:
    values: dict[str, Any] = {
        "id": 1,
        "run_id": "R",
        "function_id": "app-fn",
        "kind": ItemKind.CALL,
        "due_at": NOW,
        "max_attempts": 3,
        **changes,
    }
    return QueueItem(**values)


def respond(state: RunState, response: Any, **in_hand: Any) -> Transition:
    return machine.respond(state, item(**in_hand), response, now=NOW, rules=RULES)


def op(opcode: Opcode, step_id: str = "s", **values: Any) -> Op:
    return Op(op=opcode, id=step_id, name=values.pop("name", step_id), **values)


def kinds(transition: Transition) -> list[type]:
    return [type(effect) for effect in transition.effects]


def test_a_returned_function_completes_the_run() -> None:
    transition = respond(run_state(), Returned(output=b"1"))
    assert transition.after.status is RunStatus.COMPLETED
    assert transition.after.ended_at == NOW
    assert kinds(transition) == [EndRun, Emit]


def test_what_follows_a_race_does_not_wait_for_its_loser() -> None:
    racing = {"parallelMode": "race"}
    slow = op(Opcode.SLEEP, "slow", name="1h", opts=racing)
    fast = op(Opcode.STEP_PLANNED, "fast", opts=racing)
    state = respond(run_state(), Reported(ops=(slow, fast), request_version=2)).after
    won = Reported(ops=(op(Opcode.STEP_RUN, "fast", data=b"1"),))
    state = respond(state, won, step_id="fast").after
    after = op(Opcode.STEP_PLANNED, "after")
    state = respond(state, Reported(ops=(slow, after))).after
    ran = Reported(ops=(op(Opcode.STEP_RUN, "after", data=b"2"),))
    transition = respond(state, ran, step_id="after")
    assert [one for one in transition.effects if isinstance(one, Enqueue)] == [
        Enqueue(kind=ItemKind.CALL, due_at=NOW, step_id=None)
    ]


def test_a_step_that_ran_is_saved_and_the_function_called_again() -> None:
    transition = respond(run_state(), Reported(ops=(op(Opcode.STEP_RUN, data=b"1"),)))
    assert transition.after.memos == {"s": b'{"data":1}'}
    assert transition.after.stack == ("s",)
    assert kinds(transition) == [SaveStep, Enqueue, DropItem]


def test_a_legacy_step_is_kept_as_it_is() -> None:
    transition = respond(run_state(), Reported(ops=(op(Opcode.STEP, data=b"1"),)))
    assert transition.after.memos == {"s": b"1"}


def test_a_settled_step_keeps_its_memo() -> None:
    state = run_state(memos={"s": b'{"data":1}'}, stack=("s",))
    transition = respond(state, Reported(ops=(op(Opcode.STEP_RUN, data=b"2"),)))
    assert transition.after.memos == {"s": b'{"data":1}'}
    assert transition.after.stack == ("s",)


def test_a_checkpoint_saves_the_step_and_keeps_the_item() -> None:
    ops = (op(Opcode.STEP_RUN, data=b"1"),)
    first = machine.checkpoint(run_state(), item(), ops, now=NOW, rules=RULES)
    later = machine.checkpoint(run_state(), item(attempt=2), ops, now=NOW, rules=RULES)
    assert kinds(first) == [SaveStep]
    assert kinds(later) == [SaveStep, ResetAttempt]


def test_a_failed_call_is_requeued_until_its_attempts_are_used() -> None:
    first = respond(run_state(), Errored(error=FAILURE))
    last = respond(run_state(), Errored(error=FAILURE), attempt=2)
    assert first.effects == (Requeue(due_at=NOW + 1000, attempt=1),)
    assert last.after.status is RunStatus.FAILED


def test_a_failure_that_does_not_count_consumes_no_attempt() -> None:
    response = Errored(error=FAILURE, counts=False, retry_after_ms=5000)
    transition = respond(run_state(), response, attempt=2)
    assert transition.effects == (Requeue(due_at=NOW + 5000, attempt=2),)


def test_a_planned_step_is_called_once_however_often_it_is_reported() -> None:
    planned = Reported(ops=(op(Opcode.STEP_PLANNED),))
    first = respond(run_state(), planned)
    again = respond(first.after, planned)
    assert [e for e in first.effects if isinstance(e, Enqueue)] == [
        Enqueue(kind=ItemKind.CALL, due_at=NOW, step_id="s")
    ]
    assert kinds(again) == [DropItem]


def test_waits_are_stored_before_their_siblings() -> None:
    ops = (
        op(Opcode.STEP_PLANNED, "a"),
        op(Opcode.WAIT_FOR_EVENT, "b", name="app/x", opts={"timeout": "1h"}),
    )
    transition = respond(run_state(), Reported(ops=ops, request_version=2))
    assert kinds(transition)[:2] == [SaveStep, AddPause]
    assert transition.after.group == {"a", "b"}
    assert transition.after.force_step_plan is True


def test_an_older_sdk_is_called_after_each_step_of_a_group() -> None:
    ops = (op(Opcode.STEP_PLANNED, "a"), op(Opcode.STEP_PLANNED, "b"))
    transition = respond(run_state(), Reported(ops=ops, request_version=1))
    assert transition.after.group == frozenset()


def test_nothing_reported_with_nothing_open_is_tried_again_but_not_for_ever() -> None:
    first = respond(run_state(), Reported(ops=()))
    last = respond(run_state(), Reported(ops=()), attempt=2)
    assert first.effects == (Requeue(due_at=NOW, attempt=1),)
    assert last.after.status is RunStatus.FAILED


def test_a_sleep_longer_than_366_days_fails_the_run() -> None:
    transition = respond(run_state(), Reported(ops=(op(Opcode.SLEEP, name="367d"),)))
    assert transition.after.status is RunStatus.FAILED
    (end,) = [effect for effect in transition.effects if isinstance(effect, EndRun)]
    assert b"InngestErrTimeoutTooLong" in (end.output or b"")


def test_a_step_output_above_4_mib_fails_the_run() -> None:
    large = op(Opcode.STEP_RUN, data=b'"' + b"x" * (4 * 1024 * 1024) + b'"')
    transition = respond(run_state(), Reported(ops=(large,)))
    assert transition.after.status is RunStatus.FAILED


def test_a_settled_wait_releases_its_pause_and_its_timeout() -> None:
    opened = respond(
        run_state(), Reported(ops=(op(Opcode.WAIT_FOR_EVENT, opts={"timeout": "1h"}),))
    ).after
    in_hand = item(kind=ItemKind.RESUME, step_id="s", payload=b'{"name":"x"}')
    transition = machine.resume(opened, in_hand, now=NOW, rules=RULES)
    assert kinds(transition) == [DropItem, SaveStep, ReleaseStep, Enqueue]
    assert transition.after.memos == {"s": b'{"name":"x"}'}
    late = machine.resume(transition.after, in_hand, now=NOW, rules=RULES)
    assert late.effects == (DropItem(),)


def test_an_invoked_run_answers_its_invoker_however_it_ends() -> None:
    run = msgspec.structs.replace(run_state().run, correlation_id="P.step")
    state = RunState(run=run)
    done = respond(state, Returned(output=b"1"))
    failed = respond(state, Errored(error=FAILURE, no_retry=True))
    cancelled = machine.cancel(state, now=NOW, rules=RULES)
    payloads = [
        effect.payload
        for transition in (done, failed, cancelled)
        for effect in transition.effects
        if isinstance(effect, ResumeInvoker)
    ]
    assert payloads[0] == b'{"data":1}'
    assert b"ValueError" in payloads[1]
    assert b"cancelled" in payloads[2]


def test_an_ended_run_accepts_nothing() -> None:
    ended = respond(run_state(), Returned(output=b"1")).after
    assert respond(ended, Returned(output=b"2")).effects == (DropItem(),)
    assert machine.cancel(ended, now=NOW, rules=RULES).effects == ()
    ops = (op(Opcode.STEP_RUN, data=b"1"),)
    assert machine.checkpoint(ended, item(), ops, now=NOW, rules=RULES).after is ended


def test_a_run_whose_end_cannot_be_told_fails() -> None:
    for broken in (b'"\\ud800"', b"1e400", b'"\xff"'):
        unreadable = RunError(name="E", message="bad", raw=broken)
        for response in (Returned(output=broken), Errored(error=unreadable, no_retry=True)):
            transition = respond(run_state(), response)
            (end,) = [one for one in transition.effects if isinstance(one, EndRun)]
            assert transition.after.status is RunStatus.FAILED
            assert msgspec.json.decode(end.output or b"")["name"] == "OutputInvalid"


class SimulatedFunction:
    """What an SDK answers for a function of groups of steps, where some attempts fail.

    `plan` is a list of groups; a group of one step runs at once, a larger one is planned. A step
    is a kind and how many of its first attempts fail.
    """

    def __init__(self, plan: list[list[tuple[str, int]]]) -> None:
        self.groups = [
            [(f"{g}.{n}", kind, fails) for n, (kind, fails) in enumerate(group)]
            for g, group in enumerate(plan)
        ]
        self.executed: dict[str, int] = {}

    def answer(self, state: RunState, in_hand: QueueItem) -> Any:
        for group in self.groups:
            missing = [step for step in group if step[0] not in state.memos]
            if in_hand.step_id is not None:
                for step in missing:
                    if step[0] == in_hand.step_id:
                        return Reported(ops=(self.execute(step, in_hand),), request_version=2)
                continue
            if missing:
                ops = tuple(self.report(step, state, in_hand, len(group)) for step in missing)
                return Reported(ops=ops, request_version=2)
        return Returned(output=b'"done"')

    def report(
        self, step: tuple[str, str, int], state: RunState, in_hand: QueueItem, size: int
    ) -> Op:
        step_id, kind, _ = step
        if kind == "sleep":
            return op(Opcode.SLEEP, step_id, name="1s")
        if kind == "wait":
            return op(Opcode.WAIT_FOR_EVENT, step_id, opts={"timeout": "5s"})
        if size > 1 or state.force_step_plan:
            return op(Opcode.STEP_PLANNED, step_id)
        return self.execute(step, in_hand)

    def execute(self, step: tuple[str, str, int], in_hand: QueueItem) -> Op:
        step_id, _, fails = step
        count = self.executed[step_id] = self.executed.get(step_id, 0) + 1
        if count > fails:
            return op(Opcode.STEP_RUN, step_id, data=str(count).encode())
        last = in_hand.attempt + 1 >= in_hand.max_attempts
        return op(Opcode.STEP_FAILED if last else Opcode.STEP_ERROR, step_id, error=FAILURE)


STEPS = st.tuples(st.sampled_from(["run", "sleep", "wait"]), st.integers(0, 4))
PLANS = st.lists(st.lists(STEPS, min_size=1, max_size=4), max_size=5)


@settings(max_examples=200, deadline=None)
@given(plan=PLANS, data=st.data())
def test_every_run_ends_with_each_step_settled_once(
    plan: list[list[tuple[str, int]]], data: st.DataObject
) -> None:
    function = SimulatedFunction(plan)
    state = run_state()
    queue = {1: item()}
    numbers = itertools.count(2)
    saved: dict[str, bytes] = {}
    for _ in range(500):
        if state.status.is_terminal:
            break
        assert queue, "a live run has work, or it would never move again"
        number = data.draw(st.sampled_from(sorted(queue)))
        in_hand = queue[number]
        if in_hand.kind is ItemKind.RESUME:
            transition = machine.resume(state, in_hand, now=NOW, rules=RULES)
        elif machine.call_item_is_stale(state, in_hand):
            del queue[number]
            continue
        else:
            answer = function.answer(state, in_hand)
            transition = machine.respond(state, in_hand, answer, now=NOW, rules=RULES)
        apply(transition, queue, number, numbers)
        for effect in transition.effects:
            if isinstance(effect, SaveStep) and effect.step.memo is not None:
                assert effect.step.id not in saved, "a memo is written once"
                saved[effect.step.id] = effect.step.memo
        state = transition.after

    assert state.status is RunStatus.COMPLETED
    assert queue == {}
    assert dict(state.memos) == saved
    assert sorted(state.stack) == sorted(saved)
    assert len(saved) == sum(map(len, plan))
    for step_id, kind, fails in itertools.chain.from_iterable(function.groups):
        if kind == "run":
            assert function.executed[step_id] == min(fails, 2) + 1


def apply(transition: Transition, queue: dict[int, QueueItem], number: int, numbers: Any) -> None:
    """Do to a queue of one run what the store does."""
    for effect in transition.effects:
        match effect:
            case DropItem():
                queue.pop(number, None)
            case Requeue():
                queue[number] = msgspec.structs.replace(queue[number], attempt=effect.attempt)
            case Enqueue():
                fresh = next(numbers)
                queue[fresh] = item(
                    id=fresh, kind=effect.kind, step_id=effect.step_id, payload=effect.payload
                )
            case ReleaseStep():
                stale = [n for n, one in queue.items() if one.step_id == effect.step_id]
                for one in stale:
                    del queue[one]
            case EndRun():
                queue.clear()
            case _:
                pass
