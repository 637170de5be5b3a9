"""A capability in a minute: made, checked, served, triggered, completed; nothing by hand."""

import difflib
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.hq import RAWR, running_hq

pytestmark = pytest.mark.acceptance

OWN = (
    "packages/order_intake/",
    "plugins/api/order_intake/",
    "plugins/workflows/order_intake/",
    "tests/order_intake/",
)


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "RAWR_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def texts(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def empty_hq(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `rawr init` writes."""
    folder = tmp_path_factory.mktemp("init")
    run(RAWR, "init", "acme", cwd=folder)
    return texts(folder / "acme")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, empty_hq: dict[str, str]) -> Path:
    """A new HQ with a new capability."""
    root = tmp_path_factory.mktemp("made") / "acme"
    for path, text in empty_hq.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    run(RAWR, "new", "capability", "order_intake", cwd=root)
    return root


def test_a_new_hq_starts_at_once(tmp_path: Path) -> None:
    run(RAWR, "init", "acme", cwd=tmp_path)
    hq_dir = tmp_path / "acme"
    run(RAWR, "check", hq_dir, cwd=tmp_path)
    with running_hq(tmp_path / "data", hq_dir=hq_dir) as hq, hq.client() as client:
        assert client.get("/health").status_code == 200
        assert hq.interrupt() == 0


def test_only_its_own_folders_and_the_manifest_are_touched(
    made: Path, empty_hq: dict[str, str]
) -> None:
    after = texts(made)
    outside = {path: text for path, text in after.items() if not path.startswith(OWN)}
    assert outside.keys() == empty_hq.keys()
    assert [path for path in outside if outside[path] != empty_hq[path]] == ["rawr_hq.py"]

    before, changed = (text["rawr_hq.py"].splitlines() for text in (empty_hq, after))
    diff = [line for line in difflib.ndiff(before, changed) if line[0] in "+-"]
    assert diff == [
        "- from rawr.composition import compose_capabilities",
        "+ from rawr.composition import compose_capabilities, define_capability",
        "+ ",
        "+ from packages.order_intake import capability as order_intake_package",
        "+ from plugins.api.order_intake import surface as order_intake_api",
        "+ from plugins.workflows.order_intake import surface as order_intake_workflows",
        "+         define_capability(",
        '+             "order_intake",',
        "+             provide=order_intake_package.provide,",
        "+             roles=order_intake_package.ROLES,",
        "+             migrations=order_intake_package.MIGRATIONS,",
        "+             api=order_intake_api,",
        "+             workflows=order_intake_workflows,",
        "+         ),",
    ]


def test_repeating_the_command_changes_nothing(made: Path) -> None:
    before = texts(made)
    run(RAWR, "new", "capability", "order_intake", cwd=made)
    assert texts(made) == before


@pytest.mark.timeout(150)
@pytest.mark.parametrize("surfaces", [[], ["--api"], ["--workflow"], ["--web"]], ids=str)
def test_what_was_generated_passes_everything_at_once(surfaces: list[str], tmp_path: Path) -> None:
    run(RAWR, "init", "acme", cwd=tmp_path)
    root = tmp_path / "acme"
    run(RAWR, "new", "capability", "order_intake", *surfaces, cwd=root)
    report = json.loads(run(RAWR, "check", ".", "--format", "json", cwd=root))
    assert report["violations"] == []
    run(sys.executable, "-m", "mypy", "--cache-dir", tmp_path / "mypy", cwd=root)
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=root)
    run(RAWR, "doctor", cwd=root)


def wait_for_end(client: httpx2.Client, run_id: str) -> list[str]:
    """Follow a run; the stream ends with it."""
    with client.stream("GET", f"/api/workflows/order-intake/runs/{run_id}/events") as events:
        assert events.status_code == 200
        return [
            json.loads(line.removeprefix("data:"))["status"]
            for line in events.iter_lines()
            if line.startswith("data:") and "status" in line
        ]


def trigger_over_http(client: httpx2.Client) -> str:
    accepted = client.post(
        "/api/workflows/order-intake/imports/trigger", json={"titles": ["one", "two"]}
    )
    assert accepted.status_code == 200, accepted.text
    return str(accepted.json()["runId"])


def trigger_over_rpc(client: httpx2.Client) -> str:
    accepted = client.post(
        "/rpc/orderIntake/workflows/triggerImport", json={"json": {"titles": ["three"]}}
    )
    assert accepted.status_code == 200, accepted.text
    return str(accepted.json()["json"]["runId"])


def test_it_is_served_triggered_and_completed(made: Path, tmp_path: Path) -> None:
    environ = {"PYTHONDONTWRITEBYTECODE": "1"}
    with running_hq(tmp_path / "data", hq_dir=made, **environ) as hq, hq.client() as client:
        for start in (trigger_over_http, trigger_over_rpc):
            run_id = start(client)
            assert wait_for_end(client, run_id) == ["queued", "running", "completed"]
            status = {"runId": run_id, "status": "completed", "isTerminal": True}
            over_http = client.get(f"/api/workflows/order-intake/runs/{run_id}")
            assert over_http.json() == status
            over_rpc = client.post(
                "/rpc/orderIntake/workflows/getRunStatus", json={"json": {"runId": run_id}}
            )
            assert over_rpc.json() == {"json": status}

        kept = client.post("/api/orpc/order-intake/items", json={"title": "two"}).json()
        read = client.post(
            "/rpc/orderIntake/api/getItem", json={"json": {"itemId": kept["itemId"]}}
        )
        assert read.json() == {"json": kept}
        assert hq.interrupt() == 0
