"""The reference HQ on an Inngest server: another process, reached by the documented protocol alone.

The server is `rawr engine`, which the official SDKs' own suites judge; nothing is asked of it that
any Inngest server does not offer.
"""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from rawr.cli import main
from rawr.durable.protocol.signing import hash_signing_key, sign
from tests.acceptance.engine import RunningEngine, start_engine, until
from tests.acceptance.hq import RAWR, RunningHq, start_hq

pytestmark = pytest.mark.acceptance

HQ = Path(__file__).parent / "inngest_hq"
KEY = "signkey-test-" + "0123456789abcdef" * 4
OTHER_KEY = "signkey-test-" + "fedcba9876543210" * 4
EVENT_KEY = "an-event-key"
EVENT = "invoicing.reconciliation.requested"
FUNCTION = "rawr-hq-invoicing.reconciliation"
TRIGGER = "/api/workflows/invoicing/reconciliation/trigger"
CLOUD = {"INNGEST_SIGNING_KEY": KEY, "INNGEST_EVENT_KEY": EVENT_KEY}


@dataclass
class Pair:
    """An HQ and the server that executes its functions."""

    folder: Path
    stack: ExitStack
    port: int
    keys: Mapping[str, str] = field(default_factory=dict)
    """Of kind `cloud` with keys, else `dev`."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def books(self) -> Path:
        return self.folder / "books"

    def start_server(self, data: str = "engine", *, retry_seconds: float = 0.05) -> RunningEngine:
        key = self.keys.get("INNGEST_SIGNING_KEY")
        bearer = {"authorization": f"Bearer {hash_signing_key(key)}"} if key else {}
        server = start_engine(
            self.folder / data,
            port=str(self.port),
            headers=bearer,
            environ=self.keys,
            retry_seconds=retry_seconds,
        )
        self.stack.callback(server.client.close)
        self.stack.callback(server.kill)
        return server

    def start_hq(self, **environ: str) -> RunningHq:
        where = {"INNGEST_BASE_URL": self.origin} if self.keys else {"INNGEST_DEV": self.origin}
        settings = {"RAWR_ENGINE": "inngest", "TEST_BOOKS": str(self.books), **where, **self.keys}
        hq = start_hq(self.folder / "hq", hq_dir=HQ, **(settings | environ))
        self.stack.callback(hq.kill)
        return hq


@contextmanager
def pair(folder: Path, keys: Mapping[str, str]) -> Iterator[Pair]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ExitStack() as stack:
        started = Pair(folder, stack, port, keys)
        started.books.write_text("open")
        yield started


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Pair]:
    """With a dev server, which has no keys."""
    with pair(tmp_path, {}) as started:
        yield started


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Pair]:
    """With a server that asks for keys and signs."""
    with pair(tmp_path, CLOUD) as started:
        yield started


@pytest.fixture(params=["dev", "cloud"])
def either(request: pytest.FixtureRequest) -> Pair:
    found: Pair = request.getfixturevalue(request.param)
    return found


def caller(hq: RunningHq) -> httpx2.Client:
    """A first party; it polls, so it reads no certificates, which take longer than an answer."""
    headers = {"authorization": f"Bearer {hq.token}"}
    return httpx2.Client(base_url=hq.base_url, headers=headers, trust_env=False, verify=False)


def trigger(hq: RunningHq, invoice: str = "inv-1") -> str:
    """Trigger a reconciliation that must be accepted; returns the run's id."""
    with caller(hq) as client:
        accepted = client.post(TRIGGER, json={"invoiceId": invoice})
        assert accepted.status_code == 200, accepted.text
        return str(accepted.json()["runId"])


def timeline(hq: RunningHq, run_id: str) -> list[dict[str, Any]]:
    with caller(hq) as client:
        answer = client.get(f"/api/workflows/invoicing/runs/{run_id}/timeline")
        events: list[dict[str, Any]] = answer.json()["events"]
        return events


def statuses(hq: RunningHq, run_id: str) -> list[str]:
    return [event["status"] for event in timeline(hq, run_id)]


def reaches(hq: RunningHq, run_id: str, status: str) -> None:
    until(lambda: statuses(hq, run_id)[-1] == status)


def readiness(hq: RunningHq) -> tuple[int, dict[str, str]]:
    with caller(hq) as client:
        answer = client.get("/ready")
        return answer.status_code, answer.json()["checks"]


