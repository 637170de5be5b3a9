"""Invoking a function and waiting for what its run comes to."""

from pathlib import Path
from typing import Any

import pytest

from .conftest import API, running

INVOKE = "/invoke/app-hello"


async def returning(call: Any, _api: API) -> tuple[int, Any]:
    return 200, {"got": call["event"]["data"].get("n")}


async def failing(_call: Any, _api: API) -> tuple[int, Any]:
    return 500, {"name": "ValueError", "message": "no good"}


async def sleeping(_call: Any, _api: API) -> tuple[int, Any]:
    return 206, [{"op": "Sleep", "id": "nap", "name": "1h"}]


async def test_an_invocation_that_waits_is_answered_with_the_result(tmp_path: Path) -> None:
    async with running(tmp_path, returning) as world:
        response = await world.api.call("POST", f"{INVOKE}?wait=10s", json={"data": {"n": 7}})
        answer = response.json()
        (run,) = await world.engine.runs_of_event(answer["id"])

    assert (response.status_code, answer["status"]) == (200, 200)
    assert answer["run"] == {"run_id": run.id, "status": "Completed", "output": {"got": 7}}


async def test_one_that_does_not_wait_is_answered_at_once(tmp_path: Path) -> None:
    async with running(tmp_path, returning) as world:
        answer = (await world.api.call("POST", INVOKE, json={"data": {}})).json()

    assert set(answer) == {"id", "status"}


async def test_a_failure_is_a_result(tmp_path: Path) -> None:
    async with running(tmp_path, failing) as world:
        response = await world.api.call("POST", f"{INVOKE}?wait=10s", json={})

    run = response.json()["run"]
    assert (response.status_code, run["status"]) == (200, "Failed")
    assert run["output"]["message"] == "no good"


async def test_a_run_that_takes_longer_is_accepted(tmp_path: Path) -> None:
    async with running(tmp_path, sleeping) as world:
        response = await world.api.call("POST", f"{INVOKE}?wait=1ms", json={})
        answer = response.json()

        assert (response.status_code, answer) == (202, {"id": answer["id"], "status": 202})
        assert await world.engine.runs_of_event(answer["id"])


@pytest.mark.parametrize("wait", ["", "soon", "6m", "-1s"])
async def test_a_wait_that_is_none_starts_nothing(tmp_path: Path, wait: str) -> None:
    async with running(tmp_path, returning) as world:
        before = len(await world.engine.list_runs())
        response = await world.api.call("POST", f"{INVOKE}?wait={wait}", json={})

        assert response.status_code == 400
        assert "?wait" in response.json()["error"]
        assert len(await world.engine.list_runs()) == before
