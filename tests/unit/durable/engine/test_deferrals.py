"""Deferred functions, metadata, and answers about the function itself. The app is scripted."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from rawr.durable.domain.errors import LimitExceeded, RunNotFound
from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.limits import MAX_METADATA_BYTES
from rawr.durable.domain.op import RUN_COMPLETE_ID, MetadataUpdate
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine

from .test_scripted import ScriptedApp, app as app  # noqa: PLC0414 - a fixture shared by two modules

ERROR = {"name": "Error", "message": "bad"}


def defer(step_id: str, slug: str = "app-later", **data: Any) -> dict[str, Any]:
    opts = {"fn_slug": slug, "input": data}
    return {"op": "DeferAdd", "id": step_id, "name": step_id, "opts": opts, "data": None}


def abort(step_id: str) -> dict[str, Any]:
    opts = {"target_hashed_id": step_id, "fn_slug": "app-later", "id": step_id}
    return {"op": "DeferAbort", "id": f"{step_id}-abort", "name": step_id, "opts": opts}


def ran(step_id: str, **more: Any) -> dict[str, Any]:
    return {"op": "StepRun", "id": step_id, "name": step_id, "data": 1, **more}


async def scheduled(engine: Engine) -> list[dict[str, Any]]:
    events = await engine.list_events(name="inngest/deferred.schedule")
    return [dict(event.data) for event in reversed(events)]


async def test_deferred_runs_are_scheduled_once_their_run_has_ended(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if not call["steps"]:
            return 206, [defer("d", to="me"), ran("a")]
        if "s" not in call["steps"]:
            return 206, [{"op": "Sleep", "id": "s", "name": "1h", "opts": {}}, defer("d", to="no")]
        return 206, [{"op": "RunComplete", "id": RUN_COMPLETE_ID, "data": 1}]

    app.reply = reply
    run = await app.run()
    assert await scheduled(app.engine) == []
    assert app.calls[-1]["defers"] == {"d": {"abortable": True}}
    app.clock.advance(3_600_000)
    await app.engine.settle()
    marks = {
        "fn_slug": "app-later",
        "hashed_defer_id": "d",
        "parent_fn_slug": "app-fn",
        "parent_run_id": run.id,
    }
    assert await scheduled(app.engine) == [{"to": "me", "_inngest": marks}]


async def test_what_is_taken_back_never_starts_and_is_not_asked_for_again(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if not call["steps"]:
            return 206, [defer("d"), ran("a")]
        if "b" not in call["steps"]:
            return 206, [abort("d"), abort("unknown"), ran("b")]
        return 206, [defer("d"), {"op": "RunComplete", "id": RUN_COMPLETE_ID, "data": None}]

    app.reply = reply
    run = await app.run()
    assert run.status is RunStatus.COMPLETED
    assert app.calls[-1]["defers"] == {"d": {"abortable": False}}
    assert await scheduled(app.engine) == []
    (step,) = [one for one in await app.engine.run_steps(run.id) if one.id == "d"]
    assert b"DeferAborted" in (step.error or b"")


async def test_deferrals_outlive_the_process(tmp_path: Path, app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if "s" in call["steps"]:
            return 200, call["defers"]
        taken, sleep = abort("x"), {"op": "Sleep", "id": "s", "name": "1h", "opts": {}}
        return 206, [defer("d", n=1), defer("x"), taken, sleep]

    app.reply = reply
    run = await app.run()
    state = await app.engine._store.load_state(run.id)
    assert state is not None
    assert set(state.deferrals) == {"d", "x"}
    assert set(state.open) == {"s"}
    assert (state.memos, state.stack, state.inputs) == ({}, (), {})


async def test_a_deferral_above_the_limits_does_not_fail_its_run(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if not call["steps"]:
            large = defer("large", text="x" * 4 * 1024 * 1024)
            return 206, [large, defer("malformed", slug=""), ran("a")]
        many = [defer(f"d{number}") for number in range(25)]
        return 206, [*many, {"op": "RunComplete", "id": RUN_COMPLETE_ID, "data": None}]

    app.reply = reply
    run = await app.run()
    assert run.status is RunStatus.COMPLETED
    assert app.calls[1]["defers"] == {"large": {"abortable": False}}
    assert len(await scheduled(app.engine)) == 19


async def test_a_failed_run_schedules_what_it_deferred_and_is_retried_before(
    app: ScriptedApp,
) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        op = "StepFailed" if call["ctx"]["attempt"] else "StepError"
        return 206, [defer("d"), {"op": op, "id": RUN_COMPLETE_ID, "error": ERROR}]

    app.reply = reply
    run = await app.run()
    assert run.status is RunStatus.RUNNING
    app.clock.advance(60_000)
    await app.engine.settle()
    view = await app.engine.get_run(run.id)
    assert view is not None
    assert view.status is RunStatus.FAILED
    assert [call["ctx"]["attempt"] for call in app.calls] == [0, 1]
    assert len(await scheduled(app.engine)) == 1


async def test_checkpoints_may_carry_deferrals(app: ScriptedApp) -> None:
    from rawr.durable.protocol.opcodes import parse_ops

    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        body = msgspec.json.encode([ran("a"), defer("d", n=1)])
        await app.engine.checkpoint(call["ctx"]["run_id"], parse_ops(body))
        return 200, None

    app.reply = reply
    await app.run()
    assert [data["n"] for data in await scheduled(app.engine)] == [1]


async def test_metadata_of_a_step_is_stored_with_it_and_replaced(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if call["steps"]:
            return 200, None
        size = {"kind": "userland.size", "scope": "step", "op": "set", "values": {"rows": 3}}
        return 206, [ran("a", metadata=[size])]

    app.reply = reply
    run = await app.run()
    (kept,) = await app.engine.run_metadata(run.id)
    assert (kept.step_id, kept.kind, kept.values) == ("a", "userland.size", b'{"rows":3}')
    update = MetadataUpdate(kind="userland.size", scope="step", values=b'{"rows":4}')
    await app.engine.attach_metadata(run.id, [update], step_id="a")
    label = MetadataUpdate(kind="userland.label", scope="run", values=b'{"x":1}')
    await app.engine.attach_metadata(run.id, [label])
    values = [(one.step_id, one.values) for one in await app.engine.run_metadata(run.id)]
    assert values == [(None, b'{"x":1}'), ("a", b'{"rows":4}')]


async def test_metadata_is_bounded_and_needs_a_run(app: ScriptedApp) -> None:
    async def reply(_call: dict[str, Any]) -> tuple[int, Any]:
        return 200, None

    app.reply = reply
    run = await app.run()
    large = MetadataUpdate(kind="a", scope="run", values=b"x" * (MAX_METADATA_BYTES + 1))
    with pytest.raises(LimitExceeded, match="metadata 'a' has 65537 bytes"):
        await app.engine.attach_metadata(run.id, [large])
    full = b"x" * MAX_METADATA_BYTES
    for number in range(16):
        update = MetadataUpdate(kind=f"k{number}", scope="run", values=full)
        await app.engine.attach_metadata(run.id, [update])
    with pytest.raises(LimitExceeded):
        await app.engine.attach_metadata(
            run.id, [MetadataUpdate(kind="k16", scope="run", values=b"{}")]
        )
    with pytest.raises(RunNotFound):
        await app.engine.attach_metadata("01NOBODY", [])


async def test_an_unknown_operation_fails_the_run_at_once_and_is_named(app: ScriptedApp) -> None:
    async def reply(_call: dict[str, Any]) -> tuple[int, Any]:
        return 206, [{"op": "Teleport", "id": "a"}]

    app.reply = reply
    run = await app.run()
    assert run.status is RunStatus.FAILED
    assert run.output is not None
    error = msgspec.json.decode(run.output)
    assert error["name"] == "UnknownOpcode"
    assert "'Teleport'" in error["message"]
    assert len(app.calls) == 1


async def test_sessions_reach_functions_and_what_they_start(app: ScriptedApp) -> None:
    async def reply(call: dict[str, Any]) -> tuple[int, Any]:
        if call["steps"]:
            return 200, call["event"].get("meta")
        passed_on = {"propagated_sessions": {"user": "u1"}}
        payload = {"data": {}, "meta": passed_on}
        invoke = {"function_id": "app-gone", "payload": payload, "timeout": None}
        later = defer("d")
        later["opts"]["meta"] = passed_on
        return 206, [{"op": "InvokeFunction", "id": "i", "opts": invoke}, later]

    app.reply = reply
    draft = EventDraft(name="app/go", data={}, meta={"sessions": {"user": "u1"}})
    (event_id,) = await app.engine.send([draft])
    await app.engine.settle()
    (run,) = await app.engine.runs_of_event(event_id)
    assert await app.result(run) == {"sessions": {"user": "u1"}}
    for name in ("function.invoked", "function.finished", "deferred.schedule"):
        (event,) = await app.engine.list_events(name=f"inngest/{name}")
        assert event.sessions == {"user": "u1"}, name
