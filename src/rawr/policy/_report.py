"""What a check says: violations, waivers, and what was left out."""

from dataclasses import dataclass
from typing import Protocol

from ._place import Place


class SourceFile(Protocol):
    """A file that findings point into."""

    @property
    def path(self) -> str:
        """From the root of the HQ, with forward slashes."""
        ...

    @property
    def place(self) -> Place:
        """Its layer, capability and role."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule does not hold; lines and columns count from 1."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """A finding, under its rule, with what to do about it."""

    path: str
    line: int
    column: int
    rule: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Waived:
    """A violation that a comment allows, and the reason the comment gives."""

    violation: Violation
    reason: str
    line: int
    """The line of the comment."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or a part of the check that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of one check, in the order of paths and lines."""

    root: str
    files: int
    rules: tuple[str, ...]
    """The ids of the rules that ran."""
    manifest_checked: bool
    violations: tuple[Violation, ...]
    waived: tuple[Waived, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def is_clean(self) -> bool:
        """True if nothing is left to mend."""
        return not self.violations
