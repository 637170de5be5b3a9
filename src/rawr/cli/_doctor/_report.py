"""What an examination finds, for people and for programs."""

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

_WIDTH: Final = 100
_MARGIN: Final = 22


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    MEND = "mend"
    """The HQ does not work, or not safely, until this is mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    check: str
    level: Level
    message: str
    fix: str = ""
    """What to do about it; empty where nothing has to be done."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found."""

    findings: Sequence[Finding]

    @property
    def is_healthy(self) -> bool:
        """True if nothing must be mended."""
        return all(finding.level is not Level.MEND for finding in self.findings)


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check=check, level=Level.OK, message=message)


def note(check: str, message: str) -> Finding:
    """Worth knowing."""
    return Finding(check=check, level=Level.NOTE, message=message)


def mend(check: str, message: str, fix: str) -> Finding:
    """Must be mended."""
    return Finding(check=check, level=Level.MEND, message=message, fix=fix)


def to_json(diagnosis: Diagnosis) -> str:
    """The diagnosis as JSON: `{"healthy": ..., "findings": [...]}`."""
    findings = [asdict(finding) for finding in diagnosis.findings]
    return json.dumps({"healthy": diagnosis.is_healthy, "findings": findings}, indent=2)


def to_text(diagnosis: Diagnosis) -> str:
    """The diagnosis as a table, with what to do below each line."""
    lines = [line for finding in diagnosis.findings for line in _lines(finding)]
    count = sum(finding.level is Level.MEND for finding in diagnosis.findings)
    verdict = "nothing must be mended" if count == 0 else f"{count} to be mended"
    return "\n".join([*lines, verdict])


def _lines(finding: Finding) -> list[str]:
    head = f"{finding.level:<6}{finding.check:<{_MARGIN - 6}}"
    lines = _wrapped(head, finding.message)
    return [*lines, *_wrapped(" " * _MARGIN + "-> ", finding.fix)] if finding.fix else lines


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        width=_WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head.rstrip()]
