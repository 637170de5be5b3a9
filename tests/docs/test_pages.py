"""Every code block of the documentation is executed or checked against the real thing."""

from pathlib import Path

import pytest

from tests.docs.blocks import parse_page
from tests.docs.evaluation import evaluator
from tests.docs.session import ROOT, Session, beside_a_server, in_process, over_http

OVER_HTTP = [
    "README.md",
    "docs/how-to/operate-the-engine.md",
    "docs/how-to/operate-the-hq.md",
]
BESIDE_A_SERVER = ["docs/how-to/use-an-inngest-server.md"]
ON_NODE = ["docs/how-to/call-from-typescript.md"]
IN_PROCESS = sorted(
    {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")}
    - {*OVER_HTTP, *BESIDE_A_SERVER, *ON_NODE}
)


def evaluate_page(name: str, session: Session) -> None:
    _, examples = parse_page(ROOT / name, evaluator(session))
    for example in examples:
        example.evaluate()


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", IN_PROCESS)
def test_blocks_hold_for_an_hq_in_this_process(name: str, tmp_path: Path) -> None:
    with in_process(tmp_path) as session:
        evaluate_page(name, session)


@pytest.mark.acceptance
@pytest.mark.parametrize("name", OVER_HTTP)
def test_blocks_hold_for_a_running_hq(name: str, tmp_path: Path) -> None:
    with over_http(tmp_path) as session:
        evaluate_page(name, session)


@pytest.mark.acceptance
@pytest.mark.parametrize("name", BESIDE_A_SERVER)
def test_blocks_hold_for_an_hq_beside_a_server(name: str, tmp_path: Path) -> None:
    with beside_a_server(tmp_path) as session:
        evaluate_page(name, session)


@pytest.mark.acceptance
@pytest.mark.node
@pytest.mark.parametrize("name", ON_NODE)
def test_blocks_hold_on_node(name: str, tmp_path: Path) -> None:
    with over_http(tmp_path) as session:
        evaluate_page(name, session)
