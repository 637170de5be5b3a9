"""A backup of a host at work can be started from."""

from pathlib import Path

import anyio.to_thread
import pytest
from click.testing import CliRunner

from rawr.cli import main
from rawr.durable.engine import Engine
from rawr.host import Settings, boot, load_manifest

HQ = Path(__file__).parents[3] / "hq"


def run(*arguments: str | Path, **environ: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["backup", *map(str, arguments)], env=environ)
    return result.exit_code, result.output


def contents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def test_a_running_hq_is_copied_whole_and_its_copy_starts(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "backups" / "monday"
    manifest = load_manifest(HQ)
    async with boot(manifest, Settings(hq_dir=HQ, data_dir=data)) as host:
        await host.engine.send([])
        code, output = await anyio.to_thread.run_sync(
            lambda: run(HQ, "-o", copy, RAWR_DATA_DIR=str(data))
        )
    assert code == 0, output
    assert f"{data} is copied to {copy}: hq.db" in output
    assert sorted(path.name for path in copy.rglob("*") if path.is_file()) == [
        "engine.db",
        "hq.db",
    ]
    assert copy.stat().st_mode & 0o777 == 0o700
    async with boot(manifest, Settings(hq_dir=HQ, data_dir=copy)) as restored:
        assert restored.engine is not None


async def test_an_engine_s_folder_is_copied_too(tmp_path: Path) -> None:
    async with await Engine.open(tmp_path / "engine"):
        code, output = await anyio.to_thread.run_sync(
            lambda: run("--data-dir", tmp_path / "engine", "-o", tmp_path / "copy")
        )
    assert code == 0, output
    async with await Engine.open(tmp_path / "copy"):
        pass


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    code, output = run(HQ, "-o", tmp_path / "copy", RAWR_DATA_DIR=str(tmp_path / "none"))
    assert code == 1
    assert f"{tmp_path / 'none'} holds no data" in output


@pytest.mark.parametrize("name", ["taken", "file/below"])
async def test_a_target_that_cannot_be_is_refused_and_nothing_is_left(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").touch()
    async with await Engine.open(tmp_path / "engine"):
        pass
    before = contents(tmp_path)
    code, _ = run("--data-dir", tmp_path / "engine", "-o", tmp_path / name)
    assert code == 1
    assert contents(tmp_path) == before
