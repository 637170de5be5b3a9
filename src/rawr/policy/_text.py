"""A report for people: grouped by rule, each violation with its place, each rule with its fix."""

from collections.abc import Iterator
from itertools import groupby

from ._check import find_rule
from ._report import Report, Violation, Waived


def to_text(report: Report) -> str:
    """The report as lines of text, without control characters of any source."""
    return "\n".join(_printable(line) for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    by_rule = sorted(report.violations, key=lambda found: (found.rule, found))
    for rule_id, group in groupby(by_rule, key=lambda found: found.rule):
        yield from _rule(rule_id, list(group))
        yield ""
    for waived in report.waived:
        yield _waived(waived)
    for skipped in report.skipped:
        yield f"skipped {skipped.path}: {skipped.reason}"
    yield _summary(report)


def _rule(rule_id: str, violations: list[Violation]) -> Iterator[str]:
    rule = find_rule(rule_id)
    yield f"{rule.id} {rule.title}"
    yield f"    because {rule.reason}"
    for found in violations:
        yield f"  {found.path}:{found.line}:{found.column}: {found.message}"
    yield f"    fix: {rule.fix}"


def _waived(waived: Waived) -> str:
    found = waived.violation
    return f"waived {found.rule} {found.path}:{found.line}:{found.column}: {waived.reason}"


def _summary(report: Report) -> str:
    counted = ", ".join(
        (
            _count(len(report.violations), "violation"),
            _count(len(report.waived), "waiver"),
            _count(len(report.rules), "rule"),
            _count(report.files, "file"),
        )
    )
    return f"{counted}: {'clean' if report.is_clean else 'not clean'}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
