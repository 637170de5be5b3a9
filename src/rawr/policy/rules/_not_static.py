"""Rules of the table that no look at the sources can decide, and what covers them instead."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NOT_STATIC: Final[Mapping[int, str]] = MappingProxyType(
    {
        73: "Whether refusals refuse is behaviour: the acceptance suites (7 caller classes x 7 "
        "negative cases) run against a booted host. A check that looks for their names in test "
        "sources would pass on an empty test.",
    }
)
"""By rule number: why it is not checked here, and which run-time check covers it."""
