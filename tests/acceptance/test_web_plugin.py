"""The micro-frontend of invoicing: compiled, built and used by somebody in a browser."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rawr.composition import define_web_surface
from tests.browser import Page, browsing, chromium
from tests.node_peer import NODE_DIRECTORY, node_path

from .hq import ROOT, RunningHq, running_hq

pytestmark = [pytest.mark.acceptance, pytest.mark.node]

PLUGIN = ROOT / "hq/plugins/web/invoicing"
PAGE = "/rawr/plugins/web/invoicing/"
needs_browser = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
needs_build = pytest.mark.skipif(
    not (PLUGIN / "dist/index.js").is_file(), reason="not built: run `make web`"
)


def test_its_contract_is_up_to_date() -> None:
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("rawr"), "typescript", ROOT / "hq", "--check"),
            *("--capability", "invoicing", "--web", "-o", PLUGIN / "src/hq.ts"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_compiles(tmp_path: Path) -> None:
    (tmp_path / "src").symlink_to(PLUGIN / "src")
    (tmp_path / "node_modules").symlink_to(NODE_DIRECTORY / "node_modules")
    config = json.loads((PLUGIN / "tsconfig.json").read_text())
    config["compilerOptions"]["preserveSymlinks"] = True
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    tsc = NODE_DIRECTORY / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        [node_path(), tsc, "-p", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""


def test_its_packages_are_those_of_the_peers() -> None:
    own = json.loads((PLUGIN / "package.json").read_text())
    peers = json.loads((NODE_DIRECTORY / "package.json").read_text())["dependencies"]
    pinned = {**own["dependencies"], **own["devDependencies"]}
    assert {name: peers[name] for name in pinned} == pinned


def test_its_lock_holds_hashes_and_no_address() -> None:
    text = (PLUGIN / "package-lock.json").read_text()
    assert re.search(r"https?:|\"resolved\"|\"funding\"", text) is None
    packages = json.loads(text)["packages"]
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


def test_its_metadata_says_what_it_is() -> None:
    metadata = json.loads((PLUGIN / "package.json").read_text())["rawr"]
    assert metadata == {"kind": "web", "capability": "invoicing"}
    surface = define_web_surface(title="Invoicing", directory=PLUGIN / "dist")
    assert surface.source == PLUGIN


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHq]:
    with running_hq(tmp_path_factory.mktemp("hq") / "data") as running:
        yield running


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browsing(tmp_path) as opened:
        yield opened


@pytest.fixture
def signed_in(hq: RunningHq, page: Page) -> Page:
    """A page of somebody who has signed in with the token, as anybody would."""
    page.open(hq.base_url)
    page.fill("#token", hq.token)
    page.press("Enter", 13)
    page.wait("document.body.innerText.includes('Signed in as')")
    return page


def badges(page: Page) -> list[str]:
    listed: list[str] = page.evaluate(
        "[...document.querySelectorAll('.runs > li .badge')].map(e => e.textContent)"
    )
    return listed


def waits_for(page: Page, *expected: str) -> None:
    page.wait(
        "JSON.stringify([...document.querySelectorAll('.runs > li .badge')]"
        f".map(e => e.textContent)) === {json.dumps(json.dumps(expected, separators=(',', ':')))}"
    )


def visit_of(page: Page) -> str:
    """The correlation id of the page."""
    context = page.evaluate("document.querySelector('#plugin').dataset.context")
    return str(json.loads(context)["correlationId"])


def causes_of_the_run(page: Page) -> list[str]:
    """The correlation ids in the timeline of the first run on the page."""
    listed: list[str] = page.evaluate(
        "fetch('/api/workflows/invoicing/runs/' + document.querySelector('[data-run]').dataset.run "
        "+ '/timeline').then(r => r.json())"
        ".then(t => [...new Set(t.events.map(e => e.correlationId))])"
    )
    return listed


@needs_browser
@needs_build
def test_somebody_runs_a_reconciliation_and_follows_it(signed_in: Page) -> None:
    page = signed_in
    page.click(f"a[href='{PAGE}']")
    page.wait("document.querySelector('#invoice') !== null")
    page.fill("#invoice", "inv-001")
    page.press("Enter", 13)
    waits_for(page, "completed")
    steps = page.evaluate("[...document.querySelectorAll('.steps > li')].map(e => e.innerText)")
    assert [text.split()[-1] for text in steps] == ["queued", "reconciling", "completed"]
    assert page.evaluate("document.querySelector('.badge').dataset.badge") == "success"
    assert causes_of_the_run(page) == [visit_of(page)]
    assert page.complaints == []


@needs_browser
@needs_build
def test_somebody_registers_a_run_and_runs_it_later(hq: RunningHq, signed_in: Page) -> None:
    page = signed_in
    page.open(hq.base_url + PAGE)
    page.wait("document.querySelector('#invoice') !== null")
    page.fill("#invoice", "inv-002")
    page.click("form button[value='1']")
    waits_for(page, "queued")
    page.click(".runs button:not([hidden])")
    waits_for(page, "completed")
    page.evaluate("location.reload()")
    page.wait("performance.getEntriesByType('navigation')[0].type === 'reload'")
    waits_for(page, "completed")
    assert page.complaints == []


@needs_browser
@needs_build
def test_an_error_of_the_contract_is_told_in_words(hq: RunningHq, signed_in: Page) -> None:
    page = signed_in
    page.open(hq.base_url + PAGE)
    page.wait("document.querySelector('#run') !== null")
    page.fill("#run", "<b>never-was</b>")
    page.press("Enter", 13)
    page.wait(
        "document.querySelector('[role=alert]').textContent === "
        "'There is no run <b>never-was</b> in your tenant.'"
    )
    assert badges(page) == []


@needs_browser
@needs_build
def test_a_session_that_ends_is_told_in_words(hq: RunningHq, signed_in: Page) -> None:
    page = signed_in
    page.open(hq.base_url + PAGE)
    page.wait("document.querySelector('#run') !== null")
    page.evaluate("fetch('/sign-out', {method: 'POST', redirect: 'manual'}).then(() => 1)")
    page.fill("#invoice", "inv-003")
    page.press("Enter", 13)
    page.wait("document.querySelector('[role=alert]').textContent.startsWith('Your session')")


@needs_browser
@needs_build
def test_the_policy_of_the_page_keeps_other_code_out(hq: RunningHq, signed_in: Page) -> None:
    page = signed_in
    page.open(hq.base_url + PAGE)
    page.wait("document.querySelector('#run') !== null")
    ran = page.evaluate(
        "(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; "
        "document.body.append(s); return window.ran ?? null })()"
    )
    assert ran is None
    assert page.evaluate("fetch('https://example.com/').then(() => 'sent', () => 'kept')") == "kept"


@needs_browser
@needs_build
def test_whoever_is_signed_out_is_asked_to_sign_in(hq: RunningHq, page: Page) -> None:
    page.open(hq.base_url + PAGE)
    page.wait("document.body.innerText.includes('Sign in to use it')")
    assert page.evaluate("document.querySelector('#plugin')") is None
    page.evaluate("[...document.links].find((it) => it.textContent === 'Sign in').click() ?? 1")
    page.wait("document.querySelector('#token') !== null")
    page.fill("#token", hq.token)
    page.press("Enter", 13)
    page.wait("document.querySelector('#run') !== null")
    assert page.evaluate("location.pathname") == PAGE
