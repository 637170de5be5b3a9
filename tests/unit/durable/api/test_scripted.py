"""What only other SDKs than the Python one ask for, by an app that answers from a script."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rawr.durable.domain.run import RunStatus

from .conftest import API, running

UNKNOWN = "01JQDAE4RQF8MBCR55T5AK4KXS"


def step(name: str, data: object) -> dict[str, Any]:
    return {"op": "StepRun", "id": name, "name": name, "displayName": name, "data": data}


async def wait_for_signal(call: Any, api: API) -> tuple[int, Any]:
    if call["steps"]:
        return 200, call["steps"]["s"]["data"]
    opts = {"signal": "go/1", "timeout": "1h", "conflict": "fail"}
    return 206, [{"op": "WaitForSignal", "id": "s", "name": "s", "opts": opts}]


async def test_a_signal_resumes_the_run_that_waits_for_it(tmp_path: Path) -> None:
    async with running(tmp_path, wait_for_signal) as world:
        await world.engine.settle()
        response = await world.api.call(
            "POST", "/v1/signals", json={"signal": "go/1", "data": {"n": 1}}
        )
        assert response.status_code == 200
        assert response.json()["data"] == {"run_id": world.run_id}
        assert response.json()["metadata"]["fetched_at"].endswith("Z")
        run = await world.ended()
        assert run.output is not None
        assert json.loads(run.output) == {"signal": "go/1", "data": {"n": 1}}


async def test_a_signal_nobody_waits_for_is_not_found(api: API) -> None:
    response = await api.call("POST", "/v1/signals", json={"signal": "go/1"})
    assert response.status_code == 404
    assert response.json() == {"error": "No signal found", "data": None, "status": 404}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data":1}', b'{"signal":1}', b"\xff"])
async def test_what_is_no_signal_is_refused(api: API, body: bytes) -> None:
    assert (await api.call("POST", "/v1/signals", content=body)).status_code == 400


@pytest.mark.parametrize("path", ["/v1/checkpoint/{run}/async", "/v1/http/runs/{run}/async"])
async def test_a_checkpoint_saves_steps_while_the_call_goes_on(tmp_path: Path, path: str) -> None:
    answers: list[httpx2.Response] = []

    async def report(call: Any, api: API) -> tuple[int, Any]:
        context = call["ctx"]
        body = {
            "run_id": context["run_id"],
            "fn_id": context["fn_id"],
            "qi_id": context["qi_id"],
            "generation_id": context["generation_id"],
            "steps": [{**step("a", 1), "rawArgs": []}, step("b", {"x": 2})],
            "ts": 1,
        }
        url = path.format(run=context["run_id"])
        answers.append(await api.call("POST", url, json=body))
        return 206, [{"op": "RunComplete", "id": "end", "data": "done"}]

    async with running(tmp_path, report) as world:
        run = await world.ended()
        steps = await world.engine.run_steps(world.run_id)
    assert (answers[0].status_code, answers[0].content) == (200, b"")
    assert answers[0].headers["content-type"] == "application/json"
    assert (run.status, run.output) == (RunStatus.COMPLETED, b'"done"')
    assert [(one.name, one.memo) for one in steps] == [
        ("a", b'{"data":1}'),
        ("b", b'{"data":{"x":2}}'),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "must be an object with steps"),
        (b"[]", "must be an object with steps"),
        (b'{"steps":[1]}', "cannot be read"),
        (b'{"steps":[{"op":"Sleep","id":"s","name":"1s"}]}', "cannot checkpoint async steps"),
    ],
)
async def test_a_checkpoint_that_cannot_be_saved_is_refused(
    tmp_path: Path, body: bytes, said: str
) -> None:
    async with running(tmp_path, wait_for_signal) as world:
        url = f"/v1/checkpoint/{world.run_id}/async"
        response = await world.api.call("POST", url, content=body)
    assert response.status_code == 400
    assert said in response.json()["error"]


async def test_a_checkpoint_of_an_unknown_run_is_not_found(api: API) -> None:
    response = await api.call(
        "POST", f"/v1/checkpoint/{UNKNOWN}/async", json={"steps": [step("a", 1)]}
    )
    assert response.status_code == 404
