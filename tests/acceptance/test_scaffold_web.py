"""A web plugin in a minute: made, compiled, built, served and used in a browser."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.hq import RAWR, running_hq
from tests.browser import browsing, chromium
from tests.node_peer import NODE_DIRECTORY, node_path

pytestmark = [pytest.mark.acceptance, pytest.mark.node]

MODULES = NODE_DIRECTORY / "node_modules"


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def new_hq(folder: Path, *surfaces: str) -> Path:
    """An HQ with the capability `order_intake`; returns the folder of its web plugin."""
    run(RAWR, "init", "acme", cwd=folder)
    root = folder / "acme"
    run(RAWR, "new", "capability", "order_intake", "--web", *surfaces, cwd=root)
    return root / "plugins" / "web" / "order_intake"


def build(plugin: Path) -> None:
    """Run the plugin's own build script, on the packages of the peers."""
    script = json.loads((plugin / "package.json").read_text())["scripts"]["build"]
    path = os.pathsep.join([str(MODULES / ".bin"), str(node_path().parent), os.environ["PATH"]])
    run("sh", "-c", script, cwd=plugin, PATH=path, NODE_PATH=str(MODULES))


@pytest.mark.parametrize("surfaces", [(), ("--api",), ("--workflow",)], ids=str)
def test_what_was_generated_compiles(surfaces: tuple[str, ...], tmp_path: Path) -> None:
    plugin = new_hq(tmp_path, *surfaces)
    (plugin / "node_modules").symlink_to(MODULES)
    assert run(node_path(), MODULES / "typescript/bin/tsc", "-p", plugin, cwd=plugin) == ""


def test_it_has_the_pins_of_the_reference_plugin(tmp_path: Path) -> None:
    reference = NODE_DIRECTORY.parents[1] / "hq/plugins/web/invoicing"
    plugin = new_hq(tmp_path)
    for name in ("package-lock.json", "package.json", "tsconfig.json", ".npmrc"):
        text = (plugin / name).read_text()
        own = text.replace("order-intake-web", "invoicing-web").replace("order_intake", "invoicing")
        assert own == (reference / name).read_text()


@pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
def test_it_is_built_served_and_used(tmp_path: Path) -> None:
    plugin = new_hq(tmp_path)
    build(plugin)
    root = plugin.parents[2]
    with running_hq(tmp_path / "data", hq_dir=root) as hq, browsing(tmp_path) as page:
        page.open(hq.base_url)
        page.fill("#token", hq.token)
        page.press("Enter", 13)
        page.wait("document.body.innerText.includes('Signed in as')")
        page.open(f"{hq.base_url}/rawr/plugins/web/order_intake/")
        page.wait("document.querySelector('#order-intake-2') !== null")

        page.fill("#order-intake-1", "a thing")
        page.press("Enter", 13)
        page.wait("document.querySelector('[role=status]').textContent.startsWith('Added as')")

        page.fill("#order-intake-2", "one, two")
        page.press("Enter", 13)
        page.wait("document.querySelector('[role=status]').textContent.endsWith(': completed')")

        page.fill("#order-intake-2", " , ")
        page.press("Enter", 13)
        page.wait(
            "[...document.querySelectorAll('[role=alert]')]"
            ".some(e => e.textContent.includes('BAD_REQUEST'))"
        )
        assert page.complaints == []

        (plugin / "dist" / "index.js").write_text("export const other = 1\n")
        page.evaluate("location.reload()")
        page.wait(
            "document.querySelector('#plugin [role=alert]')?.textContent"
            ".includes('its entry exports no function mount')"
        )
