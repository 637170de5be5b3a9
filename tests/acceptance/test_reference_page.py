"""The reference page of an HQ, read in a browser that may ask no other host for anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Page, browsing, chromium

from .hq import RunningHq, running_hq

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.node,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
]

REFERENCE = "/api/orpc/reference"
LOADED = "performance.getEntriesByType('resource').map(entry => entry.name)"
BUTTONS = "[...document.querySelectorAll('button')]"
ANSWERED = f"{LOADED}.filter(name => name.endsWith('/processing/start')).length === 1"


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHq]:
    with running_hq(tmp_path_factory.mktemp("hq") / "data") as running:
        yield running


@pytest.fixture
def page(hq: RunningHq, tmp_path: Path) -> Iterator[Page]:
    with browsing(tmp_path) as opened:
        opened.open(hq.base_url + REFERENCE)
        opened.wait("document.body.innerText.includes('Register a run for an invoice')")
        yield opened


def test_it_loads_from_its_own_host_alone(hq: RunningHq, page: Page) -> None:
    loaded: list[str] = page.evaluate(LOADED)
    fetched = [name for name in loaded if not name.startswith("data:")]
    assert [name for name in fetched if not name.startswith(hq.base_url + "/")] == []
    assert hq.base_url + "/api/orpc/openapi.json" in fetched
    assert page.complaints == []


def test_its_requests_reach_the_host(page: Page) -> None:
    page.evaluate(f"{BUTTONS}.find(b => b.textContent.includes('Test Request')).click()")
    send = f"{BUTTONS}.find(b => b.textContent.trim().startsWith('Send'))"
    page.wait(f"{send} !== undefined")
    page.evaluate(f"{send}.click()")
    page.wait(ANSWERED)
    page.wait("document.body.innerText.includes('UNAUTHORIZED')")
    assert page.complaints == []
