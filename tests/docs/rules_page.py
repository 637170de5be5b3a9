"""The reference half of the rules page, as `rawr.policy` tells it.

`python -m tests.docs.rules_page` writes it into the page, below what is written by hand.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from rawr.policy import META_RULES, NOT_STATIC, RULES, Rule
from tests.docs.enforcement import table
from tests.docs.session import ROOT

PAGE: Final = ROOT / "docs/rules.md"
HEADING: Final = "## Every rule\n"


def generate() -> str:
    """Every rule, those about the check itself, and what no look at the sources decides."""
    return "\n".join(_lines())


def split(page: str) -> tuple[str, str]:
    """What is written by hand, and what is generated."""
    by_hand, heading, generated = page.partition(HEADING)
    return by_hand, heading + generated


def _lines() -> Iterator[str]:
    yield HEADING
    yield f"{len(RULES)} rules. Each is named by its number in the architecture's table of rules;"
    yield "a number that is missing here is not checked on the sources."
    yield ""
    yield from _rules(RULES)
    yield "## Rules about the check itself"
    yield ""
    yield "They always run, and no comment waives them."
    yield ""
    yield from _rules(META_RULES)
    yield "## What the sources cannot decide"
    yield ""
    for number, reason in NOT_STATIC.items():
        yield f"- **Rule {number}.** {reason}"
    yield ""
    yield "## Where each rule is held"
    yield ""
    yield "The check reads sources; the rest is refused when a host starts, proved by tests on a"
    yield "running host, or left to who reviews."
    yield ""
    yield from map(_prose, table())
    yield ""


def _rules(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        yield f"### {rule.id}"
        yield ""
        yield f"**{_prose(rule.title)}.**"
        yield ""
        yield f"- Why: {_prose(rule.reason)}."
        yield f"- Fix: {_prose(rule.fix)}."
        yield f"- Reads: {' and '.join(_reads(rule))}."
        yield ""


def _reads(rule: Rule) -> Iterator[str]:
    if rule.source is not None:
        yield "the sources"
    if rule.manifest is not None:
        yield "the manifest"
    if rule.source is None and rule.manifest is None:
        yield "what the check itself meets"


def _prose(text: str) -> str:
    """The text with its placeholders and stars as they are, not as Markdown or HTML."""
    quoted = False
    pieces = []
    for piece in text.split("`"):
        shown = piece if quoted else piece.replace("<", "\\<").replace("*", "\\*")
        pieces.append(shown)
        quoted = not quoted
    return "`".join(pieces)


if __name__ == "__main__":
    PAGE.write_text(split(PAGE.read_text())[0] + generate())
