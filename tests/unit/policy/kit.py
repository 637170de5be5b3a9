"""Small source trees, written inline, and what a check finds in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rawr.policy import ManifestFacts, Report, check_tree

HERE = "here"
"""Marks, in a comment, the line where a violation is expected."""

SMALL_HQ = {"rawr_hq.py": "manifest = object()\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a rule refuses, and the nearest thing that it accepts."""

    rule: int
    about: str
    refused: Mapping[str, str]
    accepted: Mapping[str, str]
    at: str = ""
    """Where a file without comments is refused: `path:line`."""

    @property
    def rule_id(self) -> str:
        return f"RAWR{self.rule:03d}"

    @property
    def name(self) -> str:
        return f"{self.rule_id}-{self.about.replace(' ', '-')}"


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write a tree; what exists already is appended to."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text() if file.exists() else ""
        file.write_text(before + text)
    return root


def check(root: Path, *, rules: Sequence[str] = (), facts: ManifestFacts | None = None) -> Report:
    """Check a tree, with a manifest that says what the test wants it to say."""
    loader = None if facts is None else (lambda _root: facts)
    return check_tree(root, rules=rules, load_manifest=loader)


def places(report: Report) -> set[tuple[str, str]]:
    """What was violated and where, as (`RAWR016`, `path:line`)."""
    return {(found.rule, f"{found.path}:{found.line}") for found in report.violations}


def marked(root: Path, case: Case) -> str:
    """Where a case expects its violation, as `path:line`."""
    if case.at:
        return case.at
    (found,) = [
        f"{path}:{number}"
        for path in case.refused
        for number, line in enumerate((root / path).read_text().splitlines(), 1)
        if line.endswith((f"# {HERE}", f"// {HERE}"))
    ]
    return found
