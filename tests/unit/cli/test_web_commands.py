"""`rawr typescript` and `rawr web build`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rawr.cli import _web_build, main
from rawr.cli._web_build import WebBuildFailed, build_plugin
from rawr.composition import WebSurface, define_web_surface

HQ = Path(__file__).parents[3] / "hq"
RAWR = Path(sys.executable).with_name("rawr")


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    return result.exit_code, result.output


def test_the_whole_contract_is_printed() -> None:
    code, text = run("typescript", HQ)
    assert code == 0
    assert "export function createRpcClient(" in text
    assert "export function createWorkflowsClient(" in text
    assert "export function toRunBadge(" in text
    assert "MountContext" not in text


def test_third_parties_get_what_is_published() -> None:
    code, text = run("typescript", HQ, "--published")
    assert code == 0
    assert "export function createApiClient(" in text
    assert "RPCLink" not in text
    assert "toRunBadge" not in text


def test_a_file_is_written_and_compared(tmp_path: Path) -> None:
    file = tmp_path / "hq.ts"
    options = ("typescript", HQ, "--capability", "invoicing", "--web", "-o", file)
    code, text = run(*options)
    assert (code, text) == (0, f"{file}: {len(file.read_text().splitlines())} lines\n")
    assert run(*options, "--check") == (0, f"{file} is up to date\n")
    file.write_text(file.read_text() + "// mine\n")
    code, text = run(*options, "--check")
    assert code == 1
    assert "out of date" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--check",), "name it with -o FILE"),
        (("--check", "-o", "missing.ts"), "cannot read missing.ts"),
        (("-o", "missing/hq.ts"), "cannot write missing/hq.ts"),
        (("--capability", "other"), "has no capability 'other'; it has invoicing"),
    ],
)
def test_what_cannot_be_done_is_explained(arguments: tuple[str, ...], words: str) -> None:
    code, text = run("typescript", HQ, *arguments)
    assert code != 0
    assert words in text


def test_an_unknown_plugin_is_named() -> None:
    code, text = run("web", "build", HQ, "--capability", "other")
    assert code == 1
    assert "has no web plugin 'other'" in text


COPY = "require('fs').cpSync('src', 'dist', {recursive: true})"


@pytest.fixture
def plugin(tmp_path: Path) -> WebSurface:
    """A plugin that needs no packages, so that npm asks nobody."""
    package = {"name": "p", "version": "0.0.0", "scripts": {"build": f'node -e "{COPY}"'}}
    lock = {"name": "p", "version": "0.0.0", "lockfileVersion": 3, "packages": {"": {"name": "p"}}}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "index.js").write_text("export const mount = () => {}\n")
    return define_web_surface(title="P", directory=tmp_path / "dist")


@pytest.mark.node
def test_a_plugin_is_built_when_it_has_changed(plugin: WebSurface) -> None:
    assert build_plugin(plugin) == f"built 30 bytes in {plugin.directory}"
    assert build_plugin(plugin) == "up to date"
    (plugin.source / "src" / "more.js").write_text("")
    assert build_plugin(plugin).startswith("built")
    assert build_plugin(plugin, is_forced=True).startswith("built")


@pytest.mark.node
def test_what_was_deleted_is_built_again(plugin: WebSurface) -> None:
    build_plugin(plugin)
    shutil.rmtree(plugin.directory)
    assert build_plugin(plugin).startswith("built")


@pytest.mark.node
def test_a_build_that_fails_shows_what_it_said(plugin: WebSurface) -> None:
    package = {"name": "p", "scripts": {"build": "echo no such thing >&2; exit 3"}}
    (plugin.source / "package.json").write_text(json.dumps(package))
    with pytest.raises(WebBuildFailed, match=r"npm run failed:\n.*no such thing"):
        build_plugin(plugin)


@pytest.mark.node
def test_a_build_without_an_entry_is_refused(plugin: WebSurface) -> None:
    (plugin.source / "src" / "index.js").unlink()
    with pytest.raises(WebBuildFailed, match=r"left no .*index\.js"):
        build_plugin(plugin)


def test_a_plugin_without_a_package_is_refused(plugin: WebSurface) -> None:
    (plugin.source / "package.json").unlink()
    with pytest.raises(WebBuildFailed, match=r"holds no package\.json"):
        build_plugin(plugin)


def test_without_node_it_is_said_how_to_get_it(
    plugin: WebSurface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_web_build.sysconfig, "get_path", lambda _name: str(tmp_path))
    monkeypatch.setattr(_web_build.shutil, "which", lambda _name: None)
    with pytest.raises(WebBuildFailed, match=r"pip install 'rawr-hq\[web\]'"):
        build_plugin(plugin)


def test_an_hq_without_web_plugins_says_so(tmp_path: Path) -> None:
    manifest = "from rawr.composition import compose_capabilities\n\n"
    (tmp_path / "rawr_hq.py").write_text(f"{manifest}manifest = compose_capabilities([])\n")
    done = subprocess.run(
        [RAWR, "web", "build", tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{tmp_path} has no web plugins\n")
