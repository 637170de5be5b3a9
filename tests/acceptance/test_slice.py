"""One vertical slice as its users meet it: a process, real npm clients, a terminal."""

import json
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.hq import command, running_hq
from tests.node_peer import NODE_DIRECTORY, node_path

pytestmark = pytest.mark.acceptance


@pytest.mark.node
def test_typescript_clients_drive_a_run_to_completed(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        driven = subprocess.run(
            [node_path(), "peers/slice.mjs"],
            cwd=NODE_DIRECTORY,
            input=json.dumps({"baseUrl": hq.base_url, "token": hq.token}),
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        assert driven.returncode == 0, driven.stderr + hq.log.read_text()
        seen = json.loads(driven.stdout)

    for transport in ("rpc", "openapi"):
        drive = seen[transport]
        run_id = drive["accepted"]["runId"]
        assert drive["first"]["runId"] == run_id
        assert drive["status"] == {"runId": run_id, "status": "completed", "isTerminal": True}
        assert drive["timeline"] == [[1, "queued"], [2, "reconciling"], [3, "completed"]]
        assert drive["failure"] == {
            "isORPCError": True,
            "isDefined": True,
            "code": "RUN_NOT_FOUND",
            "status": 404,
            "data": {"runId": "run-that-never-was"},
        }
    assert seen["watched"] == [
        [1, "queued", True],
        [2, "reconciling", True],
        [3, "completed", True],
    ]


def test_ctrl_c_drains_and_exits_well(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        with hq.client() as client:
            accepted = client.post(
                "/api/workflows/invoicing/reconciliation/trigger", json={"invoiceId": "inv-1"}
            )
            assert accepted.status_code == 200, accepted.text
        assert hq.interrupt() == 0


def test_the_banner_says_where_everything_is_and_no_secret(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        banner = hq.log.read_text()
        for said in (hq.base_url, "/api/inngest", "/api/workflows", "/rpc", str(hq.data_dir)):
            assert said in banner
        assert hq.token not in banner


def test_a_second_host_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq:
        refused = subprocess.run(
            command(),
            env={"RAWR_PORT": "0", "RAWR_DATA_DIR": str(hq.data_dir), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        assert str(hq.process.pid) in refused.stderr


def test_an_open_event_stream_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with running_hq(tmp_path / "data") as hq, hq.client() as client:
        started = client.post(
            "/api/orpc/invoicing/processing/start", json={"invoiceId": "inv-1"}
        ).json()
        url = f"/api/workflows/invoicing/runs/{started['runId']}/events"
        with client.stream("GET", url) as events:
            lines = events.iter_lines()
            while "queued" not in next(lines):
                pass
            began = time.monotonic()
            assert hq.interrupt() == 0
            with pytest.raises(httpx2.RemoteProtocolError):  # cut, so that a client resumes
                for _ in lines:
                    pass
        assert time.monotonic() - began < 5