def says(hq: RunningHq, text: str) -> None:
    """Wait until the log says so."""
    until(lambda: text in hq.log.read_text())


def runs_of(server: RunningEngine, run_id: str) -> list[dict[str, Any]]:
    """What the server executes for one run of the HQ, by the event's id."""

    def look() -> list[dict[str, Any]]:
        sent = [
            one["internal_id"]
            for one in server.get("/v1/events", name=EVENT, limit="100")
            if one["data"]["runId"] == run_id
        ]
        return [run for event in sent for run in server.get(f"/v1/events/{event}/runs")]

    found: list[dict[str, Any]] = until(look)
    return found


def test_a_trigger_completes_over_both_route_families(either: Pair) -> None:
    server, hq = either.start_server(), either.start_hq()
    assert f"functions executed by the Inngest server at {either.origin}" in hq.log.read_text()
    assert readiness(hq) == (200, {"database": "ok", "engine": "ok", "relay": "ok"})
    with caller(hq) as client:
        answer = client.post(
            "/rpc/invoicing/workflows/triggerReconciliation", json={"json": {"invoiceId": "inv-2"}}
        )
        over_rpc = answer.json()["json"]["runId"]
    for run_id in (trigger(hq), over_rpc):
        reaches(hq, run_id, "completed")
        assert statuses(hq, run_id) == ["queued", "reconciling", "completed"]
        (run,) = runs_of(server, run_id)
        assert run["function_slug"] == FUNCTION
    assert not (hq.data_dir / "engine").exists()


def test_a_function_that_fails_fails_its_run_in_its_own_words(dev: Pair) -> None:
    dev.books.write_text("closed")
    dev.start_server()
    hq = dev.start_hq()
    run_id = trigger(hq)
    reaches(hq, run_id, "failed")
    assert "the books are closed" in timeline(hq, run_id)[-1]["detail"]


def test_a_function_cancelled_at_the_server_cancels_its_run(either: Pair) -> None:
    either.books.write_text("slow")
    server, hq = either.start_server(), either.start_hq()
    run_id = trigger(hq)
    reaches(hq, run_id, "reconciling")
    (run,) = runs_of(server, run_id)
    cancelled = server.client.delete(f"/v1/runs/{run['run_id']}")
    assert cancelled.is_success, cancelled.text
    reaches(hq, run_id, "canceled")
    either.books.write_text("open")
    assert statuses(hq, run_id) == ["queued", "reconciling", "canceled"]


def test_a_cancellation_is_heard_of_by_an_hq_that_was_down(cloud: Pair) -> None:
    cloud.books.write_text("slow")
    server, hq = cloud.start_server(retry_seconds=1), cloud.start_hq()
    run_id = trigger(hq)
    reaches(hq, run_id, "reconciling")
    (run,) = runs_of(server, run_id)
    hq.kill()
    assert server.client.delete(f"/v1/runs/{run['run_id']}").is_success
    cloud.books.write_text("open")
    hq = cloud.start_hq()
    reaches(hq, run_id, "canceled")


def test_triggers_are_accepted_before_the_server_is_there(either: Pair) -> None:
    hq = either.start_hq()
    assert readiness(hq)[0] == 503
    says(hq, "cannot be reached")
    accepted = [trigger(hq, f"inv-{n}") for n in range(3)]
    says(hq, "No event gets through to the engine; all are kept and sent later")
    server = either.start_server()
    for run_id in accepted:
        reaches(hq, run_id, "completed")
        assert len(runs_of(server, run_id)) == 1
    until(lambda: readiness(hq)[0] == 200)


def test_events_of_an_outage_are_delivered_once(cloud: Pair) -> None:
    server, hq = cloud.start_server(), cloud.start_hq()
    reaches(hq, trigger(hq), "completed")
    server.kill()
    accepted = [trigger(hq, f"inv-{n}") for n in range(5)]
    until(lambda: readiness(hq)[1]["engine"] == "failing")
    server = cloud.start_server()
    for run_id in accepted:
        reaches(hq, run_id, "completed")
        assert statuses(hq, run_id) == ["queued", "reconciling", "completed"]
        assert len(runs_of(server, run_id)) == 1
    until(lambda: readiness(hq)[0] == 200)


