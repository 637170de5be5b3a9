"""What other SDKs may answer: signals, checkpoints, legacy steps. The app is scripted."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rawr.durable.domain.errors import LimitExceeded, ResponseRejected, RunNotFound, StaleCall
from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.op import Op, Opcode
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, RunView
from rawr.durable.protocol.call import parse_queue_item_reference
from rawr.testing.clock import VirtualClock

Reply = Callable[[dict[str, Any]], Awaitable[tuple[int, Any]]]

SDK = {"x-inngest-sdk": "js:v4.24.0", "x-inngest-req-version": "2"}


class ScriptedApp:
    """An app with one function, `app-fn` on `app/go`, that answers what a test says."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.calls: list[dict[str, Any]] = []
        self.engine: Engine
        self.reply: Reply

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        call = json.loads(request.content)
        self.calls.append(call)
        status, body = await self.reply(call)
        return httpx2.Response(status, headers=SDK, content=json.dumps(body).encode())

    async def run(self, **data: Any) -> RunView:
        (event,) = await self.engine.send([EventDraft(name="app/go", data=data)])
        await self.engine.settle()
        (run,) = await self.engine.runs_of_event(event)
        return run

    async def result(self, run: RunView) -> Any:
        view = await self.engine.get_run(run.id)
        assert view is not None
        assert view.status is RunStatus.COMPLETED, view
        return json.loads(view.output or b"null")


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[ScriptedApp]:
    clock = VirtualClock(start_ms=time.time_ns() // 1_000_000)
    app = ScriptedApp(clock)
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(app))
    async with await Engine.open(tmp_path, clock=clock, http_client=client) as engine:
        runtime = {"type": "http", "url": "http://app.test/api"}
        function = {
            "id": "app-fn",
            "triggers": [{"event": "app/go"}],
            "steps": {"step": {"runtime": runtime, "retries": {"attempts": 1}}},
        }
        shape = {"appName": "app", "url": "http://app.test/api", "functions": [function]}
        await engine.register(json.dumps(shape).encode())
        app.engine = engine
        yield app


def waiting_for(signal: str, conflict: str = "fail") -> Reply:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if "w" in call["steps"]:
            return 200, call["steps"]["w"]
        opts = {"signal": signal, "timeout": "1h", "conflict": conflict}
        return 206, [{"op": "WaitForSignal", "id": "w", "name": signal, "opts": opts}]

    return reply


async def test_a_signal_resumes_the_run_that_waits_for_it(app: ScriptedApp) -> None:
    app.reply = waiting_for("go")
    run = await app.run()
    assert await app.engine.signal("stop", {}) is None
    assert await app.engine.signal("go", {"n": 1}) == run.id
    assert await app.engine.signal("go", {"n": 2}) is None
    await app.engine.settle()

    assert await app.result(run) == {"data": {"signal": "go", "data": {"n": 1}}}


async def test_a_signal_that_never_comes_gives_null(app: ScriptedApp) -> None:
    app.reply = waiting_for("go")
    run = await app.run()
    app.clock.advance(3_600_000)
    await app.engine.settle()
    assert await app.result(run) is None


async def test_a_second_wait_for_a_signal_fails_its_run(app: ScriptedApp) -> None:
    app.reply = waiting_for("go")
    first = await app.run()
    second = await app.run()
    assert second.status is RunStatus.FAILED
    assert b"Signal conflict" in (second.output or b"")
    assert await app.engine.signal("go", 1) == first.id


async def test_a_wait_may_take_a_signal_over(app: ScriptedApp) -> None:
    app.reply = waiting_for("go", conflict="replace")
    await app.run()
    second = await app.run()
    assert await app.engine.signal("go", 1) == second.id


def step(step_id: str, data: Any) -> Op:
    return Op(op=Opcode.STEP_RUN, id=step_id, name=step_id, data=json.dumps(data).encode())


