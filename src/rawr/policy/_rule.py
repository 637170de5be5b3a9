"""A rule: what must hold, why, how to mend it, and the functions that look for violations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ._facts import ManifestFacts
from ._report import Finding
from ._tree import Tree

SourceCheck: TypeAlias = Callable[[Tree], Iterator[Finding]]
ManifestCheck: TypeAlias = Callable[[Tree, ManifestFacts], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the rule table. `source` reads the tree, `manifest` the loaded manifest."""

    number: int
    title: str
    """What must hold, in one line."""
    reason: str
    """Why, in one line."""
    fix: str
    """What to do about a violation."""
    source: SourceCheck | None = None
    manifest: ManifestCheck | None = None

    @property
    def id(self) -> str:
        """Such as `RAWR016`."""
        return f"RAWR{self.number:03d}"
