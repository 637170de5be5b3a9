"""The engine inside a host is operated over its socket, and over nothing else."""

import json
import os
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from click.testing import CliRunner

from rawr.cli import main
from rawr.host import ENGINE_SOCKET, Settings, boot, load_manifest
from rawr.host._operations import serve_operations
from rawr.testing.asgi import ASGIClient

HQ = Path(__file__).parents[3] / "hq"


async def rawr(data_dir: Path, *arguments: str) -> Any:
    def run() -> Any:
        environ = {"RAWR_DATA_DIR": str(data_dir)}
        command = [*arguments, "--hq", str(HQ), "--json"]
        return CliRunner().invoke(main, command, env=environ)

    result = await anyio.to_thread.run_sync(run)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(hq_dir=HQ, data_dir=tmp_path / "data")


async def test_functions_are_listed_paused_and_resumed(settings: Settings) -> None:
    async with boot(load_manifest(HQ), settings) as host:
        async with serve_operations(settings.data_dir, host.bundle):
            listed = await rawr(settings.data_dir, "functions")
            slug = listed[0]["slug"]
            await rawr(settings.data_dir, "functions", "pause", slug)
            (paused, *_) = await rawr(settings.data_dir, "functions")
            await rawr(settings.data_dir, "functions", "resume", slug)
        assert paused["pausedAt"] is not None
        assert host.engine.paused_functions() == {}


async def test_events_are_sent_and_runs_listed(settings: Settings) -> None:
    async with (
        boot(load_manifest(HQ), settings) as host,
        serve_operations(settings.data_dir, host.bundle),
    ):
        sent = await rawr(settings.data_dir, "events", "send", "nobody/listens")
        events = await rawr(settings.data_dir, "events", "list")
        assert [event["internal_id"] for event in events] == sent["ids"]
        assert await rawr(settings.data_dir, "runs", "list") == []


async def test_no_route_of_the_host_leads_there(settings: Settings) -> None:
    async with boot(load_manifest(HQ), settings) as host:
        client = ASGIClient(host.app)
        for path in ("/v1/events", "/v2/runs", "/v2/functions", "/e/key", "/dev"):
            assert (await client.request("GET", path)).status == 404


def test_a_host_that_does_not_run_is_named(tmp_path: Path) -> None:
    environ = {**os.environ, "RAWR_DATA_DIR": str(tmp_path)}
    result = CliRunner().invoke(main, ["runs", "list", "--hq", str(HQ)], env=environ)
    assert result.exit_code == 1
    assert f"{tmp_path / ENGINE_SOCKET} is missing); start it: rawr dev" in result.output
