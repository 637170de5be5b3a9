"""`rawr check`: the rules of the architecture, over the sources and the manifest of an HQ."""

from ._check import META_RULES, UnknownRule, check_tree, find_rule
from ._facts import (
    CapabilityFact,
    ManifestFacts,
    ManifestLoader,
    ManifestUnusable,
    ProcedureFact,
    SurfaceFact,
)
from ._json import to_json
from ._read import UnreadableTree
from ._report import Report, Skipped, Violation, Waived
from ._rule import Rule
from ._sarif import to_sarif
from ._text import to_text
from .rules import NOT_STATIC, RULES

__all__ = [
    "META_RULES",
    "NOT_STATIC",
    "RULES",
    "CapabilityFact",
    "ManifestFacts",
    "ManifestLoader",
    "ManifestUnusable",
    "ProcedureFact",
    "Report",
    "Rule",
    "Skipped",
    "SurfaceFact",
    "UnknownRule",
    "UnreadableTree",
    "Violation",
    "Waived",
    "check_tree",
    "find_rule",
    "to_json",
    "to_sarif",
    "to_text",
]
