"""Links between pages lead somewhere, and pages keep their promised shape."""

import re
from pathlib import Path

import pytest

from tests.docs.session import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
WALKTHROUGH = [
    "1. Goal and use case",
    "2. Topology",
    "3. File tree",
    "4. Key files",
    "5. Wiring",
    "6. Runtime sequence",
    "7. Rationale and trade-offs",
    "8. What can go wrong",
    "9. Consistency checks",
]


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(prose(page)))
    return {title.replace(" ", "-") for title in kept}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target, anchor in LINK.findall(prose(page)):
        linked = page.parent / target if target else page
        assert linked.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{page.name} links to #{anchor}"


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs/index.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(prose(index))}
    assert {*(ROOT / "docs").rglob("*.md")} - {index} <= linked


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/walkthroughs").glob("*.md")), ids=lambda page: page.name
)
def test_a_walkthrough_has_its_nine_sections(page: Path) -> None:
    assert re.findall(r"^## (.+)$", prose(page), re.MULTILINE) == WALKTHROUGH


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 120
