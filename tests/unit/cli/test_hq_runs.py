"""Runs of an HQ by the ids it gives its callers."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import pytest
from click.testing import CliRunner, Result

from rawr.cli import main
from rawr.host import ENGINE_SOCKET, Host, Settings, boot, load_manifest
from rawr.host._operations import serve_operations
from rawr.testing.asgi import ASGIClient

HQ = Path(__file__).parents[3] / "hq"
UNKNOWN = "01M82JFG4EXRJWANQJ5P3VAH85"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    settings = Settings(hq_dir=HQ, data_dir=tmp_path / "data")
    async with (
        boot(load_manifest(HQ), settings) as host,
        serve_operations(settings.data_dir, host.bundle),
    ):
        yield host


async def runs(host: Host, *arguments: str) -> Result:
    environ = {**os.environ, "RAWR_DATA_DIR": str(host.settings.data_dir)}
    command = ["runs", *arguments, "--hq", str(HQ)]
    return await anyio.to_thread.run_sync(lambda: CliRunner().invoke(main, command, env=environ))


async def triggered(host: Host) -> str:
    """The id that a caller gets; its run has ended."""
    token = (host.settings.data_dir / "dev-token").read_text().strip()
    response = await ASGIClient(host.app).request(
        "POST",
        "/api/workflows/invoicing/reconciliation/trigger",
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        body=b'{"invoiceId": "inv-001"}',
    )
    run_id: str = response.json()["runId"]
    while await host.coordination.relay.drain():
        pass
    await host.engine.settle()
    return run_id


async def test_a_run_is_shown_followed_and_repeated_by_the_id_of_its_caller(host: Host) -> None:
    run_id = await triggered(host)
    (view,) = await host.engine.list_runs()
    assert view.id != run_id
    assert f"run       {view.id}\n" in (await runs(host, "show", run_id)).output
    assert f"{view.id}  COMPLETED" in (await runs(host, "tail", run_id)).output
    assert "has ended already" in (await runs(host, "cancel", run_id)).output
    again = await runs(host, "rerun", run_id)
    await host.engine.settle()
    assert f"repeats   {view.id}" in (await runs(host, "show", again.output.strip())).output
    assert f"repeats   {view.id}" in (await runs(host, "show", run_id)).output


async def test_a_run_nobody_knows_is_refused_with_a_hint(host: Host) -> None:
    for command in ("show", "tail", "cancel", "rerun"):
        unknown = await runs(host, command, UNKNOWN)
        assert unknown.exit_code == 1
        assert f"{UNKNOWN}; `rawr runs list` names those there are" in unknown.output
        for odd in ("", "../../x"):
            refused = await runs(host, command, odd)
            assert refused.exit_code == 2
            assert f"{odd!r} is not the id of a run" in refused.output


async def test_a_function_nobody_registered_is_refused_with_a_hint(host: Host) -> None:
    for command in ("list", "tail", "cancel", "rerun"):
        unknown = await runs(host, command, "--function", "nope")
        assert unknown.exit_code == 1
        assert "`rawr functions` names those there are" in unknown.output


def test_a_folder_that_is_no_hq_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["runs", "list", "--hq", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{tmp_path} holds no rawr_hq.py" in result.output


def test_an_hq_that_was_killed_is_said_not_to_run(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ENGINE_SOCKET))
    command = [
        sys.executable,
        "-c",
        "from rawr.cli import main; main()",
        "runs",
        "list",
        "--hq",
        HQ,
    ]
    environ = {**os.environ, "RAWR_DATA_DIR": str(tmp_path)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"the HQ with the data in {tmp_path} does not run" in done.stderr
