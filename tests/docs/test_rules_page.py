"""The rules page lists the rules that run, in their own words."""

from rawr.policy import RULES
from tests.docs.enforcement import COUNT, HELD
from tests.docs.rules_page import PAGE, generate, split
from tests.docs.session import ROOT


def test_the_page_lists_what_the_check_runs() -> None:
    _, listed = split(PAGE.read_text())
    assert listed == generate(), "run .venv/bin/python -m tests.docs.rules_page"


def test_every_rule_has_a_heading_to_link_to() -> None:
    headings = set(generate().splitlines())
    assert {f"### {rule.id}" for rule in RULES} <= headings


def test_every_rule_of_the_architecture_is_held_somewhere() -> None:
    checked = {rule.number for rule in RULES}
    for number in range(1, COUNT + 1):
        held = HELD.get(number)
        assert number in checked or (held is not None and (held.boot or held.tests or held.review))
        assert number in checked or (held is not None and held.title), f"rule {number} has no title"


def test_what_holds_a_rule_exists() -> None:
    missing = [path for held in HELD.values() for path in held.tests if not (ROOT / path).is_file()]
    assert missing == []