def test_a_server_that_has_forgotten_is_told_again(dev: Pair) -> None:
    server, hq = dev.start_server(), dev.start_hq()
    server.kill()
    until(lambda: readiness(hq)[1]["engine"] == "failing")
    dev.start_server("another")
    reaches(hq, trigger(hq), "completed")


def test_a_run_goes_on_after_kill_9(either: Pair) -> None:
    either.books.write_text("slow")
    server, hq = either.start_server(retry_seconds=3), either.start_hq()
    run_id = trigger(hq)
    reaches(hq, run_id, "reconciling")
    hq.kill()
    either.books.write_text("open")
    hq = either.start_hq()
    reaches(hq, run_id, "completed")
    assert len(runs_of(server, run_id)) == 1


def test_an_event_committed_before_kill_9_is_sent_after_the_restart(dev: Pair) -> None:
    hq = dev.start_hq()
    run_id = trigger(hq)
    hq.kill()
    server, hq = dev.start_server(), dev.start_hq()
    reaches(hq, run_id, "completed")
    assert len(runs_of(server, run_id)) == 1


def test_a_wrong_signing_key_is_named_and_opens_nothing(cloud: Pair) -> None:
    cloud.start_server()
    hq = cloud.start_hq(INNGEST_SIGNING_KEY=OTHER_KEY)
    says(hq, "Authentication failed")
    assert "INNGEST_SIGNING_KEY must be the server's" in hq.log.read_text()
    assert readiness(hq)[1]["engine"] == "failing"
    assert OTHER_KEY.rpartition("-")[2] not in hq.log.read_text()


def test_a_wrong_event_key_is_named_and_loses_nothing(cloud: Pair) -> None:
    server = cloud.start_server()
    hq = cloud.start_hq(INNGEST_EVENT_KEY="another")
    run_id = trigger(hq)
    says(hq, "does not know the event key (401: Event key not found); set INNGEST_EVENT_KEY")
    assert hq.interrupt() == 0
    hq = cloud.start_hq()
    reaches(hq, run_id, "completed")
    assert len(runs_of(server, run_id)) == 1


@pytest.mark.parametrize("current", [KEY, OTHER_KEY], ids=["server rotates first", "HQ first"])
def test_a_signing_key_is_rotated_with_a_fallback(cloud: Pair, current: str) -> None:
    before = OTHER_KEY if current == KEY else KEY
    cloud.start_server()
    hq = cloud.start_hq(INNGEST_SIGNING_KEY=current, INNGEST_SIGNING_KEY_FALLBACK=before)
    reaches(hq, trigger(hq), "completed")


def test_only_the_server_may_call_functions(cloud: Pair) -> None:
    cloud.start_server()
    hq = cloud.start_hq()
    url = f"{hq.base_url}/api/inngest"
    body = json.dumps({"url": url}).encode()
    call = f"{url}?fnId={FUNCTION}&stepId=step"
    with httpx2.Client(trust_env=False, verify=False) as stranger:
        for answer in (
            stranger.get(url),
            stranger.put(url, content=body),
            stranger.post(call, content=b"{}"),
            stranger.post(call, content=b"{}", headers={"x-inngest-signature": "t=1&s=2"}),
        ):
            assert (answer.status_code, answer.text) == (403, "forbidden")


def test_a_server_may_ask_for_the_functions(cloud: Pair) -> None:
    server, hq = cloud.start_server(), cloud.start_hq()
    url = f"{hq.base_url}/api/inngest"
    body = json.dumps({"url": url}).encode()
    signed = {
        "x-inngest-signature": sign(body, KEY, now_s=int(time.time())),
        "x-inngest-server-kind": "cloud",
    }
    with httpx2.Client(trust_env=False, verify=False) as as_server:
        synced = as_server.put(url, content=body, headers=signed)
        assert (synced.status_code, synced.json()["ok"]) == (200, True)
        signed["x-inngest-signature"] = sign(b"", KEY, now_s=int(time.time()))
        seen = as_server.get(url, headers=signed).json()
    assert seen["authentication_succeeded"] is True
    assert seen["mode"] == "cloud"
    assert server.get("/v1/apps/rawr-hq/functions")


def test_a_page_in_a_browser_cannot_call_what_a_dev_server_may(dev: Pair) -> None:
    dev.start_server()
    hq = dev.start_hq()
    with httpx2.Client(trust_env=False, verify=False) as browser:
        url = f"{hq.base_url}/api/inngest"
        assert browser.get(url, headers={"origin": "https://evil.example"}).status_code == 403
        assert browser.get(url).json()["mode"] == "dev"


