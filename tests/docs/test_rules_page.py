"""The rules page lists the rules that run, in their own words."""

from rawr.policy import RULES
from tests.docs.rules_page import PAGE, generate, split


def test_the_page_lists_what_the_check_runs() -> None:
    _, listed = split(PAGE.read_text())
    assert listed == generate(), "run .venv/bin/python -m tests.docs.rules_page"


def test_every_rule_has_a_heading_to_link_to() -> None:
    headings = set(generate().splitlines())
    assert {f"### {rule.id}" for rule in RULES} <= headings