async def test_checkpointed_steps_are_kept_while_the_call_goes_on(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        ctx = call["ctx"]
        if call["steps"]:
            return 200, call["steps"]
        item_id = parse_queue_item_reference(ctx["qi_id"])
        await app.engine.checkpoint(ctx["run_id"], [step("a", 1)], item_id=item_id)
        await app.engine.checkpoint(ctx["run_id"], [step("b", 2)], item_id=item_id)
        return 206, [{"op": "Sleep", "id": "s", "name": "1s", "opts": {}}]

    app.reply = reply
    run = await app.run()
    app.clock.advance(1000)
    await app.engine.settle()

    assert await app.result(run) == {"a": {"data": 1}, "b": {"data": 2}, "s": None}
    assert len(app.calls) == 2


async def test_a_checkpoint_starts_the_count_of_attempts_again(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        ctx = call["ctx"]
        item_id = parse_queue_item_reference(ctx["qi_id"])
        if len(app.calls) == 2:
            await app.engine.checkpoint(ctx["run_id"], [step("a", 1)], item_id=item_id)
        if len(app.calls) < 4:
            return 500, {"name": "Error", "message": "again"}
        return 200, ctx["attempt"]

    app.reply = reply
    run = await app.run()
    for _ in range(3):
        app.clock.advance(60_000)
        await app.engine.settle()

    assert [call["ctx"]["attempt"] for call in app.calls] == [0, 1, 1]
    assert (await app.engine.get_run(run.id)).status is RunStatus.FAILED  # type: ignore[union-attr]  # the run exists


async def test_a_checkpoint_takes_only_steps_that_have_settled(app: ScriptedApp) -> None:
    app.reply = waiting_for("go")
    run = await app.run()
    with pytest.raises(ResponseRejected, match="cannot checkpoint async steps"):
        await app.engine.checkpoint(run.id, [Op(op=Opcode.SLEEP, id="s", name="1s")])
    large = Op(op=Opcode.STEP_RUN, id="s", data=b'"' + b"x" * (4 * 1024 * 1024) + b'"')
    with pytest.raises(LimitExceeded):
        await app.engine.checkpoint(run.id, [large])
    with pytest.raises(RunNotFound):
        await app.engine.checkpoint("01NOBODY", [step("a", 1)])


async def test_a_checkpoint_of_an_ended_run_changes_nothing(app: ScriptedApp) -> None:
    async def reply(_call: dict[str, Any]) -> tuple[int, Any]:
        return 200, None

    app.reply = reply
    run = await app.run()
    await app.engine.checkpoint(run.id, [step("a", 1)])
    assert await app.engine.run_steps(run.id) == []


async def test_run_complete_ends_the_run(app: ScriptedApp) -> None:
    async def reply(_call: dict[str, Any]) -> tuple[int, Any]:
        return 206, [{"op": "RunComplete", "id": "0737", "data": {"n": 1}}]

    app.reply = reply
    assert await app.result(await app.run()) == {"n": 1}


async def test_the_version_the_sdk_answers_with_is_sent_back(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if call["steps"]:
            return 200, call["version"]
        return 206, [{"op": "StepRun", "id": "a", "data": 1}]

    app.reply = reply
    assert await app.result(await app.run()) == 2
    assert app.calls[0]["version"] == -1


async def test_an_answer_outside_the_protocol_is_retried(app: ScriptedApp) -> None:
    async def reply(_call: dict[str, Any]) -> tuple[int, Any]:
        if len(app.calls) == 1:
            return 206, [{"op": "StepRun"}]
        return 200, "ok"

    app.reply = reply
    run = await app.run()
    app.clock.advance(60_000)
    await app.engine.settle()
    assert await app.result(run) == "ok"


async def test_a_fetch_is_made_by_the_engine(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if call.get("probe"):
            return 200, "pong"
        if call["steps"]:
            return 200, call["steps"]["f"]["data"]["body"]
        opts = {"url": "http://other.test/x", "method": "POST", "body": '{"probe":true}'}
        return 206, [{"op": "Gateway", "id": "f", "name": "f", "opts": opts}]

    app.reply = reply
    assert await app.result(await app.run()) == '"pong"'


async def test_a_call_that_was_given_up_may_save_no_more_steps(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        ctx = call["ctx"]
        if len(app.calls) == 1:
            return 500, {"name": "Error", "message": "the connection broke"}
        item_id = parse_queue_item_reference(ctx["qi_id"])
        with pytest.raises(StaleCall):
            await app.engine.checkpoint(
                ctx["run_id"], [step("a", 1)], item_id=item_id, generation=1
            )
        generation = ctx["generation_id"]
        ops = [step("a", 2)]
        await app.engine.checkpoint(ctx["run_id"], ops, item_id=item_id, generation=generation)
        return 200, generation

    app.reply = reply
    run = await app.run()
    app.clock.advance(60_000)
    await app.engine.settle()
    assert await app.result(run) == 2
    assert [one.memo for one in await app.engine.run_steps(run.id)] == [b'{"data":2}']


async def test_half_an_emoji_is_kept_as_the_sign_for_what_is_unknown(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if not call["steps"]:
            return 206, [{"op": "StepRun", "id": "a", "name": "a", "data": "\ud83d"}]
        return 200, call["steps"]["a"]

    app.reply = reply
    assert await app.result(await app.run()) == {"data": "\ufffd"}


def fanning_out(count: int) -> Reply:
    """A function with that many parallel steps; the last is planned again by every call."""

    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        target = call["ctx"]["step_id"]
        if target != "step":
            return 206, [{"op": "StepRun", "id": target, "name": target, "data": target}]
        if len(call["steps"]) == count:
            return 200, len({step["data"] for step in call["steps"].values()})
        names = [f"s{number}" for number in range(count)]
        planned = [name for name in names if name not in call["steps"]]
        return 206, [{"op": "StepPlanned", "id": name, "name": name} for name in planned]

    return reply


async def test_a_thousand_steps_of_a_run_execute_in_parallel(app: ScriptedApp) -> None:
    app.reply = fanning_out(1000)
    run = await app.run()
    assert await app.result(run) == 1000
    targets = [call["ctx"]["step_id"] for call in app.calls]
    assert len(targets) == 1002, "one discovery before the group and one after it"
    assert len(set(targets)) == 1001
    assert await app.engine.queue_depth() == 0


async def test_more_parallel_steps_than_a_response_may_hold_fail_the_run(app: ScriptedApp) -> None:
    app.reply = fanning_out(1001)
    run = await app.run()
    assert run.status is RunStatus.FAILED
    assert json.loads(run.output or b"")["name"] == "TooManyOperations"
    assert len(app.calls) == 1, "trying again would not help"
