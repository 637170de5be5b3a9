"""Every finding of a linter or type checker that is waived in the code has a written reason."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOQA = re.compile(r"#\s*(?:ruff:\s*)?noqa\b(?P<rest>.*)")
IGNORE = re.compile(r"#\s*(?:type|pyright):\s*ignore\b(?P<rest>.*)")
WITH_REASON = re.compile(r": ?[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)* - \S.*\w")
IGNORE_WITH_REASON = re.compile(r"\[[\w-]+(?:, ?[\w-]+)*\](?:\s+#| -) \S.*\w")


def sources() -> Iterator[Path]:
    for folder in ("src", "hq", ".ci"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def waivers(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [
        (f"{path.relative_to(ROOT)}:{number}", found["rest"].strip())
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := pattern.search(line))
    ]


def test_every_noqa_names_its_rule_and_its_reason() -> None:
    found = waivers(NOQA)
    assert len(found) > 20
    assert [where for where, rest in found if not WITH_REASON.match(rest)] == []


def test_every_type_ignore_names_its_code_and_its_reason() -> None:
    found = waivers(IGNORE)
    assert [where for where, rest in found if not IGNORE_WITH_REASON.match(rest)] == []


@pytest.mark.parametrize(
    ("rest", "is_fine"),
    [
        (": S603 - this interpreter, no shell", True),
        (": S608, E501 - constants only", True),
        (": S603", False),
        (": S603 -", False),
        ("", False),
        (" - all of it", False),
    ],
)
def test_a_reason_is_told_from_none(rest: str, is_fine: bool) -> None:
    assert bool(WITH_REASON.match(rest)) is is_fine


def test_the_security_rules_are_on() -> None:
    """All of ruff S for what ships; what is left out has its reason beside it."""
    text = (ROOT / "pyproject.toml").read_text()
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    shipped = [paths for paths in lint["per-file-ignores"] if paths.startswith(("src", "hq"))]
    for paths in shipped:
        assert not any(rule.startswith("S") for rule in lint["per-file-ignores"][paths])
    for rule in (rule for rule in lint["ignore"] if rule.startswith("S")):
        assert re.search(rf'"{rule}",\s+# \w+', text), f"{rule} is left out without a reason"
