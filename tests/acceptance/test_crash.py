"""`kill -9` at random moments under load: nothing accepted is lost, nothing is done twice."""

import itertools
import random
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.hq import RunningHq, start_hq

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

RUNS = 50
KILLS = 20
TERMINAL_SECONDS = 60


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_no_accepted_run_is_lost_and_no_step_is_committed_twice(data_dir: Path) -> None:
    chance = random.Random(20)
    accepted: dict[str, str] = {}
    wanted = [f"request-{number}" for number in range(RUNS)]

    for kill in range(KILLS):
        share = wanted[RUNS * kill // KILLS : RUNS * (kill + 1) // KILLS]
        earlier = chance.sample(sorted(accepted), k=min(len(accepted), 20))
        hq = start_hq(data_dir)
        trigger_until_killed(hq, [*share, *earlier], accepted, chance.uniform(0.001, 0.06))

    hq = start_hq(data_dir)
    try:
        with hq.client() as client:
            for request_id in wanted:
                accepted[request_id] = trigger(client, request_id, accepted.get(request_id))
            for run_id in accepted.values():
                await_completed(client, run_id)
                assert timeline(client, run_id) == ["queued", "reconciling", "completed"]
    finally:
        assert hq.interrupt() == 0

    assert len(set(accepted.values())) == RUNS
    assert_each_step_was_committed_once(data_dir)


def trigger_until_killed(
    hq: RunningHq, request_ids: list[str], accepted: dict[str, str], seconds: float
) -> None:
    """Trigger one after the other while a timer kills the process, in whatever it does then."""
    killer = threading.Timer(seconds, hq.kill)
    killer.start()
    with hq.client() as client:
        for request_id in itertools.cycle(request_ids):
            try:
                accepted[request_id] = trigger(client, request_id, accepted.get(request_id))
            except httpx2.TransportError:
                break
    killer.join()


def trigger(client: httpx2.Client, request_id: str, known: str | None) -> str:
    """Trigger under an idempotency key; an accepted one leads to the same run for ever."""
    response = client.post(
        "/api/workflows/invoicing/reconciliation/trigger",
        json={"requestId": request_id, "invoiceId": f"invoice-of-{request_id}"},
    )
    assert response.status_code == 200, response.text
    run_id: str = response.json()["runId"]
    assert known in (None, run_id)
    return run_id


def await_completed(client: httpx2.Client, run_id: str) -> None:
    deadline = time.monotonic() + TERMINAL_SECONDS
    while True:
        status = client.get(f"/api/workflows/invoicing/runs/{run_id}").json()
        if status["isTerminal"]:
            assert status["status"] == "completed"
            return
        assert time.monotonic() < deadline, f"{run_id} is stuck: {status}"
        time.sleep(0.02)


def timeline(client: httpx2.Client, run_id: str) -> list[str]:
    response = client.get(f"/api/workflows/invoicing/runs/{run_id}/timeline")
    return [event["status"] for event in response.json()["events"]]


def assert_each_step_was_committed_once(data_dir: Path) -> None:
    """Read the engine's own books: one run an event, two steps a run, all of them ended."""
    engine = sqlite3.connect(f"file:{data_dir}/engine/engine.db?mode=ro", uri=True)
    try:
        runs = engine.execute("SELECT id, status FROM runs").fetchall()
        steps = Counter(run_id for (run_id,) in engine.execute("SELECT run_id FROM steps"))
    finally:
        engine.close()
    assert len(runs) == RUNS
    assert {status for _, status in runs} == {"completed"}
    assert set(steps.values()) == {2}
