"""Why a document could not be generated.

OpenAPIGeneratorError    contracts that OpenAPI cannot describe, all of them at once
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A procedure OpenAPI cannot describe, and why."""

    procedure: str
    """Wire path, joined by dots."""
    reason: str

    def __str__(self) -> str:
        return f"{self.procedure}: {self.reason}"


class OpenAPIGeneratorError(Exception):
    """Procedures cannot be described; every one of them is named."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["Cannot describe:", *map(str, self.problems)]))


class Undescribable(Exception):
    """What the contract of one procedure asks for has no form in OpenAPI."""