def test_operators_reach_the_server_through_the_hq(cloud: Pair) -> None:
    server, hq = cloud.start_server(), cloud.start_hq()
    run_id = trigger(hq)
    reaches(hq, run_id, "completed")
    without_keys = {"RAWR_DATA_DIR": str(hq.data_dir), "INNGEST_SIGNING_KEY": ""}

    def rawr(*arguments: str) -> Any:
        done = CliRunner().invoke(main, [*arguments, "--hq", str(HQ), "--json"], env=without_keys)
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    (run,) = runs_of(server, run_id)
    assert run["run_id"] in {one["id"] for one in rawr("runs", "list")}
    assert run_id in {one["data"].get("runId") for one in rawr("events", "list")}
    server.kill()
    away = CliRunner().invoke(main, ["runs", "list", "--hq", str(HQ)], env=without_keys)
    assert away.exit_code == 1
    assert f"the Inngest server at {cloud.origin}, which cannot be reached" in away.output


def doctor(started: Pair, **environ: str) -> dict[str, dict[str, Any]]:
    where = {"INNGEST_BASE_URL": started.origin} if started.keys else {}
    done = CliRunner().invoke(
        main,
        ["doctor", str(HQ.parents[2] / "hq"), "--json"],
        env={
            "RAWR_ENGINE": "inngest",
            "RAWR_DATA_DIR": str(started.folder / "hq"),
            **where,
            **started.keys,
            **environ,
        },
    )
    return {found["check"]: found for found in json.loads(done.output)["findings"]}


def test_the_doctor_tells_whether_the_server_takes_the_keys(cloud: Pair) -> None:
    away = doctor(cloud)["engine"]
    cloud.start_server()
    assert (away["level"], "cannot be reached" in away["message"]) == ("mend", True)
    (cloud.folder / "hq").mkdir()
    found = doctor(cloud)
    assert found["engine"]["level"] == "ok"
    assert "data hq.db" in found
    assert "data engine.db" not in found
    unknown = doctor(cloud, INNGEST_EVENT_KEY="another")["engine"]
    assert unknown["message"].endswith("does not know INNGEST_EVENT_KEY")
    unknown = doctor(cloud, INNGEST_SIGNING_KEY=OTHER_KEY)["engine"]
    assert unknown["message"].endswith("does not know INNGEST_SIGNING_KEY")


def test_runs_left_inside_are_told_of(dev: Pair) -> None:
    dev.books.write_text("slow")
    hq = dev.start_hq(RAWR_ENGINE="embedded")
    reaches(hq, trigger(hq), "reconciling")
    hq.kill()
    dev.start_server()
    hq = dev.start_hq()
    assert "1 runs of the engine inside have not ended" in hq.log.read_text()


def test_production_uses_a_server_too(cloud: Pair) -> None:
    cloud.start_server()
    token = "0123456789abcdef" * 2
    environ = {
        **os.environ,
        **cloud.keys,
        "RAWR_ENGINE": "inngest",
        "INNGEST_BASE_URL": cloud.origin,
        "RAWR_PORT": "0",
        "RAWR_DATA_DIR": str(cloud.folder / "hq"),
        "RAWR_SERVICE_TOKEN": token,
        "TEST_BOOKS": str(cloud.books),
    }
    command = [str(RAWR), "serve", str(HQ)]

    def started(**changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env=environ | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    with started(INNGEST_DEV="1") as refused:
        said, _ = refused.communicate(timeout=30)
        assert (refused.returncode, "INNGEST_DEV=1: a dev server" in said) == (1, True)
    with started() as process:
        assert process.stdout is not None
        try:
            lines = iter(process.stdout.readline, "")
            base_url = next(line.split()[1] for line in lines if line.startswith("ready "))
            headers = {"authorization": f"Bearer {token}"}
            with httpx2.Client(base_url=base_url, headers=headers, trust_env=False) as client:
                run_id = client.post(TRIGGER, json={"invoiceId": "inv-1"}).json()["runId"]
                url = f"/api/workflows/invoicing/runs/{run_id}"
                until(lambda: client.get(url).json()["status"] == "completed")
        finally:
            process.kill()
